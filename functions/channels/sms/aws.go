package sms

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/internal/aws"
	"github.com/relais-dev/relais/shared/channel"
)

// parseAWS gives the events of what SNS posted: a customer's message or an event of
// one of ours. Two-way messages carry no time of their own, so it is SNS' time.
func parseAWS(r channel.Request) ([]events.Event, error) {
	d, err := aws.Read(r.Body)
	if err != nil {
		return nil, err
	}
	if e, ok := d.Subscription(); ok {
		return []events.Event{e}, nil
	}
	var n notice
	raw := []byte(d.Message)
	malformed := channel.Decode(raw, &n) != nil
	switch {
	case !malformed && n.InboundID != "" && n.From != "":
		return n.message(d.Time(), raw), nil
	case !malformed && n.EventType != "" && n.MessageID != "":
		return []events.Event{n.status(d.Time(), raw)}, nil
	}
	e := unsupported("aws", "neither a message nor an event of one", d.MessageID, raw)
	if e.Time = d.Time(); malformed {
		e.Data.Unsupported.Reason = channel.Malformed
	}
	return []events.Event{e}, nil
}

// message gives the events of a customer's message. What has no text is RCS, whose
// media and suggestions AWS does not describe.
func (n *notice) message(at time.Time, raw []byte) []events.Event {
	e := received(n.InboundID, n.From)
	e.Time, e.Raw = at, raw
	content := events.NewText(n.Body)
	if n.Body == "" {
		content = events.NewUnsupported("message", "without text", raw)
	}
	return written(e, &events.Message{
		PlatformID: n.InboundID, Actor: events.Actor{Role: events.Customer}, Content: []events.Content{content},
		Metadata: fields("destinationNumber", n.To, "messageKeyword", n.Keyword, "previousPublishedMessageId", n.PreviousID),
	}, "")
}

// status is the event of what became of a message of ours.
func (n *notice) status(at time.Time, raw []byte) events.Event {
	e := events.Event{Type: events.MessageStatus, Time: at, Key: "status:" + n.MessageID + ":" + n.EventType, Raw: raw}
	if told := channel.Unix(n.EventTime); !told.IsZero() {
		e.Time = told
	}
	if n.Recipient != "" {
		e.Data.Contact, e.Data.Conversation = person(n.Recipient), thread(n.Recipient)
	}
	_, outcome, _ := strings.Cut(n.EventType, "_") // after TEXT, MEDIA or RCS
	state, failure := awsState(outcome)
	if state == "" {
		e.Type, e.Data.Unsupported = events.IngestUnsupported, events.UnsupportedOf("event."+n.EventType, "unknown event",
			raw)
		return e
	}
	s := &events.Status{Message: events.Ref{PlatformID: n.MessageID}, State: state, Correlation: n.Context[correlation]}
	if failure != nil {
		failure.Code, failure.Title = outcome, n.Description
		s.Error = failure.Status()
	}
	if n.Price != nil {
		s.Pricing = &events.Pricing{Billable: *n.Price > 0, Category: strings.ToLower(n.MessageType)}
	}
	e.Data.Status = s
	return e
}

const (
	awsService = "sms-voice"
	textTarget = "PinpointSMSVoiceV2.SendTextMessage"
	awsType    = "application/x-amz-json-1.0"
)

// viaAWS says whether a sends through AWS: it has an access key, and none of Twilio's.
func viaAWS(a channel.Account) bool { return a.Value(keyID) != "" && a.Value(authToken) == "" }

func awsAPI(a channel.Account) aws.API {
	return aws.In(awsService, a.Value(topicARN), a.Value(keyID), a.Value(keySecret))
}

// sendAWS sends a text. AWS takes files from a bucket only, so they go as a link.
// https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html
func sendAWS(ctx context.Context, e channel.Env, o channel.Outgoing) (channel.Sent, error) {
	m, err := awsMessage(o)
	if err != nil {
		return channel.Sent{}, err
	}
	m["DestinationPhoneNumber"], m["OriginationIdentity"] = address(o.To.Conversation.PlatformID), e.Account.Value(sender)
	m["Context"] = map[string]string{correlation: o.ID}
	if set := e.Account.Value(configuration); set != "" {
		m["ConfigurationSetName"] = set
	}
	body, err := channel.JSON(m)
	if err != nil {
		return channel.Sent{}, err
	}
	r, err := awsAPI(e.Account).Post(ctx, e, "/", http.Header{"Content-Type": {awsType}, "X-Amz-Target": {textTarget}},
		body)
	if err != nil {
		return channel.Sent{}, err
	}
	if !r.OK() {
		return channel.Sent{}, awsFailure(r)
	}
	var answer awsAnswer
	if err := r.Decode(&answer); err != nil {
		return channel.Sent{}, err
	}
	if answer.MessageID == "" {
		return channel.Sent{}, &channel.Error{Class: events.ClassPlatform, Title: "answered without a message id",
			Unknown: true}
	}
	text, _ := m["MessageBody"].(string)
	return channel.Sent{IDs: []string{answer.MessageID}, Note: inParts(text)}, nil
}

// awsMessage is what a message says, as members of the request.
func awsMessage(o channel.Outgoing) (map[string]any, error) {
	kind := "TRANSACTIONAL"
	if o.Bulk {
		kind = "PROMOTIONAL"
	}
	switch c := o.Content[0]; c.Kind {
	case events.KindText:
		return map[string]any{"MessageBody": c.Text.Body, "MessageType": kind}, nil
	case events.KindMedia:
		body := strings.TrimPrefix(c.Media.Caption+"\n"+c.Media.URL, "\n")
		if utf8.RuneCountInString(body) > maxText {
			return nil, &channel.Error{Class: events.ClassContent, Title: "the caption and the link are too long for one text",
				Remedy: "shorten the caption, or give the file a shorter URL"}
		}
		return map[string]any{"MessageBody": body, "MessageType": kind}, nil
	case events.KindNative:
		return awsNative(c.Native, kind)
	default:
		return nil, &channel.Error{Class: events.ClassContent, Title: "AWS cannot send a " + string(c.Kind)}
	}
}

// awsNative is n, of that kind where it names none.
func awsNative(n *events.Native, kind string) (map[string]any, error) {
	theirs, err := channel.Native(n, nil)
	m := map[string]any{"MessageType": kind}
	for name, value := range theirs {
		m[name] = value
	}
	var body channel.Text
	if json.Unmarshal(theirs["MessageBody"], &body) == nil {
		m["MessageBody"] = string(body)
	}
	return m, err
}

// awsState is what an event says about a message, "" when it is not known, and of
// which class its failure is. SUCCESSFUL is the carrier's word for having it; after
// 72 hours without a receipt comes UNKNOWN.
// https://docs.aws.amazon.com/sms-voice/latest/userguide/configuration-sets-event-types.html
func awsState(outcome string) (events.State, *channel.Error) {
	switch outcome {
	case "QUEUED", "PENDING", "FALLEN_BACK_TO_SMS":
		return events.Accepted, nil
	case "SENT", "SUCCESSFUL":
		return events.Sent, nil
	case "DELIVERED":
		return events.Delivered, nil
	case "READ":
		return events.Read, nil
	case "UNKNOWN":
		return events.Uncertain, nil
	case "TTL_EXPIRED":
		return events.Expired, &channel.Error{Class: events.ClassRecipient, Remedy: "send it again later"}
	case "UNREACHABLE", "CARRIER_UNREACHABLE":
		return events.Failed,
			&channel.Error{Class: events.ClassRecipient, Remedy: "the phone is off or out of reach: try again later"}
	case "INVALID":
		return events.Failed, &channel.Error{Class: events.ClassRecipient}
	case "INVALID_MESSAGE":
		return events.Failed, &channel.Error{Class: events.ClassContent}
	case "BLOCKED":
		return events.Failed,
			&channel.Error{Class: events.ClassRecipient, Remedy: "the phone or its owner blocks such messages"}
	case "CARRIER_BLOCKED", "SPAM":
		return events.Failed,
			&channel.Error{Class: events.ClassPolicy,
				Remedy: "the carrier takes it for spam: change the text, do not repeat it"}
	case "PROTECT_BLOCKED":
		return events.Failed,
			&channel.Error{Class: events.ClassPolicy,
				Remedy: "a protect configuration of the account blocks the country or number"}
	case "FAILED":
		return events.Failed, &channel.Error{Class: events.ClassUnknown}
	}
	return "", nil
}

// origin is where the account's AWS region is called; "" without one.
func origin(a channel.Account) string {
	if host := awsAPI(a).Host(); host != "" && viaAWS(a) {
		return "https://" + host
	}
	return ""
}
