package custom_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/relais-dev/relais/functions/channels/custom"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/sample"
)

// The tests here let the library of Standard Webhooks judge our signatures, and us
// its.

// TestLibraryVerifiesWhatWeSend takes the requests in our goldens.
func TestLibraryVerifiesWhatWeSend(t *testing.T) {
	set, err := sample.Read(".")
	if err != nil {
		t.Fatal(err)
	}
	library, err := standardwebhooks.NewWebhook(set.Account.Value("outbound_secret"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/out/*.http")
	if err != nil {
		t.Fatal(err)
	}
	judged := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split("\n"+string(text), "\nPOST ")[1:] {
			head, rest, _ := strings.Cut(part, "\n\n")
			body, _, _ := strings.Cut(rest, "\n")
			header := http.Header{}
			for _, line := range strings.Split(head, "\n")[1:] {
				name, value, _ := strings.Cut(line, ": ")
				header.Set(name, value)
			}
			if err := library.VerifyIgnoringTimestamp([]byte(body), header); err != nil {
				t.Errorf("%s: %v", file, err)
			}
			if library.VerifyIgnoringTimestamp([]byte(body+" "), header) == nil {
				t.Errorf("%s: the library takes another body", file)
			}
			judged++
		}
	}
	if judged < 30 {
		t.Errorf("%d requests were judged", judged)
	}
}

// TestLibraryVerifiesNow is for the time, which the library compares with the clock.
func TestLibraryVerifiesNow(t *testing.T) {
	b := answering(202, "")
	o := text("a")
	o.ID, o.To = "msg_abc.1", room
	if _, err := custom.Channel.Send(t.Context(), channel.Env{Account: account(t, sending), HTTP: b, Now: time.Now()},
		o); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{secret1, secret2} {
		library, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		if err := library.Verify(b.body, b.asked.Header); err != nil {
			t.Errorf("with %s: %v", secret, err)
		}
	}
}

// TestWeVerifyTheLibrary: a bridge that signs with the library is heard.
func TestWeVerifyTheLibrary(t *testing.T) {
	set, err := sample.Read(".")
	if err != nil {
		t.Fatal(err)
	}
	library, err := standardwebhooks.NewWebhook(set.Account.Value("inbound_secret"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range set.Samples {
		r := s.Request
		id := "msg_" + s.Name
		signature, err := library.Sign(id, r.Received, r.Body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header = http.Header{"Content-Type": r.Header["Content-Type"], "Webhook-Id": {id},
			"Webhook-Signature": {signature}, "Webhook-Timestamp": {"1785600000"}}
		if err := custom.Channel.Verify(set.Account, r); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
		r.Header.Set("Webhook-Id", "msg_other")
		if custom.Channel.Verify(set.Account, r) == nil {
			t.Errorf("%s under another id: accepted", s.Name)
		}
	}
}
