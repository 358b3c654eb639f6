package signal

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// maxFile is what travels inside of one JSON request. Signal itself takes 100 MB.
const maxFile = 20 << 20

// packID is how Signal names a pack of stickers.
var packID = regexp.MustCompile(`^[0-9a-f]{32}$`)

// takes says no to a sticker that is none of Signal's own.
func takes(c events.Content) string {
	if m := c.Media; m != nil && m.Type == events.Sticker && (!packID.MatchString(m.Set) || m.PlatformID == "") {
		return "Signal shows stickers of its own packs only"
	}
	return ""
}

func origin(a channel.Account) string { return strings.TrimSuffix(a.Value(outboundURL), "/") }

// send makes one call, which nobody can repeat safely: Signal does not deduplicate.
func send(ctx context.Context, e channel.Env, o channel.Outgoing) (channel.Sent, error) {
	m, err := compose(ctx, e, o)
	if err != nil {
		return channel.Sent{}, err
	}
	return post(ctx, e, m, isGroup(o.To.Conversation.PlatformID))
}

func isGroup(place string) bool { return strings.HasPrefix(place, "group.") }

func post(ctx context.Context, e channel.Env, body any, toGroup bool) (channel.Sent, error) {
	r, err := call(ctx, e, http.MethodPost, "/v2/send", body)
	if err != nil {
		return channel.Sent{}, err
	}
	var s sent
	if err := r.Decode(&s); err != nil {
		return channel.Sent{}, err
	}
	if s.Timestamp == "" {
		return channel.Sent{}, &channel.Error{Class: events.ClassPlatform, Title: "answered without a timestamp",
			Unknown: true}
	}
	done := channel.Sent{IDs: []string{self + ":" + string(s.Timestamp)}}
	switch missed := s.Errors.Recipients; {
	case len(missed) > 0 && !toGroup:
		return channel.Sent{}, unreached(missed[0].Reason)
	case len(missed) > 0:
		done.Note = "not delivered to " + strconv.Itoa(len(missed)) + " of the group"
	}
	return done, nil
}

// compose is o as the container wants it.
func compose(ctx context.Context, e channel.Env, o channel.Outgoing) (any, error) {
	m := outgoing{Number: e.Account.Value(ownNumber), Recipients: []string{o.To.Conversation.PlatformID}}
	if author, at, ok := named(o.ReplyTo); ok {
		m.QuoteAuthor, m.QuoteTimestamp = author, at
		if author == self {
			m.QuoteAuthor = m.Number
		}
	}
	c := o.Content[0]
	switch c.Kind {
	case events.KindText:
		m.text(*c.Text)
		return m, nil
	case events.KindMedia:
		return m.media(ctx, e, *c.Media)
	case events.KindNative:
		return m.native(c.Native)
	}
	return nil, &channel.Error{Class: events.ClassContent, Title: fmt.Sprintf("Signal shows no %s", c.Kind)}
}

func (m *outgoing) text(t events.Text) {
	m.Message = t.Body
	if styled, ok := markup(t); ok {
		m.Message, m.TextMode = styled, "styled"
	}
}

func (m outgoing) media(ctx context.Context, e channel.Env, f events.Media) (any, error) {
	if f.Type == events.Sticker {
		m.Sticker = f.Set + ":" + f.PlatformID
		return m, nil
	}
	file, err := e.Open(ctx, f)
	if err != nil {
		return nil, fmt.Errorf("%w: open the file: %w", channel.ErrNotSent, err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("%w: read the file: %w", channel.ErrNotSent, err)
	}
	if len(data) > maxFile {
		return nil, &channel.Error{Class: events.ClassMedia, Title: "the file is larger than 20 MB"}
	}
	m.text(events.Text{Body: f.Caption, Entities: f.Entities})
	m.Attachments, m.ViewOnce = []string{dataURI(f, data)}, f.ViewOnce
	return m, nil
}

// dataURI is a file with its type and name, in which ; and , would end them: the
// parameters of the type are left out.
func dataURI(f events.Media, data []byte) string {
	mime, _, _ := strings.Cut(cmp.Or(f.MIME, http.DetectContentType(data)), ";")
	uri := "data:" + strings.TrimSpace(mime)
	if name := strings.Map(plainName, f.Name); name != "" {
		uri += ";filename=" + name
	}
	return uri + ";base64," + base64.StdEncoding.EncodeToString(data)
}

func plainName(r rune) rune {
	if strings.ContainsRune(`;,/\"`, r) || r < ' ' {
		return '_'
	}
	return r
}

// native is the container's own request. Sender and recipient stay ours.
func (m outgoing) native(n *events.Native) (any, error) {
	return channel.Native(n, map[string]any{"number": m.Number, "recipients": m.Recipients})
}

// named splits a message's id into its author and time.
func named(id string) (author string, at int64, ok bool) {
	i := strings.LastIndexByte(id, ':')
	if i <= 0 {
		return "", 0, false
	}
	at, err := strconv.ParseInt(id[i+1:], 10, 64)
	return id[:i], at, err == nil && at > 0
}

// act types, marks as read, reacts, edits and deletes.
func act(ctx context.Context, e channel.Env, to channel.Recipient, a events.Action) error {
	own, path := e.Account.Value(ownNumber), url.PathEscape(e.Account.Value(ownNumber))
	recipient := to.Conversation.PlatformID
	if a.Verb == events.ActTyping {
		method := http.MethodPut
		if !a.Active {
			method = http.MethodDelete
		}
		return done(ctx, e, method, "/v1/typing-indicator/"+path, typingAct{recipient})
	}
	var id string
	if a.Message != nil {
		id = a.Message.PlatformID
	}
	author, at, ok := named(id)
	if !ok {
		return &channel.Error{Class: events.ClassContent, Title: "the message is not named as <author>:<time>"}
	}
	if author == self {
		author = own
	}
	switch a.Verb {
	case events.ActRead:
		return done(ctx, e, http.MethodPost, "/v1/receipts/"+path, receiptAct{"read", author, at})
	case events.ActReact:
		return done(ctx, e, reactMethod(a.Emoji), "/v1/reactions/"+path, reactionAct{recipient, a.Emoji, author, at})
	case events.ActDelete:
		return done(ctx, e, http.MethodDelete, "/v1/remote-delete/"+path, deleteAct{recipient, at})
	case events.ActEdit:
		return edit(ctx, e, outgoing{Number: own, Recipients: []string{recipient}, EditTimestamp: at}, a.Content)
	}
	return &channel.Error{Class: events.ClassContent, Title: fmt.Sprintf("Signal cannot %s", a.Verb)}
}

// reactMethod takes a reaction back where there is no emoji.
func reactMethod(emoji string) string {
	if emoji == "" {
		return http.MethodDelete
	}
	return http.MethodPost
}

func edit(ctx context.Context, e channel.Env, m outgoing, content []events.Content) error {
	if len(content) != 1 || content[0].Text == nil {
		return &channel.Error{Class: events.ClassContent, Title: "an edit has one text"}
	}
	m.text(*content[0].Text)
	_, err := post(ctx, e, m, isGroup(m.Recipients[0]))
	return err
}

func done(ctx context.Context, e channel.Env, method, path string, body any) error {
	_, err := call(ctx, e, method, path, body)
	return err
}

// call asks the container, through the side-car.
func call(ctx context.Context, e channel.Env, method, path string, body any) (channel.Reply, error) {
	base, token := origin(e.Account), e.Account.Value(outboundToken)
	if base == "" || token == "" {
		return channel.Reply{},
			&channel.Error{Class: events.ClassAuth, Title: "the account has no outbound_url and outbound_token"}
	}
	text, err := channel.JSON(body)
	if err != nil {
		return channel.Reply{}, fmt.Errorf("%w: %w", channel.ErrNotSent, err)
	}
	header := channel.Bearer(token)
	header["Content-Type"] = []string{"application/json"}
	r, err := e.Do(ctx, method, base+path, header, text)
	if err != nil {
		return r, err
	}
	if !r.OK() {
		return r, failure(r)
	}
	return r, nil
}

// fetch opens an attachment, which the container has decrypted.
func fetch(ctx context.Context, e channel.Env, m events.Media) (io.ReadCloser, error) {
	if m.PlatformID == "" {
		return nil, &channel.Error{Class: events.ClassMedia, Title: "the attachment has no id"}
	}
	body, r, err := e.Stream(ctx, origin(e.Account)+"/v1/attachments/"+url.PathEscape(m.PlatformID),
		channel.Bearer(e.Account.Value(outboundToken)))
	if err != nil {
		return nil, err
	}
	if body == nil {
		return nil, failure(r)
	}
	return body, nil
}
