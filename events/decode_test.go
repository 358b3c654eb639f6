package events

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Both doors decode by this: what HTTP refuses, the queue refuses, with the same words.
func TestDecodeOutbound(t *testing.T) {
	const rest = `"content":[{"kind":"text","text":{"body":"Hi"}}]}`
	for _, c := range []struct {
		doc  string
		want error
	}{
		{`{"idempotencyKey":"k",` + rest, nil},
		{`{"idempotencyKey":"k","replyTo":null,` + rest, nil},
		{`{"idempotencyKey":"k",` + rest + `{}`, ErrNotJSON},
		{"{\"idempotencyKey\":\"\xff\"," + rest, ErrNotJSON},
		{`{"idempotencyKey":"k","conversation":"cnv_x",` + rest, Faults{{"conversation",
			"is not a member that is known here"}}},
		{`{"idempotencyKey":"k","content":[],` + rest, Faults{{"content", "must not stand twice"}}},
		{`{"idempotencyKey":"k","Content":[],` + rest, Faults{{"Content", "is not a member that is known here"}}},
		{`{"idempotencyKey":5,` + rest, Faults{{"idempotencyKey", "must be a text"}}},
		{`{"idempotencyKey":"k","content":[{"kind":"text","text":{"body":"a","body":"b","bold":1}}]}`,
			Faults{{"content[0].text.body", "must not stand twice"}, {"content[0].text.bold",
				"is not a member that is known here"}}},
	} {
		o, err := DecodeOutbound([]byte(c.doc))
		if diff := cmp.Diff(fmt.Sprint(c.want), fmt.Sprint(err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.doc, diff)
		}
		if err == nil && o.Content[0].Text.Body != "Hi" {
			t.Errorf("%s: read as %+v", c.doc, o)
		}
	}
}

// A refusal names the request it is about, whatever else is wrong with it.
func TestDecodeKeepsTheKey(t *testing.T) {
	o, err := DecodeOutbound([]byte(`{"idempotencyKey":"k9","conversation":"cnv_x","content":7}`))
	if err == nil || o.IdempotencyKey != "k9" {
		t.Errorf("key %q, error %v", o.IdempotencyKey, err)
	}
}

func TestDecodeAction(t *testing.T) {
	_, err := DecodeAction([]byte(`{"verb":"typing","verb":"read","active":"yes"}`))
	want := Faults{{"verb", "must not stand twice"}, {"active", "must be true or false"}}
	if diff := cmp.Diff(error(want), err); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
