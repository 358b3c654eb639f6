package wechat

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/relais-dev/relais/events"
)

const head = "<xml><ToUserName>gh_1</ToUserName>"

func parsePlain(body string) ([]events.Event, error) {
	return parse(plainAccount(), post(vectorQuery, body))
}

func TestParseRefusesWithoutContent(t *testing.T) {
	for _, v := range []struct{ name, body, place string }{
		{"no document", "success canary", "message: xml at byte 0"},
		{"DOCTYPE", "<!DOCTYPE xml><xml></xml>", "message: xml at byte 0"},
	} {
		_, err := parsePlain(v.body)
		if err == nil || !strings.Contains(err.Error(), v.place) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: parse = %v, want an error naming %s and no content", v.name, err, v.place)
		}
	}
	if _, err := parse(safeAccount(), post(vectorQuery, vector2Text)); err == nil {
		t.Error("an account with a key parses an unencrypted push")
	}
}

// What is well-formed is told, whatever it says.
func TestWellFormedIsTold(t *testing.T) {
	for name, body := range map[string]string{
		"repeated element": head + "<FromUserName>a</FromUserName><FromUserName>b</FromUserName></xml>",
		"message without an id": head +
			"<FromUserName>a</FromUserName><CreateTime>1785600000</CreateTime><MsgType>text</MsgType></xml>",
		"message of nobody": head + "<CreateTime>1785600000</CreateTime><MsgType>text</MsgType><MsgId>1</MsgId></xml>",
		"event of nobody":   head + "<CreateTime>1785600000</CreateTime><MsgType>event</MsgType><Event>CLICK</Event></xml>",
	} {
		evs, err := Channel.Events(plainAccount(), post(vectorQuery, body))
		if err != nil || len(evs) != 1 || evs[0].Type != events.IngestUnsupported || evs[0].Data.Unsupported.Raw != body {
			t.Errorf("%s: parse = %+v, %v", name, evs, err)
		}
	}
}

// A message whose time cannot be read is of the moment at which it came.
func TestUnreadableTimes(t *testing.T) {
	received := post(vectorQuery, "").Received
	for text, want := range map[string]time.Time{
		"": received, "canary": received, "178560000": received, "999999999999999": received,
		"1785600000": time.Unix(1785600000, 0), "1785600000123": time.UnixMilli(1785600000123),
	} {
		body := head + "<FromUserName>a</FromUserName><CreateTime>" + text +
			"</CreateTime><MsgType>text</MsgType><Content>x</Content><MsgId>1</MsgId></xml>"
		evs, err := Channel.Events(plainAccount(), post(vectorQuery, body))
		if err != nil || len(evs) != 1 || !evs[0].Time.Equal(want) || evs[0].Data.Conversation.Window.ClosesAt.IsZero() {
			t.Errorf("%q: %+v, %v", text, evs, err)
		}
	}
}

// The sheet's key for events: sender, time, event and event key.
func TestKeys(t *testing.T) {
	click := func(from, time, key string) string {
		return head + "<FromUserName>" + from + "</FromUserName><CreateTime>" + time +
			"</CreateTime><MsgType>event</MsgType><Event>CLICK</Event><EventKey>" + key + "</EventKey></xml>"
	}
	seen := map[string]string{}
	for _, body := range []string{click("a", "1785600000", "k"), click("b", "1785600000", "k"),
		click("a", "1785600001", "k"), click("a", "1785600000", "l"), click("a", "1785600000", "")} {
		evs, err := parsePlain(body)
		if err != nil || len(evs) != 1 {
			t.Fatalf("parse = %v, %v", evs, err)
		}
		if other, twice := seen[evs[0].Key]; twice {
			t.Errorf("%s and %s have the key %s", other, body, evs[0].Key)
		}
		seen[evs[0].Key] = body
	}
}

// XML and JSON of one message give one event.
func TestFormsAgree(t *testing.T) {
	x, err := parsePlain(vector2Text)
	if err != nil {
		t.Fatal(err)
	}
	j, err := parsePlain(`{"ToUserName":"gh_0a1b2c3d4e5f","FromUserName":"oDemoOpenid0001","CreateTime":1785600000,` +
		`"MsgType":"text",` +
		`"Content":"你好","MsgId":25012345678901234}`)
	if err != nil {
		t.Fatal(err)
	}
	if x[0].Key != j[0].Key || !x[0].Time.Equal(j[0].Time) ||
		x[0].Data.Message.Content[0].Text.Body != j[0].Data.Message.Content[0].Text.Body {
		t.Errorf("XML gives %+v, JSON %+v", x[0], j[0])
	}
}

// An indented document says the same as a dense one, but for what the person wrote.
func TestLayoutIsNotContent(t *testing.T) {
	evs, err := parsePlain("\ufeff" + `<?xml version="1.0" encoding="UTF-8"?>
<xml>
	<FromUserName>
		<![CDATA[o1]]>
	</FromUserName>
	<CreateTime> 1785600000 </CreateTime>
	<MsgType>
		<![CDATA[text]]>
	</MsgType>
	<Content><![CDATA[ two
lines ]]></Content>
	<MsgId> 25012345678901234 </MsgId>
</xml>
`)
	if err != nil || len(evs) != 1 || evs[0].Type != events.MessageReceived {
		t.Fatalf("parse = %+v, %v", evs, err)
	}
	e := evs[0]
	if got := e.Data.Message.Content[0].Text; got == nil || got.Body != " two\nlines " {
		t.Errorf("text is %+v", got)
	}
	if e.Key != "message:25012345678901234" || e.Data.Conversation.PlatformID != "o1" {
		t.Errorf("key %q, conversation %q", e.Key, e.Data.Conversation.PlatformID)
	}
}

// The documentation spells statuses and the id of what was sent in several ways.
func TestSpellingsOfResults(t *testing.T) {
	for _, v := range []struct {
		event, id, status string
		state             events.State
		class             string
	}{
		{"MASSSENDJOBFINISH", "<MsgID>7</MsgID>", "send success", events.Sent, ""},
		{"MASSSENDJOBFINISH", "<MsgId>7</MsgId>", "sendsuccess", events.Sent, ""},
		{"MASSSENDJOBFINISH", "<MsgID>7</MsgID>", "send fail", events.Failed, events.ClassPlatform},
		{"MASSSENDJOBFINISH", "<MsgID>7</MsgID>", "err(30003)", events.Failed, events.ClassPolicy},
		{"TEMPLATESENDJOBFINISH", "<MsgId>7</MsgId>", "success", events.Delivered, ""},
		{"TEMPLATESENDJOBFINISH", "<MsgID>7</MsgID>", "failed:user block", events.Failed, events.ClassConsent},
		{"TEMPLATESENDJOBFINISH", "<MsgID>7</MsgID>", "failed: user block", events.Failed, events.ClassConsent},
		{"TEMPLATESENDJOBFINISH", "<MsgID>7</MsgID>", "failed: system failed", events.Failed, events.ClassPlatform},
	} {
		evs, err := parsePlain(head +
			"<FromUserName>a</FromUserName><CreateTime>1785600000</CreateTime><MsgType>event</MsgType><Event>" +
			v.event + "</Event>" + v.id + "<Status>" + v.status + "</Status></xml>")
		if err != nil || len(evs) != 1 || evs[0].Data.Status == nil {
			t.Fatalf("%s %s: parse = %+v, %v", v.event, v.status, evs, err)
		}
		s, class := evs[0].Data.Status, ""
		if s.Error != nil {
			class = s.Error.Class
		}
		if s.Message.PlatformID != "7" || s.State != v.state || class != v.class {
			t.Errorf("%s %s: %s is %s %q, want 7 %s %q", v.event, v.status, s.Message.PlatformID, s.State, class, v.state,
				v.class)
		}
	}
}

// A result of message 0 is of no message that we know.
func TestResultWithoutAnID(t *testing.T) {
	evs, err := parsePlain(head +
		"<FromUserName>a</FromUserName><CreateTime>1785600000</CreateTime><MsgType>event</MsgType><Event>" +
		"TEMPLATESENDJOBFINISH</Event><MsgID>0</MsgID><Status>success</Status></xml>")
	if err != nil || len(evs) != 1 || evs[0].Type != events.IngestUnsupported {
		t.Errorf("parse = %+v, %v", evs, err)
	}
}

func TestLocationOutsideTheEarth(t *testing.T) {
	for _, v := range []struct{ lat, long string }{{"91", "0"}, {"0", "-181"}, {"NaN", "0"}, {"0", "Inf"}, {"", ""}} {
		evs, err := parsePlain(head +
			"<FromUserName>a</FromUserName><CreateTime>1785600000</CreateTime><MsgType>location</MsgType><Location_X>" +
			v.lat + "</Location_X><Location_Y>" + v.long + "</Location_Y><MsgId>1</MsgId></xml>")
		if err != nil || len(evs) != 1 || evs[0].Data.Message.Content[0].Kind != events.KindUnsupported {
			t.Errorf("%s, %s: parse = %v, %v, want unsupported content", v.lat, v.long, evs, err)
		}
	}
}

// FuzzPlaintext grows messages from the readable samples; the encrypted ones, from
// which FuzzChannel starts, hardly ever open after a change.
func FuzzPlaintext(f *testing.F) {
	files, err := filepath.Glob("testdata/plain/*")
	if err != nil || len(files) == 0 {
		f.Fatalf("testdata/plain: %v, %d files", err, len(files))
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, body string) {
		evs, err := Channel.Events(plainAccount(), post(vectorQuery, body))
		if err != nil && !strings.HasPrefix(err.Error(), "parse: ") {
			t.Fatalf("an event is invalid: %v", err)
		}
		if err == nil && len(evs) == 0 {
			t.Fatal("a push is lost")
		}
		for _, e := range evs {
			if _, err := json.Marshal(e); err != nil || strings.HasSuffix(e.Key, ":") || len(e.Raw) == 0 {
				t.Fatalf("%s with the key %q and %d bytes of raw: %v", e.Type, e.Key, len(e.Raw), err)
			}
			if m := e.Data.Message; m != nil && m.PlatformID == "" {
				t.Fatalf("%s has no platform id", e.Type)
			}
		}
	})
}
