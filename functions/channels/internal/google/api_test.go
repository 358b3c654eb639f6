package google

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/internal/google/play"
	"github.com/relais-dev/relais/shared/channel"
	stage "github.com/relais-dev/relais/shared/stage/play"
)

const scope = "https://www.googleapis.com/auth/chat.bot"

func serviceAccount(t *testing.T) channel.Account {
	t.Helper()
	file, err := json.Marshal(accountKey{KeyID: "k1", Key: play.TestKey, Client: "a@b.iam.gserviceaccount.com"})
	if err != nil {
		t.Fatal(err)
	}
	return channel.NewAccount("demo", "", map[string]string{ServiceAccount: string(file)})
}

// doer answers with a function.
type doer func(stage.Call) channel.Reply

func (d doer) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	a := d(stage.Call{Host: r.URL.Host, Request: channel.Request{Method: r.Method, Path: r.URL.Path, Header: r.Header,
		Body: body, Received: now}})
	return &http.Response{StatusCode: a.Status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(a.Body))}, nil
}

func TestToken(t *testing.T) {
	a := serviceAccount(t)
	oauth := stage.Platform{APIs: []stage.API{play.Tokens(scope)}}
	google := doer(func(c stage.Call) channel.Reply { return oauth.Answer(a, c).Reply })
	got, err := Token(context.Background(), channel.Env{Account: a, HTTP: google, Now: now}, scope)
	if err != nil || got.Value == "" || !got.ExpiresAt.Equal(now.Add(time.Hour-time.Second)) {
		t.Errorf("Token gives %v until %s, %v", got.Value != "", got.ExpiresAt, err)
	}
	var refused *channel.Error
	if _, err := Token(context.Background(), channel.Env{Account: a, HTTP: google, Now: now},
		"another scope"); !errors.As(err, &refused) || refused.Class != events.ClassAuth || refused.Code != "invalid_grant" {
		t.Errorf("another scope gives %v", err)
	}
	if _, err := Token(context.Background(), channel.Env{Account: a, HTTP: google, Now: now.Add(-2 * time.Hour)},
		scope); !errors.As(err, &refused) {
		t.Errorf("an old assertion gives %v", err)
	}
}

func TestTokenFailures(t *testing.T) {
	for _, tc := range []struct {
		status  int
		body    string
		class   string
		unknown bool
	}{
		{400, `{"error":"invalid_grant"}`, events.ClassAuth, false},
		{401, `{"error":"invalid_client"}`, events.ClassAuth, false},
		{429, ``, events.ClassRate, false},
		{500, `oops`, events.ClassPlatform, true},
		{200, `<html>`, events.ClassPlatform, true},
		{200, `{}`, events.ClassPlatform, false},
	} {
		google := doer(func(stage.Call) channel.Reply { return channel.Reply{Status: tc.status, Body: []byte(tc.body)} })
		_, err := Token(context.Background(), channel.Env{Account: serviceAccount(t), HTTP: google, Now: now}, scope)
		var e *channel.Error
		if !errors.As(err, &e) || e.Class != tc.class || e.Unknown != tc.unknown {
			t.Errorf("%d %s gives %#v", tc.status, tc.body, err)
		}
	}
}

func TestTokenNeedsAKey(t *testing.T) {
	for _, file := range []string{"", "x", "{}", `{"client_email":"a@b"}`, `{"client_email":"a@b","private_key":"x"}`} {
		a := channel.NewAccount("demo", "", map[string]string{ServiceAccount: file})
		_, err := Token(context.Background(), channel.Env{Account: a, Now: now}, scope)
		var e *channel.Error
		if !errors.As(err, &e) || e.Class != events.ClassAuth {
			t.Errorf("%q gives %v", file, err)
		}
	}
}

// What Google quotes of the content stays out of logs; where it is, does not.
func TestFailureIsDiscreet(t *testing.T) {
	r := channel.Reply{Status: 400, Body: []byte(`{"error":{"code":400,"status":"INVALID_ARGUMENT",
		"message":"Invalid value: private words",
		"details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"BAD"},
			{"fieldViolations":[{"field":"message.text"}]}]}}`)}
	e := Failure(r, ReadError(r))
	if e.Class != events.ClassContent || e.Code != "INVALID_ARGUMENT" || e.Subcode != "message.text" ||
		e.Title != "Bad Request" {
		t.Errorf("it is %+v", e)
	}
}
