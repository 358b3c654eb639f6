package meta_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/internal/meta"
	"github.com/relais-dev/relais/shared/channel"
)

var dialect = meta.Dialect{Object: "page", Scheme: events.MessengerPSID, Scope: "page"}

// page is what becomes of updates, a JSON array's elements.
func page(t *testing.T, updates string) []events.Event {
	t.Helper()
	evs, err := dialect.Events(channel.Request{Body: []byte(`{"object":"page","entry":[{"messaging":[` + updates +
		`],"time":1785600000123,"id":"1"}]}`)})
	if err != nil {
		t.Fatal(err)
	}
	return evs
}

const from = `"sender":{"id":"7"},"recipient":{"id":"1"},"timestamp":1785600000100`

// What lacks what it must have is kept, and takes nothing else with it.
func TestUpdateMalformed(t *testing.T) {
	const good = `{` + from + `,"message":{"mid":"m","text":"still here"}}`
	for _, update := range []string{
		`null`, `1`, `"x"`, `[]`, `{}`, `{` + from + `}`, `{"message":{"mid":"m_1","text":"by nobody"}}`,
		`{` + from + `,"message":null}`, `{` + from + `,"message":7}`, `{` + from + `,"message":{}}`,
		`{` + from + `,"message":{"mid":{}}}`,
		`{` + from + `,"postback":7}`, `{` + from + `,"reaction":{"mid":"m_1","action":"stare"}}`,
		`{` + from + `,"reaction":{"action":"react"}}`,
		`{` + from + `,"message_edit":{"mid":"m_1","num_edit":1}}`, `{` + from + `,"message_edit":{"text":"x"}}`,
		`{` + from + `,"read":{}}`, `{` + from + `,"read":{"watermark":"soon"}}`,
		`{` + from + `,"delivery":{"mids":["a","b"]}}`,
		`{` + from + `,"referral":{}}`, `{` + from + `,"referral":[]}`, `{` + from + `,"pass_thread_control":{}}`,
		`{"recipient":{"id":"1"},"optin":{}}`, `{"recipient":{"id":"1"},"app_roles":{}}`,
		`{"recipient":{"id":"1"},"policy_enforcement":{}}`,
		`{"sender":"7",` + from[len(`"sender":{"id":"7"},`):] + `,"message":{"mid":"m_1"}}`,
	} {
		evs := page(t, update+","+good)
		if len(evs) != 2 || evs[0].Type != events.IngestUnsupported || evs[0].Data.Unsupported.Reason != channel.Malformed {
			t.Errorf("%s becomes %+v", update, evs[0])
			continue
		}
		if m := evs[1].Data.Message; m == nil || m.Content[0].Text.Body != "still here" {
			t.Errorf("after %s the good update became %+v", update, evs[1])
		}
	}
}

func TestBodyMalformed(t *testing.T) {
	for _, body := range []string{``, `{`, `[]`, `{}`, `{"object":""}`, `{"object":"page"}x`} {
		if _, err := dialect.Events(channel.Request{Body: []byte(body)}); err == nil {
			t.Errorf("%s is read", body)
		}
	}
	for body, want := range map[string]string{
		`{"object":"user","entry":[]}`:                                                       "object:user",
		`{"object":"page","entry":[7]}`:                                                      "entry",
		`{"object":"page","entry":[{"id":"1","messaging":[]}]}`:                              "entry",
		`{"object":"page","entry":[{"id":"1","changes":[{"value":{}}]}]}`:                    "change",
		`{"object":"page","entry":[{"id":"1","changes":[{"field":"feed"}]}]}`:                "feed",
		`{"object":"page","entry":[{"id":"1","changes":[{"field":"messages"}]}]}`:            "messages",
		`{"object":"page","entry":[{"id":"1","changes":[{"field":"messages","value":[]}]}]}`: "messages",
	} {
		evs, err := dialect.Events(channel.Request{Body: []byte(body)})
		if err != nil || len(evs) != 1 || evs[0].Data.Unsupported == nil || evs[0].Data.Unsupported.Kind != want {
			t.Errorf("%s becomes %+v, %v", body, evs, err)
		}
	}
}

// A redelivery has the same keys, whenever its entry was made.
func TestRedeliveryHasTheSameKeys(t *testing.T) {
	for _, fact := range []string{
		`"message":{"mid":"m_1","text":"a"}`, `"message":{"mid":"m_1","is_deleted":true}`, `"postback":{"title":"a"}`,
		`"referral":{"ref":"a"}`,
		`"reaction":{"mid":"m_1","action":"react"}`, `"message_edit":{"mid":"m_1","text":"a","num_edit":2}`,
		`"read":{"watermark":1785600031000}`,
		`"delivery":{"mids":["a"],"watermark":1785600031000}`, `"optin":{"ref":"a"}`,
		`"take_thread_control":{"new_owner_app_id":"2"}`,
		`"account_linking":{"status":"linked","authorization_code":"a"}`,
	} {
		body := `{"object":"page","entry":[{"id":"1","time":1785600000123,"messaging":[{` + from + `,` + fact + `}]}]}`
		first, err := dialect.Events(channel.Request{Body: []byte(body)})
		again, err2 := dialect.Events(channel.Request{Body: []byte(strings.Replace(body, "0123,", "9999,", 1))})
		if err != nil || err2 != nil || len(first) == 0 || first[0].Type == events.IngestUnsupported {
			t.Fatalf("%s becomes %+v, %v, %v", fact, first, err, err2)
		}
		for i := range first {
			if first[i].Key != again[i].Key {
				t.Errorf("%s has the keys %q and %q", fact, first[i].Key, again[i].Key)
			}
		}
	}
}

func TestEditsCount(t *testing.T) {
	for number, want := range map[string]int64{`0`: 1, `1`: 1, `5`: 5, `"3"`: 3, `-1`: 1785600000100,
		`"x"`: 1785600000100, `null`: 1785600000100} {
		e := page(t, `{`+from+`,"message_edit":{"mid":"m_1","text":"a","num_edit":`+number+`}}`)[0]
		if got := e.Data.Message.Revision; got != want {
			t.Errorf("num_edit %s gives revision %d, want %d", number, got, want)
		}
	}
}

// Ids beyond 2^53 keep their digits, however they are written.
func TestIDsStayText(t *testing.T) {
	e := page(t, `{"sender":{"id":9007199254740993},"recipient":{"id":1},"timestamp":"1785600000100",`+
		`"message":{"mid":"m_1","text":"a"}}`)[0]
	if got := e.Data.Contact.Identities[0]; got.Value != "9007199254740993" || got.Scope != "page:1" {
		t.Errorf("the sender is %+v", got)
	}
}

// FuzzUpdate grows one update of a batch: whatever it is, its neighbour comes out.
func FuzzUpdate(f *testing.F) {
	f.Add(`{` + from + `,"message":{"mid":"m_1","text":"a","attachments":[{"type":"template",` +
		`"payload":{"template_type":"generic","elements":[{}]}}]}}`)
	f.Add(`{` + from + `,"optin":{"type":"notification_messages","notification_messages_token":"t","payload":"p"}}`)
	f.Fuzz(func(t *testing.T, update string) {
		body := `{"object":"page","entry":[{"id":"1","messaging":[{` + from + `,"read":{"mid":"m"}},` + update + `]}]}`
		evs, err := dialect.Events(channel.Request{Body: []byte(body)})
		if err != nil || !json.Valid([]byte(body)) {
			return
		}
		if len(evs) < 2 {
			t.Fatalf("%d events, want 2", len(evs))
		}
	})
}
