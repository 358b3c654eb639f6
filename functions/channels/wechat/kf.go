package wechat

import (
	"cmp"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/internal/tencent"
	"github.com/relais-dev/relais/shared/channel"
)

// verifyKF looks at a callback of WeCom, which is encrypted without exception and has
// one signature, over the ciphertext.
// https://developer.work.weixin.qq.com/document/path/90930
func verifyKF(a channel.Account, p proof, r channel.Request) error {
	encrypted, err := encryptedPart(r.Body)
	if err != nil {
		return channel.Refuse(channel.Malformed)
	}
	_, err = p.open(a, r.Received, encrypted)
	return err
}

// open is the text in encrypted, if its signature and time are right.
func (p proof) open(a channel.Account, received time.Time, encrypted string) (string, error) {
	if !safe(a) {
		return "", channel.Refuse(channel.NoSecret)
	}
	if encrypted == "" {
		return "", channel.Refuse(channel.NoSignature)
	}
	if err := tencent.Check(a.Values(token), p.get("msg_signature"), p.get("timestamp"), p.get("nonce"),
		encrypted); err != nil {
		return "", err
	}
	if err := p.fresh(received); err != nil {
		return "", err
	}
	return open(a, encrypted)
}

// waiting is the event of a callback that announces messages.
const waiting = "kf_msg_or_event"

// announced reads a callback. It tells that something waits for an account of
// Customer Service, and no more; Pull fetches it.
// https://developer.work.weixin.qq.com/document/path/94670
func announced(doc tencent.Document, raw []byte) ([]events.Event, error) {
	at := channel.UnixText(strings.TrimSpace(doc.Text("CreateTime")))
	e := events.Event{Type: events.IngestUnsupported, Time: at, Key: "callback:" + channel.Digest(raw), Raw: raw}
	kind := strings.TrimSpace(cmp.Or(doc.Text("Event"), doc.Text("MsgType"), "callback"))
	if kind != waiting {
		e.Data.Unsupported = events.UnsupportedOf(kind, "unknown", raw)
		return []events.Event{e}, nil
	}
	account := strings.TrimSpace(doc.Text("OpenKfId"))
	if account == "" {
		e.Data.Unsupported = events.UnsupportedOf(kind, channel.Malformed, raw)
		return []events.Event{e}, nil
	}
	e.Data.Conversation = kfQueue(account)
	e.Data.Unsupported = events.UnsupportedOf(kind, channel.Announced, raw)
	return []events.Event{e}, nil
}

// kfQueue is the conversation of what is pulled for one account of Customer Service:
// one after the other, since each call goes on where the last one ended.
func kfQueue(account string) *events.Conversation {
	return &events.Conversation{PlatformID: "#kf:" + account, Kind: events.Own}
}

// kfThread is the id of a person's conversation with an account of Customer Service:
// a person may write to several, and an answer names both.
func kfThread(account, person string) string { return account + ":" + person }

// kfRecipient is the inverse of kfThread.
func kfRecipient(thread string) (account, person string, ok bool) {
	account, person, ok = strings.Cut(thread, ":")
	return account, person, ok && account != "" && person != ""
}
