package googlechat_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/googlechat"
	"github.com/relais-dev/relais/functions/channels/googlechat/play"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/exam"
)

func Test(t *testing.T)             { exam.Run(t, googlechat.Channel, play.Platform) }
func FuzzChannel(f *testing.F)      { exam.Fuzz(f, googlechat.Channel, play.Platform) }
func BenchmarkChannel(b *testing.B) { exam.Bench(b, googlechat.Channel, play.Platform) }

// Tokens of both kinds, and the key they are signed with.
const (
	vectorKeys = `{"keys":[{"kty": "RSA", "kid": "test-kid-1", "n": ` +
		`"z3HIxWH3SUMh_r5ufw_gixZHsHHrC8rgv3rGOfURJIGRnQ3wPjMvVW_Yzm6UODF79TjdSBkYY328nB19L-KNPB913iAhjCvpjMgneDh_` +
		`gyoSw3iySEI_nGnGlSJNx-p4rog53s4p7z4daoI8LbcY-vxf1npvQ-SJu_ZZz-GFfg_Z8piz_NzhAM5yo8wo_` +
		`k4kdGSSkNNQZ4GArAkdz4qgZ6hHpfqpoSmpQPxkrIDli4rKHTKrR7bVRYQUNPbwuJv3TlAx6dsUnMHDEO-9SYKu-DqO2o-` +
		`wPzwQN6C3D0UpjRSbXAQZKDRGMfzfAsOsmBlu_GPnmCFN_U_SO5uKJjBjnQ", "e": "AQAB"}]}`
	// vectorURL is an ID token of Chat's service account, for the audience endpoint.
	vectorURL = "eyJhbGciOiJSUzI1NiIsImtpZCI6InRlc3Qta2lkLTEiLCJ0eXAiOiJKV1QifQ." +
		"eyJhdWQiOiJodHRwczovL2hvb2tzLmV4YW1wbGUuY29tL2dvb2dsZWNoYXQiLCJlbWFpbCI6ImNoYXRAc3lzdGVtLmdzZXJ2aWNlYWNjb3VudC5jb" +
		"20iLCJlbWFpbF92ZXJpZmllZCI6dHJ1ZSwiZXhwIjoxNzg1NjAzNjAwLCJpYXQiOjE3ODU2MDAwMDAsImlzcyI6Imh0dHBzOi8vYWNjb3VudHMuZ2" +
		"9vZ2xlLmNvbSIsInN1YiI6IjEwMDAwMDAwMDAwMDAwMDAwMDAwMSJ9.xNJKtlarzaTpKcK_" +
		"RSE2l0UP3BePEMQLguE8tXkf51X3iMAcRCsdhhbwvVc1TAiV4p-FVWDvA7P-" +
		"JKeCai1NCxb5SLrBzJKH9uae4ez3pQHNilhyUmNCTtZPuxn4JhQDe7pMT8-eQElNeICEm51X9lLCft0eGfLTpdNR3Ra5-" +
		"1gqnM0HXDwGqjDvzxRv1hGKDFwHQAYU77_c8ZDDcHZKYRj6gd51o3R7iRwMTxEP-C_" +
		"9NP4HZTgjl9NDQs7XvemkBbkzYz0E9fIDpRS6Z5EsBoHbM3BmQW9M3Mvfw3Q5a9Lz4f8nd3EbTB8VlIJTuuoVd3MtJSEhmA7eRFOICvu1vA"
	// vectorNumber is signed by Chat itself, for the audience number.
	vectorNumber = "eyJhbGciOiJSUzI1NiIsImtpZCI6InRlc3Qta2lkLTEiLCJ0eXAiOiJKV1QifQ." +
		"eyJhdWQiOiIxMjM0NTY3ODkwMTIiLCJleHAiOjE3ODU2MDM2MDAsImlhdCI6MTc4NTYwMDAwMCwiaXNzIjoiY2hhdEBzeXN0ZW0uZ3NlcnZpY2VhY" +
		"2NvdW50LmNvbSJ9.NpbNMdwdyF_vymTWuLqSIU1kTWTywwqjid5JNCx3sf1BtsUf7lb0LmUqf9Vt61suLF982JiC7FLY8pj6vzFbpYLYRYOXrjnqV" +
		"jr06ieV_srAbLTQs6Lwvf88AyBA4b34Q1q3dxYzLPxWMHsFxs1I8iQ23HEcgWjiB3zXMtTL-QHg5OnsBzwUL3rpxm3NwRZs89lpzPd_a_" +
		"hHD0Us4E63eKBoQFW7vzoI1StIurjThflPDsCkCTLvWnWV1y7NwYXtJoVgDxZcJI-0yQd4hULeJmny_" +
		"S3mIEfllP5IHrD5ttdob6UCuxcfOmVuLUJxz7lEShYqXRAlKd8BVXIaVdL6IA"

	endpoint = "https://hooks.example.com/googlechat"
	number   = "123456789012"
)

var issued = time.Unix(1785600000, 0).UTC()

func account(credentials map[string]string) channel.Account {
	return channel.NewAccount("demo", "", credentials)
}

func TestVerify(t *testing.T) {
	for _, tc := range []struct {
		name        string
		credentials map[string]string
		token       string
		after       time.Duration
		want        string
	}{
		{"ID token", map[string]string{"audience": endpoint}, vectorURL, 0, ""},
		{"ID token, at its end", map[string]string{"audience": endpoint}, vectorURL, time.Hour + 59*time.Second, ""},
		{"signed by Chat", map[string]string{"audience": number}, vectorNumber, 0, ""},
		{"ID token for a project number", map[string]string{"audience": number}, vectorURL, 0, channel.BadSignature},
		{"signed by Chat for a URL", map[string]string{"audience": endpoint}, vectorNumber, 0, channel.BadSignature},
		{"not of the add-on's account", map[string]string{"audience": endpoint, "project_number": number}, vectorURL, 0,
			channel.BadSignature},
		{"another push account", map[string]string{"audience": endpoint, "project_number": number,
			"push_service_account": "p@x.iam.gserviceaccount.com"}, vectorURL, 0, channel.BadSignature},
		{"too late", map[string]string{"audience": endpoint}, vectorURL, 4000 * time.Second, channel.Stale},
		{"too early", map[string]string{"audience": endpoint}, vectorURL, -2 * time.Minute, channel.Stale},
		{"slash", map[string]string{"audience": endpoint + "/"}, vectorURL, 0, channel.BadSignature},
		{"no audience", nil, vectorURL, 0, channel.BadSignature},
		{"no token", map[string]string{"audience": endpoint}, "", 0, channel.NoSignature},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := channel.Request{Header: http.Header{}, Received: issued.Add(tc.after), Keys: []byte(vectorKeys)}
			if tc.token != "" {
				r.Header.Set("Authorization", "Bearer "+tc.token)
			}
			err := googlechat.Channel.Verify(account(tc.credentials), r)
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || channel.RefusalReason(err) != tc.want) {
				t.Errorf("Verify gives %v, want %q", err, tc.want)
			}
		})
	}
}

// Every kind of account can be signed for, and trusts no other's callers.
func TestSignedForEachKindOfAccount(t *testing.T) {
	accounts := map[string]map[string]string{
		"URL":    {"audience": endpoint},
		"number": {"audience": number},
		"add-on": {"audience": endpoint, "project_number": number},
	}
	for signer, credentials := range accounts {
		r := channel.Request{Header: http.Header{}, Received: issued}
		play.Platform.Sign(account(credentials), &r)
		for verifier, own := range accounts {
			if err := googlechat.Channel.Verify(account(own), r); (err == nil) != (signer == verifier) {
				t.Errorf("signed for %s, the account of %s says %v", signer, verifier, err)
			}
		}
	}
}

func TestPushAccountIsACallerToo(t *testing.T) {
	r := channel.Request{Header: http.Header{}, Received: issued, Keys: []byte(vectorKeys)}
	r.Header.Set("Authorization", "Bearer "+vectorURL)
	a := account(map[string]string{"audience": endpoint, "project_number": number,
		"push_service_account": "chat@system.gserviceaccount.com"})
	if err := googlechat.Channel.Verify(a, r); err != nil {
		t.Errorf("refused: %v", err)
	}
}

func TestKeys(t *testing.T) {
	for _, tc := range []struct{ name, authorization, want string }{
		{"ID token", "Bearer " + vectorURL, "https://www.googleapis.com/oauth2/v3/certs"},
		{"signed by Chat", "Bearer " + vectorNumber,
			"https://www.googleapis.com/service_accounts/v1/jwk/chat@system.gserviceaccount.com"},
		{"no token", "", ""},
		{"no bearer", "Basic YTpi", ""},
		{"no issuer of ours", "Bearer eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2V2aWwuZXhhbXBsZSJ9.AA", ""},
	} {
		r := channel.Request{Header: http.Header{"Authorization": {tc.authorization}}}
		if got := googlechat.Channel.Keys(channel.Account{}, r); got != tc.want {
			t.Errorf("%s: keys are at %q, want %q", tc.name, got, tc.want)
		}
	}
}

func parse(t *testing.T, body string) []events.Event {
	t.Helper()
	evs, err := googlechat.Channel.Events(account(nil), channel.Request{Body: []byte(body), Received: issued})
	if err != nil {
		t.Fatal(err)
	}
	return evs
}

// A message is one event, however it is told.
func TestOneMessageHasOneKey(t *testing.T) {
	const m = `{"name":"spaces/A/messages/B.C","sender":{"name":"users/1"},"text":"hi",` +
		`"thread":{"name":"spaces/A/threads/B"}`
	classic := parse(t, `{"type":"MESSAGE","eventTime":"2026-08-01T16:00:00Z","space":{"name":"spaces/A",`+
		`"spaceType":"SPACE"},"user":{"name":"users/1"},"message":`+m+`}}`)
	addon := parse(t, `{"chat":{"eventTime":"2026-08-01T16:00:09Z","user":{"name":"users/1"},`+
		`"messagePayload":{"space":{"name":"spaces/A","spaceType":"SPACE"},"message":`+m+`}}}}`)
	if diff := cmp.Diff(classic[0].Key, addon[0].Key); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(classic[0].Subject, addon[0].Subject); diff != "" {
		t.Error(diff)
	}
}

// A press has no id: it is the same when told again, another when pressed again.
func TestPressesAreToldApart(t *testing.T) {
	press := func(at, option string) string {
		return parse(t, `{"type":"CARD_CLICKED","eventTime":"`+at+`","space":{"name":"spaces/A"},"user":{"name":"users/1"},
			"action":{"actionMethodName":"pick","parameters":[{"key":"id","value":"`+option+`"}]}}`)[0].Key
	}
	first := press("2026-08-01T16:00:00Z", "1")
	if press("2026-08-01T16:00:00Z", "1") != first {
		t.Error("told again, it has another key")
	}
	if press("2026-08-01T16:00:01Z", "1") == first || press("2026-08-01T16:00:00Z", "2") == first {
		t.Error("another press has the same key")
	}
}

func TestBodies(t *testing.T) {
	for _, body := range []string{
		"", "[]", "{}", `{"type":""}`, `{"message":{"data":""}}`, `{"message":{"data":"%%"}}`, `{"message":{"data":"e30="}}`,
		`{"message":{"data":"eA==","attributes":{"ce-type":"google.workspace.chat.message.v1.created"}}}`,
	} {
		if evs, err := googlechat.Channel.Parse(account(nil),
			channel.Request{Body: []byte(body), Received: issued}); err == nil {
			t.Errorf("%s gives %d events, want an error", body, len(evs))
		}
	}
}
