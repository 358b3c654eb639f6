package whatsapp

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/internal/aws"
	"github.com/relais-dev/relais/functions/channels/internal/meta"
	"github.com/relais-dev/relais/shared/channel"
)

// published is what AWS End User Messaging Social publishes: one entry of Meta's, as
// a text that holds JSON. It signs the whole through SNS; Meta's signature is gone.
// https://docs.aws.amazon.com/social-messaging/latest/userguide/managing-event-destination-payloads.html
type published struct {
	Entry json.RawMessage `json:"whatsAppWebhookEntry"`
}

// parsePublished gives the events of a body that SNS posted.
func parsePublished(r channel.Request) ([]events.Event, error) {
	d, err := aws.Read(r.Body)
	if err != nil {
		return nil, err
	}
	if e, ok := d.Subscription(); ok {
		return []events.Event{e}, nil
	}
	message := []byte(d.Message)
	p, ok := decode[published](message)
	body := p.webhook()
	if !ok || body == nil {
		e := unsupported("aws", "not an event of WhatsApp", d.MessageID, d.MessageID, message)
		e.Time = d.Time()
		return []events.Event{e}, nil
	}
	return parseWebhook(body, r.Received)
}

// webhook is what Meta would have posted; nil when there is no entry.
func (p published) webhook() []byte {
	entry := []byte(p.Entry)
	if text, ok := decode[string](entry); ok {
		entry = []byte(text)
	}
	entry = bytes.TrimSpace(entry)
	switch {
	case bytes.HasPrefix(entry, []byte("{")):
		return slices.Concat([]byte(`{"object":"`+object+`","entry":[`), entry, []byte(`]}`))
	case bytes.HasPrefix(entry, []byte("[")):
		return slices.Concat([]byte(`{"object":"`+object+`","entry":`), entry, []byte(`}`))
	}
	return nil
}

const (
	socialService = "social-messaging"
	socialPath    = "/v1/whatsapp/send"
)

// viaAWS says whether a has what it takes to send through AWS.
func viaAWS(a channel.Account) bool { return a.Value(topicARN) != "" && a.Value(keyID) != "" }

func socialAPI(a channel.Account) aws.API {
	return aws.In(socialService, a.Value(topicARN), a.Value(keyID), a.Value(keySecret))
}

// postAWS hands the body to AWS. AWS gives an id of its own, by which no status names
// the message: they bring ours back.
func postAWS(ctx context.Context, e channel.Env, body []byte) (channel.Sent, error) {
	call, err := channel.JSON(socialRequest{Number: e.Account.Value(phoneNumberID), Message: body, Version: graphVersion})
	if err != nil {
		return channel.Sent{}, err
	}
	r, err := socialAPI(e.Account).Post(ctx, e, socialPath, http.Header{"Content-Type": {"application/json"}}, call)
	if err != nil {
		return channel.Sent{}, err
	}
	if !r.OK() {
		return channel.Sent{}, socialFailure(r)
	}
	return channel.Sent{}, r.Decode(new(socialAnswer))
}

// metaCode is Meta's code within what AWS says of Meta's refusal: "(#131047) …".
var metaCode = regexp.MustCompile(`\(#(\d{1,7})\)|"code"\s*:\s*(\d{1,7})`)

// socialFailure is why AWS, or Meta behind it, refused a call.
// https://docs.aws.amazon.com/social-messaging/latest/APIReference/API_SendWhatsAppMessage.html
func socialFailure(r channel.Reply) *channel.Error {
	e := aws.Failure(r)
	if e.Code != "DependencyException" {
		return e
	}
	if m := metaCode.FindStringSubmatch(e.Title); m != nil {
		return refused(meta.Error{Code: channel.Text(cmp.Or(m[1], m[2])), Message: e.Title})
	}
	return e
}

// origin is where the account's AWS region is called; "" without one.
func origin(a channel.Account) string {
	if host := socialAPI(a).Host(); host != "" && viaAWS(a) {
		return "https://" + host
	}
	return ""
}
