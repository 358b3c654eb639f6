package kakaotalk

import (
	"cmp"
	"maps"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// callbackTime is how long the callback URL may be used, once.
// https://kakaobusiness.gitbook.io/main/tool/chatbot/skill_guide/ai_chatbot_callback_guide
const callbackTime = time.Minute

// optionKey is the member of a button's extra in which we put the option's id.
const optionKey = "option"

// What the chatbot says when the account has no text for it.
const (
	waitingDefault  = "확인 중입니다. 잠시만 기다려 주세요." // we are looking into it, one moment please
	receivedDefault = "메시지를 받았습니다."           // we have received your message
)

// skillAnswer asks for the callback where there is one, and else says that the
// message has arrived: a later answer could not be shown.
func skillAnswer(a channel.Account, r channel.Request) skillResponse {
	var w skillRequest
	_ = channel.Decode(r.Body, &w) // what cannot be read has no callback
	if w.UserRequest != nil && w.UserRequest.CallbackURL != "" {
		return skillResponse{Version: "2.0", UseCallback: true,
			Data: map[string]string{"text": cmp.Or(a.Value(waitingText), waitingDefault)}}
	}
	text := cmp.Or(a.Value(receivedText), receivedDefault)
	return skillResponse{Version: "2.0",
		Template: skillTemplate{Outputs: []any{map[string]simpleText{"simpleText": {Text: text}}}}}
}

// parseSkill turns a skill request into what the person said or pressed.
func parseSkill(r channel.Request) ([]events.Event, error) {
	var w skillRequest
	if channel.Decode(r.Body, &w) != nil || w.UserRequest == nil {
		return nil, channel.Malform("body is not a skill request")
	}
	s := skill{skillRequest: &w, request: w.UserRequest, received: r.Received.UTC()}
	e := s.event()
	switch {
	case s.request.User.ID == "":
		return []events.Event{unsupported(e, "skill", channel.Malformed, r.Body)}, nil
	case s.option() != "":
		e.Type, e.Data.Interaction = events.InteractionReceived, s.interaction(e.Key)
	default:
		e.Type, e.Data.Message = events.MessageReceived, s.message(e.Key, r.Body)
	}
	return []events.Event{e}, nil
}

// A skill is a skill request that is being read.
type skill struct {
	*skillRequest
	request  *userRequest
	received time.Time
}

// event is what the request is about. Kakao gives a request neither an id nor a
// time, and never repeats one: the callback URL, which is drawn for each request,
// names it, or the moment of its arrival.
func (s skill) event() events.Event {
	u := s.request.User
	unique := cmp.Or(s.request.CallbackURL, strconv.FormatInt(s.received.UnixMilli(), 10))
	e := events.Event{Key: "message:" + channel.Digest([]byte(s.request.Utterance), u.ID, s.request.Block.ID, unique)}
	if u.ID == "" {
		return e
	}
	who := &events.Contact{Identities: []events.Identity{{Scheme: events.KakaoBotUser, Value: u.ID, Scope: s.Bot.ID}},
		Locale: language(s.request.Lang)}
	if key := u.Properties.PlusFriendUserKey; key != "" {
		who.Identities = append(who.Identities, events.Identity{Scheme: events.KakaoPlusFriend, Value: key})
	}
	if id := u.Properties.AppUserID; id != "" {
		who.Identities = append(who.Identities, events.Identity{Scheme: events.KakaoAppUser, Value: string(id)})
	}
	e.Data.Contact = who
	e.Data.Conversation = &events.Conversation{PlatformID: botThread + u.ID, Kind: events.Direct, Window: s.window()}
	return e
}

// botThread begins the PlatformID of a person's chat with the chatbot.
const botThread = "bot:"

// language is BCP 47's name for lang: older bots say kr for Korean.
func language(lang string) string {
	if lang == "kr" {
		return "ko"
	}
	return lang
}

// window allows one answer at the callback URL; without one it has closed already.
func (s skill) window() *events.Window {
	if s.request.CallbackURL == "" {
		return &events.Window{Kind: "callback", ClosesAt: s.received}
	}
	return &events.Window{Kind: "callback", ClosesAt: s.received.Add(callbackTime), Messages: 1}
}

// answer is the callback URL, to be used once within its time.
func (s skill) answer() *events.Handle {
	if s.request.CallbackURL == "" {
		return nil
	}
	return &events.Handle{Token: s.request.CallbackURL, ExpiresAt: s.received.Add(callbackTime)}
}

// option is the id of the option that was pressed, "" when it was none of ours.
func (s skill) option() string {
	var extra map[string]channel.Text
	_ = channel.Decode(s.Action.ClientExtra, &extra) // what is no object has no option
	return string(extra[optionKey])
}

func (s skill) interaction(key string) *events.Interaction {
	return &events.Interaction{
		Kind: events.ButtonAnswer, Message: channel.Ref(strings.TrimPrefix(key, "message:")),
		Option: s.option(), Text: s.text(), Values: s.params(), Answer: s.answer(),
	}
}

// text is what was said, without the line break that Kakao adds.
func (s skill) text() string { return strings.TrimSpace(s.request.Utterance) }

func (s skill) message(key string, raw []byte) *events.Message {
	m := &events.Message{PlatformID: strings.TrimPrefix(key, "message:"), Actor: events.Actor{Role: events.Customer},
		Answer: s.answer()}
	m.Content = s.images()
	if text := s.text(); text != "" {
		m.Content = append([]events.Content{spoken(text)}, m.Content...)
	}
	if len(m.Content) == 0 {
		m.Content = []events.Content{events.NewUnsupported("skill", "nothing was said", raw)}
	}
	m.Metadata = append(fields("blockId", s.request.Block.ID, "blockName", s.request.Block.Name, "surface",
		s.request.Params.Surface), s.params()...)
	if f := s.request.User.Properties.IsFriend; f != nil {
		m.Metadata = append(m.Metadata, fields("isFriend", strconv.FormatBool(*f))...)
	}
	return m
}

// params are the values that the block filled in: dates, times, entities, forms.
func (s skill) params() []events.Field {
	var list []events.Field
	for _, name := range slices.Sorted(maps.Keys(s.Action.Params)) {
		list = append(list, fields("param."+name, string(s.Action.Params[name]))...)
	}
	return list
}

// images are the pictures of a secure-image plugin. Their URLs expire soon.
func (s skill) images() []events.Content {
	var list []events.Content
	for _, name := range slices.Sorted(maps.Keys(s.Action.Params)) {
		var w secureImage
		if channel.Decode([]byte(s.Action.Params[name]), &w) != nil {
			continue
		}
		text := strings.TrimSuffix(strings.TrimPrefix(w.SecureURLs, "List("), ")")
		for u := range strings.SplitSeq(text, ",") {
			if u = strings.TrimSpace(u); u != "" {
				list = append(list, linked(events.Image, u))
			}
		}
	}
	return list
}

func linked(kind, address string) events.Content {
	return events.NewMedia(events.Media{Type: kind, State: events.MediaPending, URL: address})
}

// spoken is what was said: a file that was sent comes as the URL of Kakao's store.
func spoken(text string) events.Content {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || !kakaoHost(u.Hostname()) {
		return events.NewText(text)
	}
	switch strings.ToLower(path.Ext(u.Path)) {
	case ".jpg", ".jpeg", ".png", ".gif", ".webp":
		return linked(events.Image, text)
	case ".mp4", ".mov":
		return linked(events.Video, text)
	case ".m4a", ".mp3", ".aac":
		return linked(events.Audio, text)
	case ".pdf", ".zip", ".xlsx", ".docx", ".pptx", ".hwp":
		return linked(events.File, text)
	}
	return events.NewText(text)
}

func kakaoHost(host string) bool {
	return strings.HasSuffix(host, ".kakaocdn.net") || strings.HasSuffix(host, ".kakao.com")
}
