// Package play plays in-app, whose platform we are ourselves: nobody is called, and the
// customer is one of ours with a device.
package play

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

// Platform is in-app.
var Platform = play.Platform{Channel: "inapp", Sign: sign, Customer: customer}

// sign signs a delivery, which only functions of ours make.
func sign(a channel.Account, r *channel.Request) {
	key := a.Value("session_key")
	if len(strings.TrimSpace(key)) < 32 {
		return
	}
	at := strconv.FormatInt(r.Received.UnixMilli(), 10)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte("delivery\n" + at + "\n" + string(r.Body)))
	r.Header.Set("Relais-Timestamp", at)
	r.Header.Set("Relais-Signature", hex.EncodeToString(mac.Sum(nil)))
}

// customer is what the person of text.http types on another device of theirs.
func customer(a channel.Account, text string, n int, now time.Time) channel.Request {
	return play.Post("inapp", a, map[string]any{
		"v": 1, "from": map[string]string{"thread": "anon-k3v7q2m5x4a6t2n7w5c3", "device": "laptop"},
		"frames": []any{map[string]any{"v": 1, "action": "send", "clientMsgId": strconv.FormatInt(now.UnixMilli(), 36) +
			"." + strconv.Itoa(n),
			"content": map[string]any{"kind": "text", "text": map[string]string{"body": text}}}},
	})
}
