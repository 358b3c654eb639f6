package play

import (
	"encoding/json"
	"fmt"
	"regexp"
	"unicode/utf8"

	aws "github.com/relais-dev/relais/functions/channels/internal/aws/play"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

// voice is AWS End User Messaging SMS for an account.
func voice(a channel.Account) aws.Service {
	return aws.Service{Name: "sms-voice", Topic: a.Value("topic_arn"), KeyID: a.Value("aws_access_key_id"),
		Secret: a.Value("aws_secret_access_key")}
}

// viaAWS says whether an account sends through AWS.
func viaAWS(a channel.Account) bool {
	return a.Value("aws_access_key_id") != "" && a.Value("auth_token") == ""
}

// origin is where the account's region is called; "" for an account of Twilio.
func origin(a channel.Account) string {
	if !viaAWS(a) {
		return ""
	}
	return voice(a).Origin()
}

const (
	awsDocs  = "https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/"
	awsNo    = awsDocs + "API_ValidationException.html"
	protocol = "https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html"
)

// wrong is a request that AWS does not take, for one of the reasons of its list.
// https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_ValidationException.html
func wrong(reason string) play.Refusal {
	return play.Refusal{Status: 400, Code: "ValidationException", Sub: reason, Text: "The request is not valid."}
}

var (
	badAWS     = wrong("INVALID_PARAMETER")
	missingAWS = wrong("MISSING_PARAMETER")
	noRequest  = wrong("INVALID_REQUEST")
	noClient   = play.Refusal{Status: 400, Code: "UnrecognizedClientException",
		Text: "The security token included in the request is invalid."}
	noOperation = play.Refusal{Status: 400, Code: "UnknownOperationException"}
	unreadable  = play.Refusal{Status: 400, Code: "SerializationException"}
)

var service = play.API{
	Name: "AWS End User Messaging SMS", Origin: origin,
	Knows: func(t play.Taken) bool { return voice(t.Account).Knows(t.Call) }, Unknown: noClient, Missing: noOperation,
	Else:  badAWS,
	Write: writeAWS,
	Faults: map[play.Fault]play.Refusal{
		play.Throttled: {Status: 400, Code: "ThrottlingException", Text: "Rate exceeded"},
		play.Gone: {Status: 400, Code: "ConflictException", Sub: "DESTINATION_PHONE_NUMBER_OPTED_OUT",
			Text: "Destination phone number is opted out"},
		play.Invalid: noRequest,
	},
	Endpoints: []play.Endpoint{{
		Method: "POST", Path: "/", Docs: awsDocs + "API_SendTextMessage.html",
		Body:   play.Body{Says: "JSON", Read: amzJSON, Else: unreadable},
		Answer: texted,
		Rules:  play.Rules(target, texts),
	}},
}

// writeAWS is a refusal whose text the model of this service calls Message.
// https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_ValidationException.html
func writeAWS(r play.Refusal, broken []play.Broken) play.Answer {
	a, body := aws.Write(r, broken), map[string]any{}
	if json.Unmarshal(a.Body, &body) != nil {
		return a
	}
	body["Message"] = body["message"]
	delete(body, "message")
	if r.Code == "ValidationException" && len(broken) > 0 {
		body["Fields"] = []any{map[string]string{"Name": broken[0].Place, "Message": broken[0].Must.Says}}
	}
	said := play.Value(r.Status, body)
	said.Header = a.Header
	return said
}

// target is how the protocol names what is asked for.
var target = []play.Rule{
	{At: "header:X-Amz-Target", Must: play.Given(play.Is("PinpointSMSVoiceV2.SendTextMessage")), Source: protocol,
		Else: noOperation},
	{At: "header:Content-Type", Must: play.Given(play.MIME("application/x-amz-json-1.0")), Source: protocol,
		Else: noOperation},
}

var texts = []play.Rule{
	{At: "DestinationPhoneNumber", Must: play.Given(play.Filled()), Else: missingAWS},
	{At: "DestinationPhoneNumber", Must: play.All(play.Len(1, 20, play.Runes), play.Matches(`^\+?[1-9][0-9]{1,18}$`))},
	{At: "OriginationIdentity", Must: play.All(play.Len(1, 256, play.Runes), play.Matches(`^[A-Za-z0-9_:/+-]+$`))},
	{At: "MessageBody", Must: play.Given(play.Filled()), Else: missingAWS},
	{At: "MessageBody", Must: play.Len(1, 1600, play.Runes)},
	{At: "MessageBody", Must: play.That("not blank", func(t play.Taken, _ any) bool {
		return inked.MatchString(t.Get("MessageBody"))
	})},
	{At: "MessageType", Must: play.Is("TRANSACTIONAL", "PROMOTIONAL")},
	{At: "Keyword", Must: play.All(play.Len(1, 30, play.Runes), play.Matches(`^[ \S]+$`))},
	{At: "ConfigurationSetName", Must: play.All(play.Len(1, 256, play.Runes), play.Matches(`^[A-Za-z0-9_:/-]+$`))},
	{At: "MaxPrice", Must: play.All(play.Len(2, 8, play.Runes), play.Matches(`^[0-9]{0,2}\.[0-9]{1,5}$`))},
	{At: "TimeToLive", Must: play.All(play.Whole(), play.Between(5, 259200))},
	{At: "Context", Must: play.All(play.Object(), play.Count(0, 5), entries(100, 800, `^\S([\s\S]*\S)?$`))},
	{At: "DestinationCountryParameters", Must: play.All(play.Object(), play.Only("IN_TEMPLATE_ID", "IN_ENTITY_ID"),
		entries(64, 64, `^\S+$`))},
	{At: "DryRun", Must: play.Is("true", "false")},
	{At: "MessageFeedbackEnabled", Must: play.Is("true", "false")},
	{At: "ProtectConfigurationId", Must: play.All(play.Len(1, 256, play.Runes), play.Matches(`^[A-Za-z0-9_:/-]+$`))},
}

var inked = regexp.MustCompile(`\S`)

// entries are those of a map of texts: names without a blank, and values of a pattern.
func entries(name, most int, pattern string) play.Check {
	names, values := regexp.MustCompile(`^\S+$`), regexp.MustCompile(pattern)
	says := fmt.Sprintf("names of 1 to %d characters without a blank, texts of 1 to %d like `%s`", name, most, pattern)
	return play.That(says, func(_ play.Taken, v any) bool {
		object, _ := v.(map[string]any)
		for n, x := range object {
			text, isText := x.(string)
			if !isText || utf8.RuneCountInString(n) > name || utf8.RuneCountInString(text) > most ||
				!names.MatchString(n) || !values.MatchString(text) {
				return false
			}
		}
		return true
	})
}

// amzJSON reads the type application/x-amz-json-1.0.
func amzJSON(c play.Call) (any, error) {
	c.Header = c.Header.Clone()
	c.Header.Set("Content-Type", "application/json")
	return play.JSON.Read(c)
}

// texted is AWS' answer to SendTextMessage.
func texted(t play.Taken) play.Answer {
	id := channel.UUID(channel.Digest(t.Body))
	a := play.Text(200, `{"MessageId":%q}`, id)
	for i, outcome := range []string{"SUCCESSFUL", "DELIVERED"} {
		a.Posts = append(a.Posts, publishes(t.Account, id+outcome, map[string]any{
			"eventType": "TEXT_" + outcome, "eventTimestamp": t.Received.UnixMilli() + int64(i),
			"destinationPhoneNumber": t.Get("DestinationPhoneNumber"), "messageId": id, "messageStatus": outcome,
			"messageType": t.Get("MessageType"), "context": t.Raw("Context"),
			"totalMessageParts": segments(t.Get("MessageBody")),
			"totalMessagePrice": 0.0075,
		}))
	}
	return a
}

// publishes is what AWS tells the account's topic.
func publishes(a channel.Account, id string, message any) channel.Request {
	return aws.Published("sms", a, a.Value("topic_arn"), id, message)
}
