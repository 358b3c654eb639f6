package functions_test

import (
	"encoding/base64"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/relais-dev/relais/functions"
	"github.com/relais-dev/relais/functions/channels/inapp"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/sample"
)

// hugeTokens are tokens of a megabyte, in the ways that libraries were known to take
// gigabytes for (CVE-2025-30204, CVE-2025-27144).
func hugeTokens() map[string]string {
	huge := strings.Repeat("A", 1_000_000)
	all := map[string]string{"dots": strings.Repeat(".", 1_000_000), "parts": strings.Repeat("e.", 500_000),
		"head": huge + ".e30.e30"}
	for _, alg := range []string{"RS256", "HS256"} {
		head := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"` + alg + `","kid":"k1"}`))
		all[alg+" claims"], all[alg+" signature"] = head+"."+huge+".AAAA", head+".e30."+huge
	}
	return all
}

// TestHugeProofs: a header of a megabyte where a channel's proof stands, and each
// token that clients of in-app messaging send, is refused in no time and with no more
// memory than it takes itself; a token, before anything of it is decoded.
func TestHugeProofs(t *testing.T) {
	const tokenRoom, patience = 64 << 10, time.Second
	refused := func(what string, room uint64, try func() bool) {
		t.Helper()
		accepted, start := false, time.Now()
		used := allocated(func() { accepted = try() })
		if took := time.Since(start); accepted || used > room || took > patience {
			t.Errorf("%s: accepted %v, %d KiB, %v; want a refusal within %d KiB and %v", what, accepted, used>>10, took,
				room>>10, patience)
		}
	}
	for _, ch := range functions.Channels() {
		set, err := sample.Read(filepath.Join("channels", ch.Name))
		if err != nil {
			t.Fatal(err)
		}
		for name, values := range set.Samples[0].Request.Header {
			if name == "Content-Type" || name == "Content-Length" || name == "User-Agent" || len(values[0]) < 16 {
				continue
			}
			scheme := ""
			if before, _, ok := strings.Cut(values[0], " "); ok {
				scheme = before + " "
			}
			for kind, token := range hugeTokens() {
				r := set.Samples[0].Request
				r.Header = r.Header.Clone()
				r.Header[name] = []string{scheme + token}
				room := uint64(1 << 20)
				if scheme == "Bearer " {
					room = tokenRoom
				}
				refused(ch.Name+" "+name+" "+kind, room, func() bool {
					if ch.Keys != nil {
						_ = ch.Keys(set.Account, r)
					}
					return ch.Verify(set.Account, r) == nil && isProof(ch, set, name)
				})
			}
		}
	}
	a := channel.NewAccount("demo", "", map[string]string{"session_key": "inapp-demo-session-key-of-36-letters",
		"user_keys": `[{"kid":"k1","alg":"HS256","key":"inapp-demo-secret-32-bytes-long!"},{"alg":"RS256","jwks":"https://app.example/keys"}]`})
	keys := []inapp.UserKey{{Alg: "HS256", Key: "inapp-demo-secret-32-bytes-long!"}, {Alg: "RS256",
		JWKS: "https://app.example/keys"}}
	for kind, token := range hugeTokens() {
		refused("session "+kind, tokenRoom, func() bool { _, err := inapp.Admit(a, token, time.Now()); return err == nil })
		refused("user key "+kind, tokenRoom, func() bool { k, ok := inapp.UserKeyOf(a, token); return ok && k.ID != "" })
		for _, k := range keys {
			refused("user "+kind, tokenRoom, func() bool {
				_, err := inapp.CheckUser(k, []byte(`{"keys":[]}`), token,
					time.Now())
				return err == nil
			})
		}
	}
}

// isProof says whether a channel's first sample needs a header to verify.
func isProof(ch channel.Channel, set sample.Set, name string) bool {
	r := set.Samples[0].Request
	r.Header = r.Header.Clone()
	delete(r.Header, http.CanonicalHeaderKey(name))
	return ch.Verify(set.Account, r) != nil
}
