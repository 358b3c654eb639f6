package sms

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// maxText is the longest text of both providers, which they cut into parts.
// https://www.twilio.com/docs/messaging/api/message-resource
// https://docs.aws.amazon.com/sms-voice/latest/userguide/sms-limitations-character.html
const maxText = 1600

// Sizes of an MMS. Pictures are made smaller by Twilio where a carrier wants it,
// other files are not.
// https://www.twilio.com/docs/messaging/api/message-resource#request-body-parameters
const (
	maxPicture = 5 << 20
	maxFile    = 500 << 10
	maxCaption = 1200 // of maxText: where files are links, the link is in the text too
)

// takes says why c cannot be sent, or "". A template is Twilio's, for the channels
// that need one; by SMS it is its words.
// https://www.twilio.com/docs/content/overview
func takes(c events.Content) string {
	switch {
	case c.Template != nil && !isContentSID(c.Template.Name):
		return "its name is not a ContentSid of Twilio's"
	case c.Media != nil && c.Media.URL == "":
		return "media are fetched from a URL"
	}
	return ""
}

// isContentSID says whether name is the id of a template at Twilio: HX and 32 digits.
func isContentSID(name string) bool { return len(name) == 34 && strings.HasPrefix(name, "HX") }

// outside says whether o needs no open window: by SMS and RCS there is none.
func outside(o channel.Outgoing) bool {
	prefix, _, _ := strings.Cut(o.To.Conversation.PlatformID, ":")
	template := len(o.Content) > 0 && o.Content[0].Kind == events.KindTemplate
	return template || prefix != "whatsapp" && prefix != "messenger"
}

// send goes through Twilio where the account has its token, else through AWS.
func send(ctx context.Context, e channel.Env, o channel.Outgoing) (channel.Sent, error) {
	if e.Account.Value(sender) == "" {
		return channel.Sent{}, &channel.Error{Class: events.ClassAuth, Title: "the account has no sender",
			Remedy: "store sender"}
	}
	if viaAWS(e.Account) {
		return sendAWS(ctx, e, o)
	}
	return sendTwilio(ctx, e, o)
}

const (
	twilioHost = "api.twilio.com"
	twilioPath = "/2010-04-01/Accounts/" // and the account's sid, and …
	messages   = "/Messages.json"
)

func sendTwilio(ctx context.Context, e channel.Env, o channel.Outgoing) (channel.Sent, error) {
	account := e.Account.Value(accountSID)
	if account == "" || e.Account.Value(authToken) == "" {
		return channel.Sent{},
			&channel.Error{Class: events.ClassAuth, Title: "the account has no account_sid or no auth_token",
				Remedy: "store both"}
	}
	f, err := compose(e.Account, o)
	if err != nil {
		return channel.Sent{}, err
	}
	header := basic(e.Account)
	header.Set("Content-Type", "application/x-www-form-urlencoded")
	r, err := e.Do(ctx, http.MethodPost, "https://"+twilioHost+twilioPath+url.PathEscape(account)+messages, header,
		[]byte(f.Encode()))
	if err != nil {
		return channel.Sent{}, err
	}
	var answer twilioAnswer
	if !r.OK() {
		return channel.Sent{}, twilioFailure(r)
	}
	if err := r.Decode(&answer); err != nil {
		return channel.Sent{}, err
	}
	if answer.SID == "" {
		return channel.Sent{}, &channel.Error{Class: events.ClassPlatform, Title: "answered without a message sid",
			Unknown: true}
	}
	return channel.Sent{IDs: []string{answer.SID}, Note: inParts(f.Get("Body"))}, nil
}

// basic is the header by which Twilio knows the account.
func basic(a channel.Account) http.Header {
	pair := a.Value(accountSID) + ":" + a.Value(authToken)
	return http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(pair))}}
}

// compose is the form of a message. Its status callback's URL has our id.
func compose(a channel.Account, o channel.Outgoing) (url.Values, error) {
	f, c := url.Values{}, o.Content[0]
	switch c.Kind {
	case events.KindText:
		f.Set("Body", c.Text.Body)
	case events.KindMedia:
		f.Set("MediaUrl", c.Media.URL)
		if c.Media.Caption != "" {
			f.Set("Body", c.Media.Caption)
		}
	case events.KindTemplate:
		f.Set("ContentSid", c.Template.Name)
		f.Set("ContentVariables", variables(c.Template.Parameters))
	case events.KindNative:
		if err := twilioNative(f, c.Native); err != nil {
			return nil, err
		}
	default:
		return nil, &channel.Error{Class: events.ClassContent, Title: "a text message cannot be a " + string(c.Kind)}
	}
	to := address(o.To.Conversation.PlatformID)
	f.Set("To", to)
	f.Set("StatusCallback", a.URL+"?"+correlation+"="+url.QueryEscape(o.ID))
	if from := a.Value(sender); strings.HasPrefix(from, "MG") {
		f.Set("MessagingServiceSid", from)
	} else {
		f.Set("From", sameChannel(from, to))
	}
	return f, nil
}

// twilioNative puts n into f, whose values are texts.
func twilioNative(f url.Values, n *events.Native) error {
	theirs, err := channel.Native(n, nil)
	for name, value := range theirs {
		var text string
		if json.Unmarshal(value, &text) != nil {
			return &channel.Error{Class: events.ClassContent, Title: "native content: " + name + " is no text"}
		}
		f.Set(name, text)
	}
	return err
}

// address is where a conversation is. A number that another platform wrote has no
// plus sign; short codes never have one.
func address(thread string) string {
	const shortest = 7 // of a number with its country code
	if channel.Digits(thread) && len(thread) >= shortest {
		return "+" + thread
	}
	return thread
}

// sameChannel is from with the channel's prefix that to has: both must be of one.
func sameChannel(from, to string) string {
	prefix, _, found := strings.Cut(to, ":")
	if !found || strings.Contains(from, ":") {
		return from
	}
	return prefix + ":" + from
}

// variables are a template's parameters as Twilio takes them: an object, as text.
func variables(fields []events.Field) string {
	values := map[string]string{}
	for _, f := range fields {
		values[f.Name] = f.Value
	}
	text, _ := channel.JSON(values) // texts
	return string(text)
}

// maxHops is how often Twilio may send us on to where a file is kept.
const maxHops = 3

// fetch opens a file of an MMS. Twilio's own hosts know us; where they send us on to
// the address is signed, and our credentials stay behind.
// https://www.twilio.com/docs/messaging/api/media-resource
func fetch(ctx context.Context, e channel.Env, m events.Media) (io.ReadCloser, error) {
	next := m.URL
	for range maxHops {
		u, err := url.Parse(next)
		if err != nil || u.Scheme != "https" {
			break
		}
		header := http.Header{}
		if strings.HasSuffix(u.Host, ".twilio.com") {
			header = basic(e.Account)
		}
		body, r, err := e.Stream(ctx, next, header)
		switch {
		case err != nil:
			return nil, err
		case r.OK():
			return body, nil
		case r.Status/100 != 3:
			return nil, lost(twilioFailure(r))
		}
		next = r.Header.Get("Location")
	}
	return nil, &channel.Error{Class: events.ClassMedia, Title: "the file has no address that can be opened"}
}

// lost says of a file that is not there that it is the media that fails.
func lost(e *channel.Error) *channel.Error {
	if e.Class == events.ClassRecipient || e.Class == events.ClassUnknown {
		e.Class, e.Title = events.ClassMedia, cmp.Or(e.Title, "gone")
	}
	return e
}
