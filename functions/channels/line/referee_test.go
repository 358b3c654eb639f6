package line_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/line/line-bot-sdk-go/v8/linebot/messaging_api"
	"github.com/line/line-bot-sdk-go/v8/linebot/webhook"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/line"
	"github.com/relais-dev/relais/functions/channels/line/play"
	"github.com/relais-dev/relais/shared/channel"
	stage "github.com/relais-dev/relais/shared/stage/play"
	"github.com/relais-dev/relais/shared/stage/sample"
)

// The tests here let LINE's own SDK judge: our signatures, what we read in a
// webhook, what we send, and the double that stands for LINE elsewhere.

func samples(t *testing.T) sample.Set {
	t.Helper()
	set, err := sample.Read(".")
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// asPosted is a sample as the SDK receives it.
func asPosted(r channel.Request) *http.Request {
	hr := httptest.NewRequest(r.Method, r.Path, bytes.NewReader(r.Body))
	hr.Header = r.Header.Clone()
	return hr
}

// unreadable are the samples of what LINE should never post: without a source, of
// the wrong types. The SDK gives up on all of such a webhook.
func unreadable(name string) bool {
	return strings.HasPrefix(name, "malformed") || name == "no_source"
}

func TestSDKVerifiesOurSignatures(t *testing.T) {
	set := samples(t)
	secret := set.Account.Value("channel_secret")
	for _, s := range set.Samples {
		r := s.Request
		play.Platform.Sign(set.Account, &r)
		_, err := webhook.ParseRequest(secret, asPosted(r))
		if errors.Is(err, webhook.ErrInvalidSignature) || (err != nil) != unreadable(s.Name) {
			t.Errorf("%s: the SDK says %v", s.Name, err)
		}
		forged := r
		forged.Body = append(bytes.Clone(r.Body), ' ')
		_, err = webhook.ParseRequest(secret, asPosted(forged))
		if !errors.Is(err, webhook.ErrInvalidSignature) || line.Channel.Verify(set.Account, forged) == nil {
			t.Errorf("%s with another body: the SDK says %v, we accept: %v", s.Name, err,
				line.Channel.Verify(set.Account, forged) == nil)
		}
	}
}

// TestSDKReadsTheSame compares the texts of messages, with their ids.
func TestSDKReadsTheSame(t *testing.T) {
	set := samples(t)
	read := 0
	for _, s := range set.Samples {
		callback, err := webhook.ParseRequest(set.Account.Value("channel_secret"), asPosted(s.Request))
		if err != nil {
			continue // judged above
		}
		want := map[string]string{}
		for _, e := range callback.Events {
			if m, ok := e.(webhook.MessageEvent); ok {
				if text, ok := m.Message.(webhook.TextMessageContent); ok {
					want[text.Id] = text.Text
				}
			}
		}
		list, err := line.Channel.Parse(set.Account, s.Request)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, e := range list {
			if m := e.Data.Message; e.Type == events.MessageReceived && m != nil && len(m.Content) > 0 &&
				m.Content[0].Text != nil {
				got[m.PlatformID] = m.Content[0].Text.Body
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-SDK +ours)\n%s", s.Name, diff)
		}
		read += len(want)
	}
	if read < 5 {
		t.Errorf("the SDK read %d texts", read)
	}
}

// shown are the requests in a golden of ours.
func shown(t *testing.T, file string) []*http.Request {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var list []*http.Request
	for _, part := range strings.Split("\n"+string(text), "\nPOST ")[1:] {
		head, rest, _ := strings.Cut(part, "\n\n")
		body, _, _ := strings.Cut(rest, "\n")
		address, _, _ := strings.Cut(head, " ")
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
	return list
}

// typeOf is the SDK's type of what is posted to a path; nil has none.
func typeOf(path string) any {
	switch path {
	case "/v2/bot/message/push":
		return &messaging_api.PushMessageRequest{}
	case "/v2/bot/message/reply":
		return &messaging_api.ReplyMessageRequest{}
	case "/v2/bot/chat/loading/start":
		return &messaging_api.ShowLoadingAnimationRequest{}
	}
	return nil
}

// TestSDKKnowsWhatWeSend decodes our requests into the SDK's types. Encoded
// again, nothing is missing and nothing has another value: a field that the SDK
// does not know would be lost on the way.
func TestSDKKnowsWhatWeSend(t *testing.T) {
	files, err := filepath.Glob("testdata/out/*.http")
	if err != nil {
		t.Fatal(err)
	}
	judged := 0
	for _, file := range files {
		for _, r := range shown(t, file) {
			typed := typeOf(r.URL.Path)
			if typed == nil { // a token is asked for by a form
				continue
			}
			body, _ := io.ReadAll(r.Body)
			if err := json.Unmarshal(body, typed); err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			again, err := json.Marshal(typed)
			if err != nil {
				t.Errorf("%s: %v", file, err)
			}
			if diff := cmp.Diff(value(t, body), value(t, again)); diff != "" {
				t.Errorf("%s (-ours +SDK's)\n%s", file, diff)
			}
			judged++
		}
	}
	if judged < 30 {
		t.Errorf("%d requests were judged", judged)
	}
}

// value is a JSON document without the fields that say nothing: the SDK writes
// some that we leave out.
func value(t *testing.T, doc []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(doc, &v); err != nil {
		t.Fatal(err)
	}
	return said(v)
}

func said(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, x := range v {
			x = said(x)
			v[name] = x
			if x == nil || reflect.ValueOf(x).IsZero() {
				delete(v, name)
			}
		}
	case []any:
		for i := range v {
			v[i] = said(v[i])
		}
	}
	return v
}

// api is LINE's own client with a token, pointed at our double.
func api(t *testing.T, set sample.Set, token string) *messaging_api.MessagingApiAPI {
	t.Helper()
	client, err := messaging_api.NewMessagingApiAPI(token,
		messaging_api.WithHTTPClient(&http.Client{Transport: sdkTransport{set}}))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// minted is a token of the double.
func minted(t *testing.T, set sample.Set) string {
	t.Helper()
	answer := play.Platform.Answer(set.Account, tokenCall(set.Account))
	var a struct {
		Token string `json:"access_token"`
	}
	if err := answer.Decode(&a); err != nil || a.Token == "" {
		t.Fatalf("the double mints %s", answer.Body)
	}
	return a.Token
}

func plain(s string) []messaging_api.MessageInterface {
	return []messaging_api.MessageInterface{messaging_api.TextMessage{Text: s}}
}

const (
	sdkUser = "U1111111111111111111111111111111a"
	sdkKey  = "5d90eb61-a1e3-820b-86b1-5c017ca1cb22"
)

// TestSDKTalksToTheDouble: what LINE's own client sends, our double takes.
func TestSDKTalksToTheDouble(t *testing.T) {
	set := samples(t)
	client := api(t, set, minted(t, set))
	push, err := client.PushMessage(&messaging_api.PushMessageRequest{To: sdkUser, Messages: plain("Hello")}, sdkKey)
	if err != nil || len(push.SentMessages) != 1 || push.SentMessages[0].Id == "" {
		t.Errorf("push: %+v, %v", push, err)
	}
	reply, err := client.ReplyMessage(&messaging_api.ReplyMessageRequest{ReplyToken: "rt", Messages: plain("Hello")})
	if err != nil || len(reply.SentMessages) != 1 {
		t.Errorf("reply: %+v, %v", reply, err)
	}
	if _, err := client.ShowLoadingAnimation(&messaging_api.ShowLoadingAnimationRequest{ChatId: sdkUser,
		LoadingSeconds: 20}); err != nil {
		t.Errorf("loading: %v", err)
	}
}

// TestDoubleRefusesTheSDK what LINE would.
func TestDoubleRefusesTheSDK(t *testing.T) {
	set := samples(t)
	client := api(t, set, minted(t, set))
	for why, refused := range map[string]*messaging_api.PushMessageRequest{
		"no text":      {To: sdkUser, Messages: plain("")},
		"too long":     {To: sdkUser, Messages: plain(strings.Repeat("a", 5001))},
		"no recipient": {Messages: plain("Hello")},
		"no messages":  {To: sdkUser},
	} {
		if _, err := client.PushMessage(refused, sdkKey); err == nil || !strings.Contains(err.Error(), "400") {
			t.Errorf("%s: %v, want a 400", why, err)
		}
	}
	stranger := api(t, set, "another")
	if _, err := stranger.PushMessage(&messaging_api.PushMessageRequest{To: sdkUser, Messages: plain("Hello")},
		sdkKey); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("another token: %v, want a 401", err)
	}
}

func tokenCall(a channel.Account) stage.Call {
	form := "grant_type=client_credentials&client_id=" + a.Value("channel_id") + "&client_secret=" +
		a.Value("channel_secret")
	return stage.Call{Host: "api.line.me", Request: channel.Request{Method: http.MethodPost, Path: "/oauth2/v3/token",
		Body:   []byte(form),
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}}}
}

// A sdkTransport is the double behind a client.
type sdkTransport struct{ set sample.Set }

func (p sdkTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	answer := play.Platform.Answer(p.set.Account,
		stage.Call{Host: r.URL.Host, Request: channel.Request{Method: r.Method, Path: r.URL.EscapedPath(),
			RawQuery: r.URL.RawQuery, Header: r.Header, Body: body, Received: p.set.Now}})
	return &http.Response{StatusCode: answer.Status, Header: answer.Header,
		Body: io.NopCloser(bytes.NewReader(answer.Body)), Request: r}, nil
}
