package apple

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

const (
	host    = "mspgw.push.apple.com"
	gateway = "https://" + host + "/v1"

	// maxText and maxItems are ours: Apple publishes no limit for either.
	maxText  = 10_000
	maxItems = 100
	// maxLabel is of every text that an interactive message shows; in which unit is not said.
	// https://help.webexconnect.io/changelog/apple-messages-for-business-compliance-updates
	maxLabel = 200
	// https://register.apple.com/resources/messages/msp-rest-api/type-text
	maxFile = 100 << 20
)

// takes says no to what these kinds hold and Apple's do not.
func takes(c events.Content) string {
	switch c.Kind {
	case events.KindLink:
		if tooLong(linkTitle(c.Link)) {
			return "a rich link shows title and text in at most " + strconv.Itoa(maxLabel) + " characters"
		}
	case events.KindForm:
		return formProblem(c.Form)
	case events.KindSchedule:
		return scheduleProblem(c.Schedule)
	case events.KindPayment:
		return paymentProblem(c.Payment)
	case events.KindCards:
		return cardsProblem(c.Cards)
	}
	return ""
}

func tooLong(labels ...string) bool {
	return slices.ContainsFunc(labels, func(s string) bool { return channel.UTF16.Len(s) > maxLabel })
}

// oneLine is s as an interactive message shows it: printable characters, and so in one line.
// https://help.webexconnect.io/changelog/apple-messages-for-business-compliance-updates
func oneLine(s string) string { return strings.Join(strings.FieldsFunc(s, breaks), " ") }

func breaks(r rune) bool { return strings.ContainsRune("\n\r\t\v\f\u0085\u2028\u2029", r) }

// send sends one content. Its id is ours; what answers it carries the same.
// https://register.apple.com/resources/messages/msp-rest-api/messages-sent
func send(ctx context.Context, e channel.Env, o channel.Outgoing) (channel.Sent, error) {
	s := sender{Env: e, id: channel.UUID(o.ID), to: recipientOf(o.To)}
	if s.to.business == "" {
		return channel.Sent{}, &channel.Error{Class: events.ClassRecipient, Title: "the conversation names no business"}
	}
	body, err := s.body(ctx, o.Content[0])
	if err != nil {
		return channel.Sent{}, err
	}
	header := s.header()
	if o.Sender != nil && o.Sender.Role != events.Agent {
		header.Set("Auto-Reply", "true")
	}
	if err := s.post(ctx, header, body); err != nil {
		return channel.Sent{}, err
	}
	return channel.Sent{IDs: []string{s.id}}, nil
}

// A sender makes the calls of one message.
type sender struct {
	channel.Env
	id string
	to address
}

// recipientOf is a conversation's address; its contact knows the business too.
func recipientOf(r channel.Recipient) address {
	to := addressOf(r.Conversation.PlatformID)
	if to.business == "" && r.Contact != nil && len(r.Contact.Identities) > 0 {
		to.business = r.Contact.Identities[0].Scope
	}
	return to
}

// act shows that the brand types, or stopped.
func act(ctx context.Context, e channel.Env, r channel.Recipient, a events.Action) error {
	kind := "typing_end"
	if a.Active {
		kind = "typing_start"
	}
	s := sender{Env: e, to: recipientOf(r)}
	s.id = channel.UUID(kind + s.to.String() + strconv.FormatInt(e.Now.UnixNano(), 10))
	return s.post(ctx, s.header(), s.message(kind))
}

// header proves who we are, and says from whom to whom.
func (s sender) header() http.Header {
	h := s.proof()
	h.Set("Id", s.id)
	h.Set("Destination-Id", s.to.user)
	h.Set("Content-Type", "application/json")
	h.Set("Content-Encoding", "gzip")
	return h
}

func (s sender) proof() http.Header {
	h := channel.Bearer(tokenOf(s.Account, "iss", s.Now))
	h.Set("Source-Id", s.to.business)
	return h
}

func (s sender) post(ctx context.Context, header http.Header, body any) error {
	text, err := channel.JSON(body)
	if err != nil {
		return fmt.Errorf("%w: %w", channel.ErrNotSent, err)
	}
	reply, err := s.Do(ctx, http.MethodPost, gateway+"/message", header, packed(text))
	if err != nil {
		return err
	}
	if !reply.OK() {
		return failure(reply)
	}
	return nil
}

// packed is body as gzip. It is stored, not squeezed: what makes a message large is
// pictures, which do not shrink.
func packed(body []byte) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.NoCompression) // the level is known
	_, _ = z.Write(body)                                // a buffer takes everything
	_ = z.Close()
	return b.Bytes()
}

// failure tells what to do about an answer. Apple says no more than the status.
// https://register.apple.com/resources/messages/msp-rest-api/common-specs
func failure(r channel.Reply) *channel.Error {
	e := r.Failure()
	switch r.Status {
	case http.StatusBadRequest:
		e.Remedy = "the message breaks Apple's schema, or the customer's device cannot show it: see the capabilities in " +
			"metadata"
	case http.StatusUnauthorized, http.StatusForbidden:
		e.Remedy = "check msp_id, api_secret (in base64, as shown) and the clock"
	case http.StatusNotFound:
		e.Remedy = "the customer closed the conversation, or the business is not ours"
	}
	return e
}

// body is c as Apple wants it.
func (s sender) body(ctx context.Context, c events.Content) (any, error) {
	switch c.Kind {
	case events.KindText:
		m := s.message("text")
		m.Body = c.Text.Body
		return m, nil
	case events.KindMedia:
		return s.media(ctx, c.Media)
	case events.KindContacts:
		return s.contacts(ctx, c.Contacts)
	case events.KindLink:
		return s.link(ctx, c.Link), nil
	case events.KindChoice:
		return s.choice(ctx, c.Choice), nil
	case events.KindCards:
		return s.cards(ctx, c.Cards), nil
	case events.KindSchedule:
		return s.schedule(c.Schedule), nil
	case events.KindForm:
		return s.form(c.Form), nil
	case events.KindPayment:
		return s.payment(c.Payment), nil
	case events.KindNative:
		return channel.Native(c.Native, s.message("")) // of their type, to whom we say
	}
	return nil, &channel.Error{Class: events.ClassContent, Title: "cannot send " + string(c.Kind)}
}

// message is what all messages begin with.
func (s sender) message(kind string) sentMessage {
	return sentMessage{V: 1, ID: s.id, Type: kind, SourceID: s.to.business, DestinationID: s.to.user}
}

// link is a rich link. It has a title and no text, so the title holds both.
// https://register.apple.com/resources/messages/msp-rest-api/type-richlink
func (s sender) link(ctx context.Context, l *events.Link) sentMessage {
	m := s.message("richLink")
	m.Body, m.RichLink = l.URL, &richLink{URL: l.URL, Title: oneLine(linkTitle(l))}
	if data := s.picture(ctx, events.Media{Type: events.Image, URL: l.Image}); data != "" {
		m.RichLink.Assets = &assets{Image: asset{Data: data, MIMEType: "image/png"}}
	}
	return m
}

func linkTitle(l *events.Link) string {
	if l.Title != "" && l.Text != "" {
		return l.Title + "\n" + l.Text
	}
	return cmp.Or(l.Title, l.Text, l.URL)
}
