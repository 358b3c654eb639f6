package access_test

import (
	"encoding/json"
	"io/fs"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/events/samples"
	"github.com/relais-dev/relais/shared/access"
)

var mask = access.Mask{ID: func(string) string { return "sealed" }}

// told are the values of an event that say who its people are.
func told(e *events.Event) []string {
	var list []string
	if c := e.Data.Contact; c != nil {
		for _, i := range c.Identities {
			list = append(list, i.Value)
		}
		list = append(list, c.Name, c.Username, c.Avatar, c.Phone, c.Email)
	}
	if c := e.Data.Conversation; c != nil && c.Kind != events.Own {
		list = append(list, c.PlatformID)
	}
	if p := e.Data.Participants; p != nil {
		for _, m := range p.Members {
			list = append(list, m.Identity.Value, m.Name)
		}
	}
	if i := e.Data.IdentityChange; i != nil {
		list = append(list, i.Previous.Value, i.Current.Value)
	}
	if r := e.Data.Receipt; r != nil && r.Recipient != nil {
		list = append(list, r.Recipient.Value)
	}
	return list
}

// TestMaskSamples masks every sample of the contract: nothing of its people remains
// outside of what they said, that is as it was, and so are our own ids.
func TestMaskSamples(t *testing.T) {
	files, err := fs.Glob(samples.Files, "in/*.json")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d samples: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(path.Base(file), func(t *testing.T) {
			before, e := readSample(t, file), readSample(t, file)
			mask.Event(&e)
			if err := e.Validate(); err != nil {
				t.Errorf("what is masked is no event: %v", err)
			}
			if e.ID != before.ID || e.Subject != before.Subject {
				t.Errorf("our ids changed: %s %s", e.ID, e.Subject)
			}
			if c := before.Data.Contact; c != nil && e.Data.Contact.ID != c.ID {
				t.Errorf("the contact is %s, was %s", e.Data.Contact.ID, c.ID)
			}
			sameContent(t, before, e)
			if e.Data.Message != nil {
				e.Data.Message.Content = nil
			}
			doc, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			for _, value := range told(&before) {
				if value != "" && strings.Contains(string(doc), quoted(t, value)) {
					t.Errorf("%q remains in %s", value, doc)
				}
			}
			if strings.Contains(string(doc), "wamid.") || strings.Contains(string(doc), `"raw":`) {
				t.Errorf("what a platform made of its people remains in %s", doc)
			}
		})
	}
}

// sameContent compares what people said: all but the platform's ids in it, and its raw text.
func sameContent(t *testing.T, before, after events.Event) {
	t.Helper()
	if before.Data.Message == nil {
		return
	}
	want := before.Data.Message.Content
	for i := range want {
		if x := want[i].Interaction; x != nil && x.Of != nil {
			x.Of.PlatformID = "sealed"
		}
		if x := want[i].Interaction; x != nil && x.Message != nil {
			x.Message.PlatformID = "sealed"
		}
		if want[i].Unsupported != nil {
			want[i].Unsupported.Raw = ""
		}
	}
	if diff := cmp.Diff(want, after.Data.Message.Content); diff != "" {
		t.Errorf("what was said changed (-was +is):\n%s", diff)
	}
}

func readSample(t *testing.T, file string) events.Event {
	t.Helper()
	text, err := samples.Files.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var e events.Event
	if err := json.Unmarshal(text, &e); err != nil {
		t.Fatal(err)
	}
	return e
}

// quoted is a value as it stands in JSON, without quotes.
func quoted(t *testing.T, value string) string {
	t.Helper()
	doc, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Trim(string(doc), `"`)
}

func TestMasks(t *testing.T) {
	for _, x := range []struct{ scheme, value, want string }{
		{"phone", "+447700900946", "+44•••••946"},
		{"phone", "447700900946", "44•••••946"},
		{"rcs-phone", "+4915112345678", "+49•••••678"},
		{"phone", "12345", "•••••"},
		{"phone", "+1234567", "•••••567"},
		{"email", "kim@mail.example.com", "k•••••@•••••.com"},
		{"email", "k@localhost", "•••••@•••••"},
		{"email", "kim", "•••••"},
		{"line-user", "U4af4980629a54f1b9c6c2f9e0d1b7a3e", "•••••a3e"},
		{"kakao-plusfriend", "pF9k", "•••••"},
		{"external", "日本語の利用者", "•••••利用者"},
	} {
		e := events.Event{Data: events.Data{Contact: &events.Contact{
			Identities: []events.Identity{{Scheme: events.Scheme(x.scheme), Value: x.value}}}}}
		mask.Event(&e)
		if got := e.Data.Contact.Identities[0].Value; got != x.want {
			t.Errorf("%s %s is %s, want %s", x.scheme, x.value, got, x.want)
		}
	}
	c := events.Contact{Name: "Ada  Byron 花", Avatar: "https://example.com/ada.jpg", Locale: "en"}
	mask.Event(&events.Event{Data: events.Data{Contact: &c}})
	if diff := cmp.Diff(events.Contact{Name: "A••••• B••••• •••••", Locale: "en"}, c); diff != "" {
		t.Error(diff)
	}
}

// TestMaskFacts: what tells of people beside contacts and identities.
func TestMaskFacts(t *testing.T) {
	e := events.Event{Data: events.Data{
		Contact:      &events.Contact{Identities: []events.Identity{{Scheme: events.Phone, Value: "+15550100200"}}},
		Conversation: &events.Conversation{PlatformID: "+15550100200", Kind: events.Direct, Title: "Order desk"},
		Status: &events.Status{Message: events.Ref{ID: "msg_1", PlatformID: "15550100200/7"},
			Error: &events.StatusError{Title: "15550100200 is not reachable"}},
		Payment: &events.Payment{Fields: []events.Field{{Name: "email", Value: "ada@example.com"}}},
		Change:  &events.Change{Field: "pinned", Old: "cnv_1", New: "15550100200/7"},
		Message: &events.Message{Actor: events.Actor{Role: events.Agent, Name: "Sam"},
			Forward: &events.Forward{From: "Ada Byron"}},
		Reaction: &events.Reaction{Actor: events.Actor{Role: events.Customer, Name: "Ada"}}}}
	mask.Event(&e)
	doc, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{"15550100200", "ada@", "Ada", "Byron"} {
		if strings.Contains(string(doc), gone) {
			t.Errorf("%s remains in %s", gone, doc)
		}
	}
	for _, kept := range []string{"Order desk", "•••••200 is not reachable", "Sam", "cnv_1", "msg_1"} {
		if !strings.Contains(string(doc), kept) {
			t.Errorf("%s is gone from %s", kept, doc)
		}
	}
}
