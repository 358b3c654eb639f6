package messenger_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/messenger"
	"github.com/relais-dev/relais/functions/channels/messenger/play"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/exam"
	stage "github.com/relais-dev/relais/shared/stage/play"
	"github.com/relais-dev/relais/shared/stage/sample"
)

func Test(t *testing.T)             { exam.Run(t, messenger.Channel, play.Platform) }
func FuzzChannel(f *testing.F)      { exam.Fuzz(f, messenger.Channel, play.Platform) }
func BenchmarkChannel(b *testing.B) { exam.Bench(b, messenger.Channel, play.Platform) }

// The published vector; its backslashes are literal.
const (
	vectorSecret = "3f1d0c9b8a7e6d5c4b3a29181706f5e4"
	vectorBody   = `{"object":"page","entry":[{"id":"100000000000007","time":1785600000123,` +
		`"messaging":[{"sender":{"id":"7000000000000001"},"recipient":{"id":"100000000000007"},"timestamp":1785600000100,` +
		`"message":{"mid":"m_TEST1","text":"Caf\u00e9 \u2615"}}]}]}`
	vectorSignature = "sha256=214817f117707d0080e94eb34e89dd193455137b6f85cca84a82bab717b53e0a"
)

var sent = time.Date(2026, 8, 1, 16, 0, 0, 1e8, time.UTC)

func account(secrets string) channel.Account {
	a, err := channel.ParseAccount("demo", "",
		[]byte(`{"app_secret":`+secrets+`,"verify_token":"t","app_id":"200000000000001"}`), nil)
	if err != nil {
		panic(err)
	}
	return a
}

func request(body string) channel.Request {
	return channel.Request{Method: "POST", Header: http.Header{}, Body: []byte(body), Received: sent.Add(time.Minute)}
}

func TestVerify(t *testing.T) {
	right := `"` + vectorSecret + `"`
	for _, tc := range []struct{ name, secrets, body, want string }{
		{"vector", right, vectorBody, ""},
		{"the second app's secret", `["other",` + right + `]`, vectorBody, ""},
		{"another secret", `"other"`, vectorBody, channel.BadSignature},
		{"body encoded anew", right, strings.NewReplacer(`\u00e9`, "é", `\u2615`, "☕").Replace(vectorBody),
			channel.BadSignature},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := request(tc.body)
			r.Header.Set("X-Hub-Signature-256", vectorSignature)
			got := ""
			if err := messenger.Channel.Verify(account(tc.secrets), r); err != nil {
				got = channel.RefusalReason(err)
			}
			if got != tc.want {
				t.Errorf("reason is %q, want %q", got, tc.want)
			}
		})
	}
}

// parse is what becomes of updates, a JSON array's elements.
func parse(t *testing.T, updates string) []events.Event {
	t.Helper()
	body := `{"object":"page","entry":[{"id":"100000000000007","time":1785600000123,"messaging":[` + updates + `]}]}`
	evs, err := messenger.Channel.Events(account(`"s"`), request(body))
	if err != nil {
		t.Fatal(err)
	}
	return evs
}

const (
	customer = `"sender":{"id":"7000000000000001"},"recipient":{"id":"100000000000007"},"timestamp":1785600000100`
	page     = `"sender":{"id":"100000000000007"},"recipient":{"id":"7000000000000001"},"timestamp":1785600000100`
)

// A window that is not open would let an answer fail; one that is not seen, forbid it.
func TestWindow(t *testing.T) {
	for fact, opens := range map[string]bool{
		`"message":{"mid":"m_1","text":"hi"}`:                                        true,
		`"message":{"mid":"m_1","text":"M","quick_reply":{"payload":"M"}}`:           true,
		`"postback":{"mid":"m_1","title":"Go","payload":"GO"}`:                       true,
		`"reaction":{"mid":"m_1","action":"react","reaction":"love"}`:                true,
		`"reaction":{"mid":"m_1","action":"unreact"}`:                                false,
		`"referral":{"source":"ADS","type":"OPEN_THREAD","ad_id":"1"}`:               true,
		`"referral":{"source":"SHORTLINK","type":"OPEN_THREAD","ref":"a"}`:           false,
		`"optin":{"ref":"basket-7"}`:                                                 true,
		`"optin":{"type":"notification_messages","notification_messages_token":"t"}`: false,
		`"message_edit":{"mid":"m_1","text":"ho","num_edit":1}`:                      false,
		`"message":{"mid":"m_1","is_deleted":true}`:                                  false,
		`"read":{"watermark":1785600031000}`:                                         false,
	} {
		for _, e := range parse(t, "{"+customer+","+fact+"}") {
			w := e.Data.Conversation.Window
			if (w != nil) != opens || opens && !w.ClosesAt.Equal(sent.Add(24*time.Hour)) {
				t.Errorf("%s: %s has the window %+v", fact, e.Type, w)
			}
		}
	}
	if e := parse(t, `{`+page+
		`,"message":{"mid":"m_1","text":"hi","is_echo":true}}`)[0]; e.Data.Conversation.Window != nil {
		t.Error("an echo opens the window")
	}
}

func TestEchoes(t *testing.T) {
	for fact, want := range map[string]string{
		`"app_id":263902037430900`:   "app",
		`"app_id":"263902037430900"`: "app",
		`"x":0`:                      "app",
		`"app_id":200000000000001`:   "api",
		`"app_id":"200000000000002"`: "other",
	} {
		for _, mark := range []string{`"is_echo":true`, `"y":0`} { // without the mark the sender tells
			e := parse(t, `{`+page+`,"message":{"mid":"m_1","text":"hi",`+mark+`,`+fact+`}}`)[0]
			if m := e.Data.Message; e.Type != events.MessageEchoed || m.Origin != want || m.Actor.Role != events.Agent {
				t.Errorf("%s: %s of origin %q by %q", fact, e.Type, m.Origin, m.Actor.Role)
			}
			if got := e.Data.Conversation.PlatformID; got != "7000000000000001" {
				t.Errorf("%s: is in the conversation with %q", fact, got)
			}
		}
	}
}

func TestLocationAndBooking(t *testing.T) {
	e := parse(t, `{`+customer+`,"message":{"mid":"m_1","attachments":[
		{"type":"location","payload":{"coordinates":{"lat":0,"long":-16.5}}},
		{"type":"location","payload":{"coordinates":{"lat":1}}},
		{"type":"appointment_booking","payload":{"booking_id":7,"status":"PENDING"}}]}}`)[0]
	got := e.Data.Message.Content
	want := []events.Content{
		{Kind: events.KindLocation, Location: &events.Location{Latitude: 0, Longitude: -16.5}},
		events.NewUnsupported("location", "without coordinates",
			[]byte(`{"type":"location","payload":{"coordinates":{"lat":1}}}`)),
		{Kind: events.KindInteraction, Interaction: &events.Interaction{
			Kind: events.TimeAnswer, Option: "7", Values: []events.Field{{Name: "status", Value: "PENDING"}},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("content (-want +got):\n%s", diff)
	}
}

// A platform is the double as an HTTP client; it keeps what it posts.
type platform struct {
	sample.Set
	posts []channel.Request
}

func (p *platform) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	answer := play.Platform.Answer(p.Account, stage.Call{Host: r.URL.Host, Request: channel.Request{
		Method: r.Method, Path: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery, Header: r.Header, Body: body, Received: p.Now,
	}})
	p.posts = append(p.posts, answer.Posts...)
	return &http.Response{StatusCode: answer.Status, Header: answer.Header,
		Body: io.NopCloser(bytes.NewReader(answer.Body))}, nil
}

// The echo of what we sent names our part, by which the router knows it.
func TestEchoNamesOurPart(t *testing.T) {
	set, err := sample.Read(".")
	if err != nil {
		t.Fatal(err)
	}
	p := &platform{Set: set}
	o := channel.Outgoing{ID: "msg_a.1",
		To:      channel.Recipient{Conversation: events.Conversation{PlatformID: "7000000000000001"}},
		Content: []events.Content{events.NewText("hi")}, Heard: set.Now}
	done, err := messenger.Channel.Send(t.Context(), channel.Env{Account: set.Account, HTTP: p, Now: set.Now}, o)
	if err != nil {
		t.Fatal(err)
	}
	echo := p.posts[0]
	echo.Received = set.Now
	evs, err := messenger.Channel.Events(set.Account, echo)
	if err != nil {
		t.Fatal(err)
	}
	if e := evs[0]; e.Type != events.MessageEchoed || e.Data.Message.PlatformID != done.IDs[0] {
		t.Errorf("the first post is %s", e.Type)
	}
	want := []events.Field{{Name: "app_id", Value: "200000000000001"}, {Name: "correlation", Value: "msg_a.1"}}
	if diff := cmp.Diff(want, evs[0].Data.Message.Metadata); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
}
