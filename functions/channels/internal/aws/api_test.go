package aws_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/internal/aws"
	"github.com/relais-dev/relais/functions/channels/internal/aws/play"
	"github.com/relais-dev/relais/shared/channel"
	stage "github.com/relais-dev/relais/shared/stage/play"
)

// caller keeps the call and answers it.
type caller struct {
	call   stage.Call
	answer channel.Reply
}

func (c *caller) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	c.call = stage.Call{Host: r.URL.Host, Request: channel.Request{Method: r.Method, Path: r.URL.EscapedPath(),
		Header: r.Header, Body: body}}
	return &http.Response{StatusCode: c.answer.Status, Header: c.answer.Header,
		Body: io.NopCloser(bytes.NewReader(c.answer.Body))}, nil
}

func TestPostSigns(t *testing.T) {
	api := aws.In("sms-voice", topic, "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
	service := play.Service{Name: "sms-voice", Topic: topic, KeyID: "AKIDEXAMPLE",
		Secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
	c := &caller{answer: channel.Reply{Status: 200}}
	header := http.Header{"Content-Type": {"application/x-amz-json-1.0"}}
	if _, err := api.Post(context.Background(), channel.Env{HTTP: c, Now: received}, "/", header,
		[]byte(`{"a":1}`)); err != nil {
		t.Fatal(err)
	}
	if c.call.Host != "sms-voice.eu-west-1.amazonaws.com" {
		t.Errorf("called %s", c.call.Host)
	}
	if got := c.call.Header.Get("Authorization"); !strings.HasPrefix(got,
		"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/eu-west-1/sms-voice/aws4_request, "+
			"SignedHeaders=content-length;content-type;host;x-amz-date, ") {
		t.Errorf("signed as %s", got)
	}
	if !service.Knows(c.call) {
		t.Error("its own signature is not accepted")
	}
	for name, change := range map[string]func(*stage.Call){
		"another body": func(c *stage.Call) { c.Body = []byte(`{"a":2}`) },
		"another path": func(c *stage.Call) { c.Path = "/x" },
		"another host": func(c *stage.Call) { c.Host = "sms-voice.us-east-1.amazonaws.com" },
		"another time": func(c *stage.Call) { c.Header.Set("X-Amz-Date", "20260801T120031Z") },
		"another type": func(c *stage.Call) { c.Header.Set("Content-Type", "text/plain") },
		"no signature": func(c *stage.Call) { c.Header.Del("Authorization") },
		"no time":      func(c *stage.Call) { c.Header.Del("X-Amz-Date") },
		"another verb": func(c *stage.Call) { c.Method = "GET" },
		"half of it":   func(c *stage.Call) { c.Header.Set("Authorization", c.Header.Get("Authorization")[:80]) },
	} {
		call := c.call
		call.Header = c.call.Header.Clone()
		change(&call)
		if service.Knows(call) {
			t.Errorf("accepted with %s", name)
		}
	}
}

func TestPostNeedsAKeyAndARegion(t *testing.T) {
	for _, api := range []aws.API{aws.In("sms-voice", "", "id", "secret"), aws.In("sms-voice", topic, "", "secret"),
		aws.In("sms-voice", topic, "id", "")} {
		c := &caller{}
		_, err := api.Post(context.Background(), channel.Env{HTTP: c, Now: received}, "/", nil, nil)
		var e *channel.Error
		if !errors.As(err, &e) || e.Class != events.ClassAuth || c.call.Host != "" {
			t.Errorf("%+v gives %v after calling %q", api, err, c.call.Host)
		}
	}
}

func TestFailure(t *testing.T) {
	for name, tc := range map[string]struct {
		reply               channel.Reply
		class, code, reason string
		unknown             bool
	}{
		"in a header": {channel.Reply{Status: 429,
			Header: http.Header{"X-Amzn-Errortype": {"ThrottledRequestException:http://internal.amazon.com/x"}}},
			events.ClassRate, "ThrottledRequestException", "", false},
		"in the body": {channel.Reply{Status: 400,
			Body: []byte(`{"__type":"com.amazonaws.sms#ConflictException","Reason":"R","Message":"m"}`)}, events.ClassContent,
			"ConflictException", "R", false},
		"no rights": {channel.Reply{Status: 403, Body: []byte(`{"__type":"AccessDeniedByMetaException","message":"m"}`)},
			events.ClassAuth, "AccessDeniedByMetaException", "", false},
		"its own": {channel.Reply{Status: 500, Body: []byte(`{"__type":"InternalServiceException"}`)}, events.ClassPlatform,
			"InternalServiceException", "", true},
		"a page": {channel.Reply{Status: 502, Body: []byte(`<html>`)}, events.ClassPlatform, "502", "", true},
	} {
		e := aws.Failure(tc.reply)
		if e.Class != tc.class || e.Code != tc.code || e.Subcode != tc.reason || e.Unknown != tc.unknown {
			t.Errorf("%s: %+v", name, e)
		}
	}
}
