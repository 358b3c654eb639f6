package access

import (
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/relais-dev/relais/events"
)

// A Mask hides who people are from those without the scope PII: identities, phones and
// e-mail addresses keep a few characters by which a person recognises what they know
// already, names keep their initials, and pictures of people are left out. What people
// said, and our own ids, stay as they are. The same value always gives the same mask.
type Mask struct {
	// ID stands in for a platform's id of a message: some hold the customer's number.
	ID func(id string) string
}

// Event masks e in its place.
func (m Mask) Event(e *events.Event) {
	d := &e.Data
	secrets := secretsOf(d.Contact, d.Conversation)
	m.contact(d.Contact)
	m.conversation(d.Conversation)
	m.fact(d)
	for _, i := range identitiesOf(d) {
		identity(i)
	}
	for _, a := range actorsOf(d) {
		actor(a)
	}
	for _, r := range refsOf(d) {
		r.PlatformID = m.id(r.PlatformID)
	}
	for _, failure := range errorsOf(d) {
		clean(failure, secrets)
	}
}

// State masks what is known of a conversation.
func (m Mask) State(s *events.ConversationState) {
	m.conversation(&s.Conversation)
	m.contact(s.Contact)
}

// Delivery masks what a platform told of a message to a contact.
func (m Mask) Delivery(d *events.Delivery, to *events.Contact, in *events.Conversation) {
	secrets := secretsOf(to, in)
	clean(d.Error, secrets)
	for _, p := range d.Parts {
		clean(p.Error, secrets)
		for i, id := range p.PlatformIDs {
			p.PlatformIDs[i] = m.id(id)
		}
	}
}

func (m Mask) id(id string) string {
	if id == "" {
		return ""
	}
	return m.ID(id)
}

func (m Mask) contact(c *events.Contact) {
	if c == nil {
		return
	}
	for i := range c.Identities {
		identity(&c.Identities[i])
	}
	c.Name, c.Username, c.Avatar = name(c.Name), name(c.Username), ""
	c.Phone, c.Email = phone(c.Phone), email(c.Email)
}

// conversation masks the platform's thread: a customer's is named as they are.
func (m Mask) conversation(c *events.Conversation) {
	if c != nil && c.Kind != events.Own {
		c.PlatformID = opaque(c.PlatformID)
	}
}

// fact masks what else an event may tell of people: what they filled in with a payment,
// and what changed of a person.
func (m Mask) fact(d *events.Data) {
	if d.Person != nil {
		values(d.Person.Fields)
	}
	if d.Payment != nil {
		values(d.Payment.Fields)
	}
	if d.Unsupported != nil {
		d.Unsupported.Raw = ""
	}
	if d.Change != nil && !slices.Contains(harmless, d.Change.Field) {
		d.Change.Old, d.Change.New = change(d.Change.Old), change(d.Change.New)
	}
	if d.Participants != nil {
		for i := range d.Participants.Members {
			d.Participants.Members[i].Name = name(d.Participants.Members[i].Name)
		}
	}
	if d.Message != nil {
		m.message(d.Message)
	}
}

// harmless are changes that tell of no person. Others may: who was pinned, who is near.
var harmless = []string{"title", "started", "closed"}

func change(v string) string {
	if strings.HasPrefix(v, "cnv_") { // ours
		return v
	}
	return opaque(v)
}

func (m Mask) message(x *events.Message) {
	x.PlatformID = m.id(x.PlatformID)
	if x.Forward != nil {
		x.Forward.From = name(x.Forward.From)
	}
	for _, c := range x.Content {
		if c.Unsupported != nil { // the platform's own text, with all that is in it
			c.Unsupported.Raw = ""
		}
	}
}

func values(fields []events.Field) {
	for i := range fields {
		fields[i].Value = opaque(fields[i].Value)
	}
}

func actor(a *events.Actor) {
	if a.Role == events.Customer {
		a.Name = name(a.Name)
	}
	identity(a.Identity)
}

func identity(i *events.Identity) {
	switch {
	case i == nil:
	case i.Scheme == events.Phone || i.Scheme == events.RCSPhone:
		i.Value = phone(i.Value)
	case i.Scheme == events.Email:
		i.Value = email(i.Value)
	default:
		i.Value = opaque(i.Value)
	}
}

// hidden stands for what is masked, however long that is.
const hidden = "•••••"

// shown is how much of the end of a value is shown, where at least as much is hidden
// beside it.
const shown = 3

// phone is "+44•••••123": what begins a number, which says the country, and its end.
func phone(v string) string {
	head := 2
	if strings.HasPrefix(v, "+") {
		head = 3
	}
	if len(v) < head+2*shown {
		return opaque(v)
	}
	return v[:head] + opaque(v[head:])
}

// email is "k•••••@•••••.com".
func email(v string) string {
	local, domain, ok := strings.Cut(v, "@")
	if !ok || local == "" {
		return opaque(v)
	}
	return initial(local) + "@" + hidden + path.Ext(domain)
}

// name is "S••••• T•••••".
func name(v string) string {
	parts := strings.Fields(v)
	for i, p := range parts {
		parts[i] = initial(p)
	}
	return strings.Join(parts, " ")
}

// initial is a word's first letter, where it has another.
func initial(word string) string {
	_, n := utf8.DecodeRuneInString(word)
	if n == len(word) {
		return hidden
	}
	return word[:n] + hidden
}

// opaque is "•••••89f": the end of a value of no known form.
func opaque(v string) string {
	runes := []rune(v)
	switch {
	case v == "":
		return ""
	case len(runes) < 2*shown:
		return hidden
	}
	return hidden + string(runes[len(runes)-shown:])
}

// leastSecret is the shortest value that is looked for in a platform's text: shorter ones stand there by chance.
const leastSecret = 5

// secretsOf are what a platform's own words may repeat of a person.
func secretsOf(c *events.Contact, in *events.Conversation) []string {
	var list []string
	add := func(v string) {
		if v = strings.TrimPrefix(v, "+"); len(v) >= leastSecret {
			list = append(list, v)
		}
	}
	if c != nil {
		for _, i := range c.Identities {
			add(i.Value)
		}
		add(c.Phone)
		add(c.Email)
		add(c.Username)
	}
	if in != nil && in.Kind != events.Own {
		add(in.PlatformID)
	}
	return list
}

// clean takes secrets out of what a platform says of its refusal.
func clean(e *events.StatusError, secrets []string) {
	if e == nil {
		return
	}
	for _, s := range secrets {
		e.Title = strings.ReplaceAll(e.Title, s, opaque(s))
	}
}
