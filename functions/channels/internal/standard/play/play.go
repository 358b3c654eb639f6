// Package play plays both ends of Standard Webhooks, for platforms that sign that way.
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
package play

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

// tolerance is how old a delivery may be, as the libraries have it.
const tolerance = 5 * time.Minute

var id = regexp.MustCompile(`^[A-Za-z0-9_-]{8,128}$`)

// keys are the usable secrets of a credential: whsec_ and base64 of 24 to 64 bytes.
func keys(a channel.Account, credential string) [][]byte {
	var list [][]byte
	for _, v := range a.Values(credential) {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(strings.TrimSpace(v), "whsec_"))
		if err == nil && len(key) >= 24 && len(key) <= 64 {
			list = append(list, key)
		}
	}
	return list
}

// Sign signs r with the first secret of a credential; without one r stays as it is.
func Sign(a channel.Account, credential string, r *channel.Request) {
	list := keys(a, credential)
	if len(list) == 0 {
		return
	}
	name := r.Header.Get("Webhook-Id")
	if !id.MatchString(name) {
		name = "msg_" + channel.Digest(r.Body)
	}
	at := strconv.FormatInt(r.Received.Unix(), 10)
	r.Header.Set("Webhook-Id", name)
	r.Header.Set("Webhook-Timestamp", at)
	r.Header.Set("Webhook-Signature", signature(list[0], name, at, r.Body))
}

func signature(key []byte, id, at string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + at + "." + string(body)))
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Knows says whether a call of ours is signed with a secret of a credential.
func Knows(t play.Taken, credential string) bool {
	name, at := t.Header.Get("Webhook-Id"), t.Header.Get("Webhook-Timestamp")
	unix, err := strconv.ParseInt(at, 10, 64)
	given := strings.Fields(t.Header.Get("Webhook-Signature"))
	right := func(key []byte) bool { return slices.Contains(given, signature(key, name, at, t.Body)) }
	return id.MatchString(name) && err == nil && t.Received.Sub(time.Unix(unix, 0)).Abs() <= tolerance &&
		slices.ContainsFunc(keys(t.Account, credential), right)
}
