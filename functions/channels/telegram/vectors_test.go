package telegram_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/telegram"
	"github.com/relais-dev/relais/shared/channel"
)

const secret = "tg_Secret-0123456789"

func account() channel.Account {
	return channel.NewAccount("demo", "https://relais.example/webhooks/telegram/demo",
		map[string]string{"secret_token": secret})
}

func request(body string, tokens ...string) channel.Request {
	r := channel.Request{Method: "POST", Header: http.Header{}, Body: []byte(body),
		Received: time.Unix(1785600000, 0).UTC()}
	if tokens != nil {
		r.Header["X-Telegram-Bot-Api-Secret-Token"] = tokens
	}
	return r
}

func eventsOf(t *testing.T, body string) []events.Event {
	t.Helper()
	evs, err := telegram.Channel.Events(account(), request(body))
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return evs
}

func one(t *testing.T, body string) events.Event {
	t.Helper()
	evs := eventsOf(t, body)
	if len(evs) != 1 {
		t.Fatalf("%s: %d events, want 1", body, len(evs))
	}
	return evs[0]
}

func TestVerify(t *testing.T) {
	for _, tt := range []struct {
		name   string
		tokens []string
		want   string // reason; empty accepts
	}{
		{"exact", []string{secret}, ""},
		{"other case", []string{"tg_secret-0123456789"}, channel.BadSignature},
		{"trailing space", []string{secret + " "}, channel.Malformed},
		{"absent", nil, channel.NoSignature},
		{"two headers", []string{secret, secret}, channel.Malformed},
		{"two headers, first is wrong", []string{"x", secret}, channel.Malformed},
		{"joined by API Gateway", []string{secret + "," + secret}, channel.Malformed},
		{"empty", []string{""}, channel.NoSignature},
		{"a prefix", []string{secret[:19]}, channel.BadSignature},
		{"longer than Telegram allows", []string{strings.Repeat("a", 257)}, channel.Malformed},
		{"its digest", []string{"b7f277c69d7208af0dbd8ec131f2e678e9443f7bd618ab3e6bd2f6a92b7bef22"}, channel.BadSignature},
	} {
		err := telegram.Channel.Verify(account(), request(`{"update_id":1}`, tt.tokens...))
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v, want accepted", tt.name, err)
		case tt.want != "" && (err == nil || channel.RefusalReason(err) != tt.want):
			t.Errorf("%s: %v, want refused as %s", tt.name, err, tt.want)
		}
	}
}

func TestBodies(t *testing.T) {
	for _, body := range []string{``, `null`, `[]`, `7`, `"x"`, `{}`, `{"update_id":1`, `{"update_id":1}{}`,
		`{"message":{}}`,
		`{"update_id":{},"message":{}}`, `{"update_id":1.5}`, `{"update_id":null,"poll":{}}`,
		`{"update_id":99999999999999999999}`} {
		if evs, err := telegram.Channel.Events(account(), request(body)); err == nil {
			t.Errorf("%s: %d events, want an error", body, len(evs))
		} else if strings.Contains(err.Error(), "99999") {
			t.Errorf("%s: error quotes content: %v", body, err)
		}
	}
	if evs := eventsOf(t, `{"update_id":1}`); len(evs) != 0 {
		t.Errorf("an update that says nothing gives %d events, want 0", len(evs))
	}
}

// What has lost a part that it cannot do without is kept as it came.
func TestMalformedMembers(t *testing.T) {
	for _, part := range []string{
		`"message":{}`, `"message":{"message_id":1,"chat":{}}`, `"edited_message":[]`, `"channel_post":"x"`,
		`"callback_query":{}`,
		`"inline_query":{}`, `"pre_checkout_query":{}`, `"shipping_query":{"id":[]}`, `"message_reaction":{}`,
		`"my_chat_member":{}`,
		`"chat_member":{"chat":{"id":1},"old_chat_member":{},"new_chat_member":{}}`, `"chat_join_request":{}`,
		`"chat_boost":{}`,
		`"deleted_business_messages":{"chat":{"id":1}}`,
	} {
		e := one(t, `{"update_id":5,`+part+`}`)
		kind, raw, _ := strings.Cut(part, ":")
		want := &events.Unsupported{Kind: strings.Trim(kind, `"`), Reason: channel.Malformed, Raw: raw}
		if diff := cmp.Diff(want, e.Data.Unsupported); e.Type != events.IngestUnsupported || diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", part, e.Type, diff)
		}
	}
}

// The bot's own chat, a business account's and a guest's may have the same number
// and count their messages from one each: nothing of theirs may be taken for the other's.
func TestChatsOfEqualNumber(t *testing.T) {
	seen := map[string]string{}
	for _, extra := range []string{``, `,"business_connection_id":"c1"`, `,"business_connection_id":"c2"`,
		`,"guest_query_id":"g"`} {
		e := one(t, `{"update_id":5,"message":{"message_id":1,"date":1785600000,"chat":{"id":7,"type":"private"},`+
			`"from":{"id":7},"text":"a"`+extra+`}}`)
		for _, id := range []string{e.ID, e.Data.Conversation.ID, e.Data.Message.ID} {
			if other, ok := seen[id]; ok {
				t.Errorf("%q and %q share the id %s", extra, other, id)
			}
			seen[id] = extra
		}
	}
}

// A second edit within the same second is another event; a redelivery is not.
func TestEditsWithinOneSecond(t *testing.T) {
	edit := func(update, text string) events.Event {
		return one(t, `{"update_id":`+update+
			`,"edited_message":{"message_id":1,"date":1785600000,"edit_date":1785600009,"chat":{"id":7,"type":"private"},`+
			`"text":"`+text+`"}}`)
	}
	first, again, second := edit("5", "a"), edit("5", "a"), edit("6", "b")
	if first.ID != again.ID || first.ID == second.ID {
		t.Errorf("ids %s, redelivered %s, edited again %s", first.ID, again.ID, second.ID)
	}
	if first.Data.Message.ID != second.Data.Message.ID || first.Rank != 5 || second.Rank != 6 {
		t.Errorf("message ids %s and %s, ranks %d and %d", first.Data.Message.ID, second.Data.Message.ID, first.Rank,
			second.Rank)
	}
}

// An edit is never the original, even where Telegram leaves out when it was made.
func TestEditWithoutDate(t *testing.T) {
	for date, want := range map[string]int64{`,"date":1785600000`: 1785600000, ``: 1} {
		e := one(t, `{"update_id":5,"edited_message":{"message_id":1,"chat":{"id":7,"type":"private"},"text":"a"`+date+`}}`)
		if got := e.Data.Message.Revision; got != want {
			t.Errorf("revision %d, want %d", got, want)
		}
	}
}

// Messages without an id must not be taken for each other.
func TestMessagesWithoutID(t *testing.T) {
	body := func(update, extra string) string {
		return `{"update_id":` + update +
			`,"message":{"message_id":0,"date":1785600000,"chat":{"id":-9,"type":"supergroup"},"from":{"id":7},"text":"a"` +
			extra + `}}`
	}
	keys := map[string]bool{}
	for _, b := range []string{body("5", ""), body("6", ""), body("7", `,"ephemeral_message_id":3`),
		body("8", `,"ephemeral_message_id":3,"receiver_user":{"id":1}`),
		body("9", `,"ephemeral_message_id":3,"receiver_user":{"id":2}`)} {
		keys[one(t, b).Key] = true
	}
	if len(keys) != 5 {
		t.Errorf("5 messages have %d keys", len(keys))
	}
}

func TestTimesAndNumbersOutOfRange(t *testing.T) {
	for _, n := range []string{"-1", "0", "253402300800", "9223372036854775807"} {
		body := strings.ReplaceAll(`{"update_id":-3,"message":{"message_id":1,"date":N,"chat":{"id":7},
			"business_connection_id":"c",
			"forward_origin":{"type":"user","date":N},
			"location":{"latitude":1,"longitude":2,"live_period":N},"voice":{"file_id":"f","duration":N}}}`, "N", n)
		e := one(t, body)
		if _, err := json.Marshal(e); err != nil {
			t.Errorf("%s: %v", n, err)
		}
		if !e.Time.Equal(e.RecordedTime) || e.Data.Message.Content[0].Media.DurationMS < 0 {
			t.Errorf("%s: time %s, duration %d", n, e.Time, e.Data.Message.Content[0].Media.DurationMS)
		}
	}
	last := one(t, `{"update_id":3,"message":{"message_id":1,"date":250000000000,"chat":{"id":7},"from":{"id":7},`+
		`"business_connection_id":"c","location":{"live_period":2147483646}}}`)
	if _, err := json.Marshal(last); err != nil || last.Data.Conversation.Window == nil ||
		last.Data.Message.Content[0].Location.Until.IsZero() {
		t.Errorf("the last time we believe: %v, %+v", err, last.Data)
	}
}

func TestEntitiesOutsideTheText(t *testing.T) {
	e := one(t, `{"update_id":1,"message":{"message_id":1,"chat":{"id":7},"text":"😀a",
		"entities":[{"type":"bold","offset":0,"length":3},{"type":"bold","offset":2,"length":2},
		{"type":"bold","offset":-1,"length":1},{"type":"bold","offset":0,"length":0},
		{"type":"bold","offset":3,"length":9223372036854775807}]}}`)
	want := []events.Entity{{Type: "bold", Offset: 0, Length: 3}}
	if diff := cmp.Diff(want, e.Data.Message.Content[0].Text.Entities); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Only Telegram's word makes a number the writer's own, and only digits a phone.
func TestOwnNumber(t *testing.T) {
	for _, tt := range []struct{ contact, extra, want string }{
		{`{"phone_number":"351910000001","user_id":7}`, ``, "+351910000001"},
		{`{"phone_number":"+351910000001","user_id":7}`, ``, "+351910000001"},
		{`{"phone_number":"351910000001","user_id":8}`, ``, ""},
		{`{"phone_number":"351910000001"}`, ``, ""},
		{`{"phone_number":"+351 910","user_id":7}`, ``, ""},
		{`{"phone_number":"+","user_id":7}`, ``, ""},
	} {
		e := one(t, `{"update_id":1,"message":{"message_id":1,"chat":{"id":7},"from":{"id":7,"first_name":"A"},"contact":`+
			tt.contact+tt.extra+`}}`)
		if got := e.Data.Contact.Phone; got != tt.want {
			t.Errorf("%s: phone %q, want %q", tt.contact, got, tt.want)
		}
	}
}

func TestStartPayload(t *testing.T) {
	for text, want := range map[string]string{
		"/start abc_-9": "abc_-9", "/start@shop_bot abc": "abc", "/start": "", "/start a b": "", "/start ä": "",
		"/started abc":  "",
		"hi /start abc": "", "/start " + strings.Repeat("a", 64): strings.Repeat("a", 64),
		"/start " + strings.Repeat("a", 65): "",
	} {
		body, err := json.Marshal(map[string]any{"update_id": 1,
			"message": map[string]any{"message_id": 1, "chat": map[string]any{"id": 7}, "text": text}})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if r := one(t, string(body)).Data.Message.Referral; r != nil {
			got = r.Payload
		}
		if got != want {
			t.Errorf("%q: payload %q, want %q", text, got, want)
		}
	}
}

func TestReactionsToAndFro(t *testing.T) {
	reaction := func(update, old, new string) []events.Event {
		return eventsOf(t, `{"update_id":`+update+
			`,"message_reaction":{"chat":{"id":7,"type":"private"},"message_id":3,"user":{"id":7},"date":1785600000,`+
			`"old_reaction":[`+old+`],"new_reaction":[`+new+`]}}`)
	}
	like := `{"type":"emoji","emoji":"👍"}`
	keys := map[string]events.Type{}
	for _, evs := range [][]events.Event{reaction("1", "", like), reaction("2", like, ""),
		reaction("3", "", like+","+like)} {
		if len(evs) != 1 {
			t.Fatalf("%d events, want 1", len(evs))
		}
		keys[evs[0].Key] = evs[0].Type
	}
	if len(keys) != 3 {
		t.Errorf("added, removed and added again within a second: %v", keys)
	}
	same := reaction("4", like, like)
	if len(same) != 1 || same[0].Type != events.IngestUnsupported {
		t.Errorf("nothing changed: %d events, first %s", len(same), same[0].Type)
	}
}

// A rich message that nests without end is kept, not followed.
func TestDeepRichMessage(t *testing.T) {
	deep := strings.Repeat(`{"type":"blockquote","blocks":[`, 3000) + `{"type":"paragraph","text":"x"}` +
		strings.Repeat(`]}`, 3000)
	wide := strings.Repeat(`[`, 4000) + strings.Repeat(`]`, 4000)
	for name, blocks := range map[string]string{"blocks": deep, "text": `{"type":"paragraph","text":` + wide + `}`} {
		e := one(t, `{"update_id":1,"message":{"message_id":1,"chat":{"id":7},"rich_message":{"blocks":[`+blocks+`]}}}`)
		c := e.Data.Message.Content
		if last := c[len(c)-1]; last.Kind != events.KindUnsupported {
			t.Errorf("%s: last part is %s, want unsupported", name, last.Kind)
		}
	}
}

// No valid update may come to nothing or to an event that the core refuses.
func FuzzUpdate(f *testing.F) {
	f.Add(`{"message_id":1,"chat":{"id":7},"text":"a"}`, "message")
	f.Add(`{"message_id":1,"chat":{"id":-7,"type":"group"},"date":1,"rich_message":{"blocks":[{"type":"list",`+
		`"items":[{"label":"1","blocks":[{"type":"paragraph","text":["a",{"type":"bold","text":"b"}]}]}]}]}}`,
		"edited_message")
	f.Add(`{"chat":{"id":7},"message_id":1,"old_reaction":[{"type":"emoji","emoji":"a"}],`+
		`"new_reaction":[{"type":"paid"}]}`, "message_reaction")
	f.Add(`{"chat":{"id":7},"old_chat_member":{"status":"left"},"new_chat_member":{"status":"member","user":{"id":1}}}`,
		"my_chat_member")
	f.Add(`{"id":"1","from":{"id":7},"message":{"message_id":1,"chat":{"id":7}},"data":"x"}`, "callback_query")
	f.Fuzz(func(t *testing.T, part, kind string) {
		name, err := json.Marshal(kind)
		if err != nil || !json.Valid([]byte(part)) || strings.EqualFold(kind, "update_id") {
			return
		}
		evs, err := telegram.Channel.Events(account(), request(`{"update_id":1,`+string(name)+`:`+part+`}`))
		if err != nil {
			t.Fatal(err)
		}
		if len(evs) == 0 {
			t.Fatal("no events")
		}
		for _, e := range evs {
			if _, err := json.Marshal(e); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// A service message says which message it is about.
func TestServiceMessagesNameTheirSubject(t *testing.T) {
	for field, member := range map[string]string{
		"checklist_tasks_done": "checklist_message", "checklist_tasks_added": "checklist_message",
		"poll_option_added":       "poll_message",
		"suggested_post_approved": "suggested_post_message", "suggested_post_paid": "suggested_post_message",
		"giveaway_completed": "giveaway_message",
	} {
		about := `{"` + member + `":{"message_id":41}}`
		e := one(t, `{"update_id":1,"message":{"message_id":42,"date":1785600000,"chat":{"id":7},"`+field+`":`+about+`}}`)
		if c := e.Data.Change; c == nil || c.Field != field || c.New != about {
			t.Errorf("%s became %s %+v", field, e.Type, c)
		}
	}
}
