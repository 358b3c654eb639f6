package events

import (
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// Bounds of an Outbound, ours: they keep a request well within a queue message.
const (
	MaxParts    = 30
	MaxKey      = 128
	MaxMetadata = 50
)

// Validate finds every fault of o; the error is a Faults. Whether a channel can
// show the content is not its subject: what does not fit is degraded when sent.
func (o *Outbound) Validate() error {
	var c checker
	c.need(isKey(o.IdempotencyKey), "idempotencyKey", "must be 1 to 128 visible ASCII characters")
	c.to(&o.To)
	c.parts(o.Content, "content")
	if o.ReplyTo != nil {
		c.need(validID(o.ReplyTo.ID, "msg_"), "replyTo.id", "must be a message id, msg_…")
	}
	c.overrides(o.Overrides)
	c.fallbacks(o.Fallback)
	c.constraints(o.Constraints)
	if s := o.Sender; s != nil {
		c.need(knownRole(s.Role) && s.Role != Customer, "sender.role", "must be agent, bot or system")
	}
	c.need(o.Hold == "" || isSequence(o.Hold), "hold", "must be the hold of an event: 20 digits")
	c.need(o.IfSequence == "" || isSequence(o.IfSequence), "ifSequence", "must be the sequence of an event: 20 digits")
	c.need(len(o.From) <= destinationMax, "from", "must be a destination's name")
	c.then(o.Then)
	c.need(o.Then == nil || o.To.Conversation != "" || o.To.IsZero(), "then", "goes with to.conversation alone")
	c.need(o.Policy == "" || o.Policy == AtMostOnce || o.Policy == AtLeastOnce, "policy",
		"must be at_most_once or at_least_once")
	c.need(o.Priority == "" || o.Priority == Reply || o.Priority == Bulk, "priority", "must be reply or bulk")
	c.need(len(o.Metadata) <= MaxMetadata, "metadata", "must have at most 50 fields")
	for i, f := range o.Metadata {
		c.filled(f.Name, index("metadata", i)+".name")
	}
	if len(c.faults) == 0 {
		return nil
	}
	return c.faults
}

// then checks a command that goes with a message: its conversation and its key are the
// message's.
func (c *checker) then(command *Command) {
	if command == nil {
		return
	}
	c.need(command.To.IsZero(), "then.to", "must be absent: it is the message's conversation")
	c.need(command.IdempotencyKey == "", "then.idempotencyKey", "must be absent: it is the message's")
	whole := *command
	whole.To.Conversation = "cnv_" + strings.Repeat("a", idLength)
	if err, ok := whole.Validate().(Faults); ok {
		for _, f := range err {
			c.fault(dot("then", f.Path), "%s", f.Message)
		}
	}
}

func isKey(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return s != "" && len(s) <= MaxKey
}

func (c *checker) to(t *To) {
	address := t.Channel != "" || t.Account != "" || t.Contact != "" || t.Identity != nil
	ways := 0
	for _, used := range []bool{t.Conversation != "", address, t.Person != ""} {
		if used {
			ways++
		}
	}
	if ways != 1 {
		c.fault("to", "must name exactly one of a conversation, a contact or identity of a channel's account, or a person")
		return
	}
	switch {
	case t.Conversation != "":
		c.need(validID(t.Conversation, "cnv_"), "to.conversation", "must be a conversation id, cnv_…")
	case address:
		c.address(t)
	}
	c.need(t.Person != "" || len(t.Channels) == 0, "to.channels", "goes with to.person only")
	for i, name := range t.Channels {
		c.filled(name, index("to.channels", i))
	}
}

// IsZero says whether t names nobody.
func (t To) IsZero() bool {
	return t.Conversation == "" && t.Channel == "" && t.Account == "" && t.Contact == "" && t.Identity == nil &&
		t.Person == "" && len(t.Channels) == 0
}

func (c *checker) address(t *To) {
	c.filled(t.Channel, "to.channel")
	c.filled(t.Account, "to.account")
	switch {
	case (t.Contact != "") == (t.Identity != nil):
		c.fault("to", "must have either contact or identity beside channel and account")
	case t.Contact != "":
		c.need(validID(t.Contact, "con_"), "to.contact", "must be a contact id, con_…")
	default:
		c.identity(t.Identity, "to.identity")
	}
}

func (c *checker) identity(i *Identity, path string) {
	c.need(knownScheme(i.Scheme), dot(path, "scheme"), "must be a scheme of the contract")
	c.filled(i.Value, dot(path, "value"))
}

func (c *checker) overrides(overrides []Override) {
	var seen []string
	for i, o := range overrides {
		path := index("overrides", i)
		c.filled(o.Channel, dot(path, "channel"))
		c.need(!slices.Contains(seen, o.Channel), dot(path, "channel"), "must not repeat")
		seen = append(seen, o.Channel)
		c.parts(o.Content, dot(path, "content"))
	}
}

func (c *checker) fallbacks(fallbacks []Fallback) {
	for i, f := range fallbacks {
		path := index("fallback", i)
		c.filled(f.Channel, dot(path, "channel"))
		c.need(f.AfterMS >= 0, dot(path, "afterMs"), "must not be negative")
		for j, class := range f.On {
			c.need(knownClass(class), index(dot(path, "on"), j), "must be an error class")
		}
	}
}

func (c *checker) constraints(k *Constraints) {
	if k == nil {
		return
	}
	c.need(k.MaxLoss == "" || knownLoss(k.MaxLoss), "constraints.maxLoss",
		"must be none, style, interaction, content or refused")
	c.need(k.Hold == "" || k.Hold == Sent || k.Hold == Delivered, "constraints.hold", "must be sent or delivered")
	c.need(k.NotAfter.IsZero() || k.NotAfter.After(k.NotBefore), "constraints.notAfter", "must be after notBefore")
}

// parts checks a list of content, at least one part.
func (c *checker) parts(parts []Content, path string) {
	c.need(len(parts) > 0 && len(parts) <= MaxParts, path, "must have 1 to 30 parts")
	for i := range parts {
		c.part(&parts[i], index(path, i))
	}
}

func (c *checker) part(p *Content, path string) {
	if !slices.Contains(Outbounds(), p.Kind) {
		c.fault(dot(path, "kind"), "must be a kind that can be sent, such as text or media")
		return
	}
	if set := p.memberKinds(); len(set) != 1 || set[0] != p.Kind {
		c.fault(path, "must have the member %q that its kind names, alone", p.Kind)
		return
	}
	c.member(p, dot(path, string(p.Kind)))
}

// isHTTPS says whether s can be made an https URL: what follows the host is encoded
// when it is sent.
func isHTTPS(s string) bool {
	const scheme = "https://"
	if len(s) < len(scheme) || !strings.EqualFold(s[:len(scheme)], scheme) {
		return false
	}
	authority := s[len(scheme):]
	if end := strings.IndexAny(authority, "/?#"); end >= 0 {
		authority = authority[:end]
	}
	u, err := url.Parse(scheme + authority)
	return err == nil && u.Hostname() != "" && u.User == nil && !strings.ContainsFunc(authority, unicode.IsSpace)
}

// isLink says whether s can stand behind words: an address with its scheme that does
// not run a program.
func isLink(s string) bool {
	scheme, rest, _ := strings.Cut(s, ":")
	scheme = strings.ToLower(scheme)
	runs := []string{"javascript", "vbscript", "data", "file", "blob"}
	ok := scheme != "" && rest != "" && !slices.Contains(runs, scheme)
	for i, c := range []byte(scheme) {
		ok = ok && (c >= 'a' && c <= 'z' || i > 0 && strings.IndexByte("0123456789+-.", c) >= 0)
	}
	return ok && (scheme != "https" && scheme != "http" || isHTTPS("https:"+rest))
}

func (c *checker) https(s, path string) {
	c.need(isHTTPS(s), path, "must be an https URL without a user name")
}

// optionalHTTPS is https for a field that may be empty.
func (c *checker) optionalHTTPS(s, path string) {
	if s != "" {
		c.https(s, path)
	}
}

func isSHA256(s string) bool { return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == "" }

// Validate finds every fault of a; the error is a Faults.
func (a *Action) Validate() error {
	var c checker
	c.to(&a.To)
	if !slices.Contains(Verbs(), a.Verb) {
		c.fault("verb", "must be typing, read, react, edit or delete")
	}
	if m := a.Message; m != nil {
		c.filled(m.PlatformID, "message.platformId")
	} else {
		c.need(a.Verb == ActTyping, "message", "must be present")
	}
	if a.Verb == ActEdit {
		c.need(len(a.Content) == 1, "content", "must have the one part that replaces the message")
		for i := range a.Content {
			c.part(&a.Content[i], index("content", i))
		}
	} else {
		c.need(len(a.Content) == 0, "content", "goes with edit only")
	}
	if len(c.faults) == 0 {
		return nil
	}
	return c.faults
}
