// Package kakaotalk receives what people do on KakaoTalk, where a business has four
// products with webhooks of their own, which one account may have together:
//
//   - the chatbot, whose skill server we are: the answer stands in the HTTP response,
//     or follows once, within a minute, at a callback URL
//     (https://kakaobusiness.gitbook.io/main/tool/chatbot/skill_guide/answer_json_format),
//   - the consultation talk (상담톡), through a hub partner,
//   - the channel's friendships (https://developers.kakao.com/docs/latest/ko/kakaotalk-channel/callback),
//   - the results of AlimTalk, templates by phone number, from a dealer.
//
// None of them signs. Each proves itself by a secret of its own, at a place of its
// own, and that place says how the body is read: whoever holds one secret cannot
// speak for another product. People are known by another id in each, so the ids of
// conversations begin with "bot:", "talk:" or "app:"; a phone number stands alone.
package kakaotalk

import (
	"net/http"
	"slices"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/signature"
)

// Channel is KakaoTalk.
var Channel = channel.Channel{
	Name:  "kakaotalk",
	Title: "KakaoTalk",
	Docs:  "https://kakaobusiness.gitbook.io/main/tool/chatbot",
	Label: channel.Beta,
	Credentials: []channel.Credential{ // one of the first four must be usable, else Verify refuses
		{Name: skillSecret, Help: "chatbot: a random text of your own, entered in the admin center as the skill's header " +
			"X-Relais-Secret", Optional: true},
		{Name: talkSecret, Help: "consultation talk: a random text of your own, in the URL given to the hub partner",
			Optional: true},
		{Name: adminKey, Help: "channel webhook: Kakao Developers, App keys, primary Admin key", Optional: true},
		{Name: resultSecret, Help: "AlimTalk results: the signature you entered for NHN Cloud's webhook", Optional: true},
		{Name: waitingText, Help: "chatbot: what people read when an answer follows", Optional: true, Public: true},
		{Name: receivedText,
			Help: "chatbot: what people read when no answer can follow, because the block gives no callback", Optional: true,
			Public: true},
		{Name: blockID, Help: "chatbot: the id of the block that calls the skill, so that reply buttons come back with " +
			"their option", Optional: true, Public: true},
		{Name: hubID, Help: "consultation talk: Happytalk's HT-Client-Id", Optional: true},
		{Name: hubSecret, Help: "consultation talk: Happytalk's HT-Client-Secret", Optional: true},
		{Name: senderKey, Help: "consultation talk, AlimTalk by NHN Cloud: the channel's sender key (발신프로필 키), 40 " +
			"characters", Optional: true},
		{Name: nhnAppKey, Help: "AlimTalk by NHN Cloud: the appkey", Optional: true},
		{Name: nhnSecretKey, Help: "AlimTalk by NHN Cloud: the secret key", Optional: true},
		{Name: sensServiceID, Help: "AlimTalk by NAVER SENS: the service's id, ncp:kkobizmsg:…", Optional: true,
			Public: true},
		{Name: sensAccessKey, Help: "AlimTalk by NAVER SENS: the access key id", Optional: true},
		{Name: sensSecretKey, Help: "AlimTalk by NAVER SENS: the secret key", Optional: true},
		{Name: plusFriendID, Help: "AlimTalk by NAVER SENS: the channel's search id, with its @", Optional: true,
			Public: true},
	},
	MaxBody: 1 << 20, // Kakao publishes no limit

	Verify: verify,
	Parse:  parse,
	Ack:    ack,

	Outbound: outbound,
}

// outbound holds what both the chatbot and the consultation talk can show; limitsIn has
// what each of them can.
var outbound = channel.Outbound{
	Limits:  limits,
	In:      limitsIn,
	Class:   class,
	Opens:   []events.Scheme{events.Phone},
	Address: channel.PlusAddress,
	Thread:  channel.DigitsThread,
	Send:    send,
	Outside: func(o channel.Outgoing) bool { return template(o) != nil },
	Hosts:   []string{callbackHost, hubHost, nhnHost, sensHost},
}

var limits = channel.Limits{
	Text: 1000, // https://developer-center.happytalk.io/KakaoWebhook/MessageSend/plain
	// outputs of one answer of the chatbot:
	// https://kakaobusiness.gitbook.io/main/tool/chatbot/skill_guide/answer_json_format#skilltemplate
	Batch: 3,
	Kinds: []events.Kind{events.KindTemplate}, // AlimTalk
	Media: map[string]channel.MediaLimit{
		// https://developer-center.happytalk.io/KakaoWebhook/Upload/image
		events.Image: {Bytes: 500 << 10, MIME: []string{"image/jpeg", "image/png"}},
	},
	Choices: []channel.Choices{
		// A card of the chatbot: description 230, label 14, three buttons.
		// https://kakaobusiness.gitbook.io/main/tool/chatbot/skill_guide/answer_json_format#textcard
		{Style: events.StyleButtons, Min: 1, Max: 3, Actions: []string{events.ActionReply, events.ActionPostback,
			events.ActionURL, events.ActionWebView}, Text: 230, Label: 14, Header: true},
		// Quick replies of the chatbot (ten) and buttons of the talk (five).
		{Style: events.StyleQuick, Min: 1, Max: talkButtons, Text: 1000, Label: 14},
	},
	Takes: takes,
}

// talkButtons are those of the talk; the chatbot has twice as many quick replies.
// https://developer-center.happytalk.io/KakaoWebhook/MessageSend/rich
// https://kakaobusiness.gitbook.io/main/tool/chatbot/skill_guide/answer_json_format#quickreplies
const (
	talkButtons  = 5
	quickReplies = 10
)

// limitsIn are those of one conversation: of the chatbot or of the talk, each of which
// its PlatformID names.
func limitsIn(c events.Conversation) channel.Limits {
	l := limits
	l.Choices = slices.Clone(l.Choices)
	switch {
	case strings.HasPrefix(c.PlatformID, botThread):
		l.Choices[1].Max = quickReplies
	case strings.HasPrefix(c.PlatformID, talkThread):
		l.Choices[0].Max, l.Choices[0].Text = talkButtons, l.Text
	}
	return l
}

const (
	skillSecret  = "skill_secret"
	talkSecret   = "talk_secret"
	adminKey     = "admin_key"
	resultSecret = "result_secret"
	waitingText  = "waiting_text"
	receivedText = "received_text"

	blockID       = "block_id"
	hubID         = "hub_client_id"
	hubSecret     = "hub_client_secret"
	senderKey     = "sender_key"
	nhnAppKey     = "nhn_app_key"
	nhnSecretKey  = "nhn_secret_key"
	sensServiceID = "sens_service_id"
	sensAccessKey = "sens_access_key"
	sensSecretKey = "sens_secret_key"
	plusFriendID  = "plus_friend_id"
)

// A product is which of Kakao's products a request comes from.
type product struct {
	secret string // credential
	header string // where the secret stands, or
	query  string
	scheme string // before it in the header
}

// products are in the order in which a request is looked at.
var products = []product{
	{secret: skillSecret, header: "X-Relais-Secret"},
	{secret: adminKey, header: "Authorization", scheme: "KakaoAK "},
	{secret: resultSecret, header: "X-Toast-Webhook-Signature"},
	{secret: talkSecret, query: "key"},
}

// claimed is the product that r claims to come from; false when it claims none.
func claimed(r channel.Request) (product, bool) {
	for _, p := range products {
		if p.header != "" && r.Joined(p.header) != "" || p.query != "" && len(r.Query()[p.query]) > 0 {
			return p, true
		}
	}
	return product{}, false
}

// proof is the secret in r; an error when it is doubled or of another form.
func (p product) proof(r channel.Request) (string, error) {
	if p.query != "" {
		if list := r.Query()[p.query]; len(list) == 1 {
			return list[0], nil
		}
		return "", channel.Refuse(channel.Malformed)
	}
	got, ok := strings.CutPrefix(r.Joined(p.header), p.scheme)
	if !ok {
		return "", channel.Refuse(channel.Malformed)
	}
	return got, nil
}

func verify(a channel.Account, r channel.Request) error {
	p, ok := claimed(r)
	if !ok {
		return channel.Refuse(channel.NoSignature)
	}
	got, err := p.proof(r)
	if err != nil {
		return err
	}
	return signature.Token(a.Values(p.secret), got)
}

func parse(_ channel.Account, r channel.Request) ([]events.Event, error) {
	p, _ := claimed(r)
	switch p.secret {
	case skillSecret:
		return parseSkill(r)
	case adminKey:
		return parseRelation(r)
	case resultSecret:
		return parseResults(r)
	}
	return parseTalk(r)
}

// ack is what the product wants to hear. The chatbot shows it to the person, within
// five seconds or not at all; the hub wants a code.
func ack(a channel.Account, r channel.Request, _ channel.Receipt) channel.Response {
	p, _ := claimed(r)
	switch p.secret {
	case skillSecret:
		return answerJSON(skillAnswer(a, r))
	case talkSecret:
		return answerJSON(map[string]int{"code": 0})
	}
	return channel.Response{}
}

func answerJSON(v any) channel.Response {
	body, err := channel.JSON(v)
	if err != nil {
		return channel.Response{}
	}
	return channel.Response{Status: http.StatusOK, ContentType: "application/json", Body: string(body)}
}

// unsupported is e as an event that we have no words for.
func unsupported(e events.Event, kind, reason string, raw []byte) events.Event {
	channel.Unsupported(&e, kind, reason, raw)
	if e.Key == "" {
		e.Key = "event:" + channel.Digest(raw)
	}
	return e
}

// fields are those of the pairs of name and value that have a value.
func fields(pairs ...string) []events.Field {
	var list []events.Field
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			list = append(list, events.Field{Name: pairs[i], Value: pairs[i+1]})
		}
	}
	return list
}
