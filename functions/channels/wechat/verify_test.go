package wechat

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/internal/tencent"
	"github.com/relais-dev/relais/functions/channels/wechat/play"
	"github.com/relais-dev/relais/shared/channel"
)

// The vectors of the project's sheet on WeChat.
const (
	vectorToken = "wxTok3nDemo"
	vectorKey   = "AwoRGB8mLTQ7QklQV15lbHN6gYiPlp2kq7K5wMfO1dw"
	vectorApp   = "wx1234567890abcdef"
	vectorQuery = "signature=24f3e3f1705019166ce43213ab9967a66d2d4222&timestamp=1785600000&nonce=483920157"

	vector1    = "GSLOm/BFeok5vs3ChgMwNO49TNBqVBKZ9u94UIlKsEYczRfNcjFopoJFRDwkMijRVNDutJh8juwGgJSfhKQvHg=="
	vector1Sum = "51757252bc495154e3884dd065b07f5c80d9c6f0"
	vector2    = "GSLOm/BFeok5vs3ChgMwNDgwwUpbWlqta0KSBX8VOXYAuGG0Pqg1NMTAsJhBPksODjjgAInapwLOv+j84lczMZhi91T7mO40ObY7" +
		"nka/Hj0/uHM7BV2Y8VlLVJ8RSjoZaYkfhxxKyT6fD24dKmy1opEV4mD5LekjEBr37Q40AgdghOJeDgzLufFeUZdZl2Ji+kM1dIkdOiMqoRPQUpuHL" +
		"x8FsY1vAixtOTt33cSos53t1Bg+0kgULjiK5F1+kY9FTCo4YD0dZhEeK67C2jKcYXY4R7KIQt0t32Pdqm0EizD/itkugBZTfAVI5ZoF11/" +
		"RD8oTLhh3+aRV2g0ebuQSfKr4P9Rqhy1vN166/sjZZP8IIXlDjgArRWINSBYZCTToPJOkClpU2ReQ8kRQM5QoWh+uiWYTgiqX0l3TCY9Ewlc="
	vector2Sum  = "c723a8a874fd5d93543a4a4f54c85346ada038ad"
	vector2Text = "<xml><ToUserName><![CDATA[gh_0a1b2c3d4e5f]]></ToUserName><FromUserName><![CDATA[oDemoOpenid0001]]>" +
		"</FromUserName><CreateTime>1785600000</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[你好]]>" +
		"</Content><MsgId>25012345678901234</MsgId></xml>"
)

func safeAccount() channel.Account {
	return channel.NewAccount("demo", "", map[string]string{token: vectorToken, appID: vectorApp, aesKey: vectorKey})
}

func plainAccount() channel.Account {
	return channel.NewAccount("demo", "", map[string]string{token: vectorToken, appID: vectorApp})
}

func at(offset time.Duration) time.Time { return time.Unix(1785600000, 0).UTC().Add(offset) }

func post(query, body string) channel.Request {
	return channel.Request{Method: http.MethodPost, Path: "/webhooks/wechat/demo", RawQuery: query, Body: []byte(body),
		Received: at(0)}
}

// encryptedPush is encrypted in its envelope, under a query with that signature.
func encryptedPush(encrypted, sum string) channel.Request {
	body := "<xml><ToUserName><![CDATA[gh_0a1b2c3d4e5f]]></ToUserName><Encrypt><![CDATA[" +
		encrypted + "]]></Encrypt></xml>"
	return post(vectorQuery+"&encrypt_type=aes&msg_signature="+sum, body)
}

// signedPush is encrypted with a msg_signature that is right whatever it holds.
func signedPush(encrypted string) channel.Request {
	return encryptedPush(encrypted, tencent.Signature(vectorToken, "1785600000", "483920157", encrypted))
}

func mustKey(t *testing.T, text string) tencent.Key {
	t.Helper()
	k, err := tencent.ParseKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// tampered is encrypted with one bit changed at offset from its end. In CBC that
// changes the same bit of the plaintext 16 bytes on, and garbles the 16 before.
func tampered(t *testing.T, encrypted string, offset int) string {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(encrypted)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)+offset] ^= 1
	return base64.StdEncoding.EncodeToString(b)
}

func reason(err error) string {
	if err == nil {
		return ""
	}
	return channel.RefusalReason(err)
}

func TestVectors(t *testing.T) {
	for _, r := range []channel.Request{encryptedPush(vector1, vector1Sum), encryptedPush(vector2, vector2Sum)} {
		if err := verify(safeAccount(), r); err != nil {
			t.Errorf("verify: %v", err)
		}
	}
	evs, err := parse(safeAccount(), encryptedPush(vector2, vector2Sum))
	if err != nil || len(evs) != 1 {
		t.Fatalf("parse = %d events, %v", len(evs), err)
	}
	e := evs[0]
	if e.Type != events.MessageReceived || e.Key != "message:25012345678901234" ||
		e.Data.Message.Content[0].Text.Body != "你好" {
		t.Errorf("parse = %s, %s, %+v", e.Type, e.Key, e.Data.Message.Content)
	}
	if string(e.Raw) != vector2Text {
		t.Errorf("raw is %s, want the decrypted push", e.Raw)
	}
}

func TestVerifySafeMode(t *testing.T) {
	salt := [16]byte([]byte("abcdef0123456789"))
	key := mustKey(t, vectorKey)
	seal := func(id string) string { return key.Seal(salt, vector2Text, id) }
	flipped := "GSLOm/CF" + vector2[8:]
	for _, v := range []struct {
		name, want string
		a          channel.Account
		r          channel.Request
	}{
		{"our own id", "", safeAccount(), signedPush(seal(vectorApp))},
		{"another app's id", channel.BadSignature, safeAccount(), signedPush(seal("wx0000000000000000"))},
		{"no app id in the envelope", channel.BadSignature, safeAccount(), signedPush(seal(""))},
		{"app id cut off", channel.BadSignature, safeAccount(), signedPush(seal(vectorApp[:17]))},
		{"app id with more after it", channel.BadSignature, safeAccount(), signedPush(seal(vectorApp + "0"))},
		{"another key", channel.BadSignature, safeAccount(),
			signedPush(mustKey(t, strings.Repeat("A", 43)).Seal(salt, vector2Text, vectorApp))},
		{"ciphertext flipped", channel.BadSignature, safeAccount(), encryptedPush(flipped, vector2Sum)},
		{"last pad byte wrong", channel.BadSignature, safeAccount(), signedPush(tampered(t, vector2, -17))},
		{"first pad byte wrong", channel.BadSignature, safeAccount(), signedPush(tampered(t, vector2, -16-24))},
		{"last block garbled", channel.BadSignature, safeAccount(), signedPush(tampered(t, vector2, -1))},
		{"no base64", channel.BadSignature, safeAccount(), signedPush("$$$")},
		{"signature of another ciphertext", channel.BadSignature, safeAccount(), encryptedPush(vector2, vector1Sum)},
		{"no msg_signature", channel.NoSignature, safeAccount(), encryptedPush(vector2, "")},
		{"unencrypted", channel.NoSignature, safeAccount(), post(vectorQuery+"&encrypt_type=aes", vector2Text)},
		{"unencrypted, as plaintext mode sends it", channel.Malformed, safeAccount(), post(vectorQuery, vector2Text)},
		{"nothing encrypted, signed so", channel.NoSignature, safeAccount(), signedPush("")},
		{"body is no document", channel.Malformed, safeAccount(), post(vectorQuery+"&encrypt_type=aes", "success")},
		{"two ciphertexts", channel.Malformed, safeAccount(), post(vectorQuery+"&encrypt_type=aes&msg_signature="+vector2Sum,
			"<xml><Encrypt>"+vector2+"</Encrypt><Encrypt>"+vector1+"</Encrypt></xml>")},
		{"key that is none", channel.NoSecret,
			channel.NewAccount("demo", "", map[string]string{token: vectorToken, appID: vectorApp, aesKey: "short"}),
			encryptedPush(vector2, vector2Sum)},
		{"account without an app id", channel.NoSecret,
			channel.NewAccount("demo", "", map[string]string{token: vectorToken, aesKey: vectorKey}), signedPush(seal(""))},
		{"account without the key", channel.NoSecret, plainAccount(), encryptedPush(vector2, vector2Sum)},
	} {
		if got := reason(verify(v.a, v.r)); got != v.want {
			t.Errorf("%s: verify = %q, want %q", v.name, got, v.want)
		}
	}
}

// Compatible mode sends both copies; only the encrypted one is proven.
func TestCompatibleModeReadsTheEncryptedCopy(t *testing.T) {
	forged := strings.Replace(vector2Text, "你好", "forged", 1)
	r := encryptedPush(vector2, vector2Sum)
	r.Body = []byte(strings.TrimSuffix(forged, "</xml>") + "<Encrypt>" + vector2 + "</Encrypt></xml>")
	if err := verify(safeAccount(), r); err != nil {
		t.Fatalf("verify: %v", err)
	}
	evs, err := parse(safeAccount(), r)
	if err != nil || evs[0].Data.Message.Content[0].Text.Body != "你好" {
		t.Errorf("parse = %v, %v, want the encrypted copy", evs, err)
	}
	if got := reason(verify(plainAccount(), r)); got != channel.NoSecret {
		t.Errorf("without the key: verify = %q, want %q", got, channel.NoSecret)
	}
}

func TestVerifyPlaintextMode(t *testing.T) {
	ok := post(vectorQuery, vector2Text)
	received := func(d time.Duration) channel.Request {
		r := ok
		r.Received = at(d)
		return r
	}
	signedAt := func(timestamp string) channel.Request {
		q := url.Values{"timestamp": {timestamp}, "nonce": {"n"},
			"signature": {tencent.Signature(vectorToken, timestamp, "n")}}
		return post(q.Encode(), vector2Text)
	}
	for _, v := range []struct {
		name, want string
		r          channel.Request
	}{
		{"as sent", "", ok},
		{"ten minutes later", "", received(10 * time.Minute)},
		{"ten minutes earlier", "", received(-10 * time.Minute)},
		{"over ten minutes later", channel.Stale, received(10*time.Minute + time.Second)},
		{"over ten minutes earlier", channel.Stale, received(-10*time.Minute - time.Second)},
		{"other parameters are ignored", "", post(vectorQuery+"&openid=oDemoOpenid0001", vector2Text)},
		{"no query", channel.NoSignature, post("", vector2Text)},
		{"signature twice", channel.Malformed, post(vectorQuery+"&signature=24f3e3f1705019166ce43213ab9967a66d2d4222",
			vector2Text)},
		{"malformed query", channel.Malformed, post(vectorQuery+"&a=%zz", vector2Text)},
		{"other nonce", channel.BadSignature, post(strings.Replace(vectorQuery, "483920157", "483920158", 1), vector2Text)},
		{"signature in the header's name", channel.NoSignature,
			post(strings.Replace(vectorQuery, "signature", "Signature", 1), vector2Text)},
		{"time is no number", channel.Malformed, signedAt("now")},
		{"time in milliseconds", channel.Malformed, signedAt("1785600000000")},
		{"time with a sign", channel.Malformed, signedAt("+178560000")},
	} {
		if got := reason(verify(plainAccount(), v.r)); got != v.want {
			t.Errorf("%s: verify = %q, want %q", v.name, got, v.want)
		}
	}
	other := channel.NewAccount("demo", "", map[string]string{token: "other", appID: vectorApp})
	if got := reason(verify(other, ok)); got != channel.BadSignature {
		t.Errorf("another token: verify = %q", got)
	}
	evs, err := parse(plainAccount(), ok)
	if err != nil || len(evs) != 1 || evs[0].Data.Message.Content[0].Text.Body != "你好" {
		t.Errorf("parse = %v, %v", evs, err)
	}
}

// Plaintext mode signs no body. The test states it, so that nobody believes more.
func TestPlaintextModeDoesNotProveTheBody(t *testing.T) {
	if err := verify(plainAccount(), post(vectorQuery, strings.Replace(vector2Text, "你好", "forged", 1))); err != nil {
		t.Errorf("verify: %v; if the body is proven now, the README is wrong", err)
	}
}

func TestSignIsTheInverseOfVerify(t *testing.T) {
	for name, a := range map[string]channel.Account{"safe": safeAccount(), "plain": plainAccount()} {
		for _, body := range []string{vector2Text,
			`{"ToUserName":"gh_<&>\"","FromUserName":"o1","CreateTime":1785600000,"MsgType":"text","Content":"x","MsgId":1}`,
			"no document"} {
			r := post("openid=o1&signature=old", body)
			play.Platform.Sign(a, &r)
			if err := verify(a, r); err != nil {
				t.Errorf("%s: verify: %v of %s", name, err, r.Body)
			}
			again := post("openid=o1&signature=old", body)
			if play.Platform.Sign(a, &again); again.RawQuery != r.RawQuery || string(again.Body) != string(r.Body) {
				t.Errorf("%s: signing twice differs", name)
			}
			if name == "safe" && strings.Contains(string(r.Body), "Content") {
				t.Errorf("the body is not encrypted: %s", r.Body)
			}
		}
	}
}

func TestKeyRotation(t *testing.T) {
	a, err := channel.ParseAccount("demo", "",
		[]byte(`{"token":"new","app_id":"`+vectorApp+`","encoding_aes_key":"`+strings.Repeat("B", 43)+`"}`),
		[]byte(`{"token":"`+vectorToken+`","app_id":"`+vectorApp+`","encoding_aes_key":"`+vectorKey+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := verify(a, encryptedPush(vector2, vector2Sum)); err != nil {
		t.Errorf("the previous token and key: %v", err)
	}
}

func TestHandshake(t *testing.T) {
	get := func(query string, d time.Duration) channel.Request {
		return channel.Request{Method: http.MethodGet, RawQuery: query, Received: at(d)}
	}
	for _, v := range []struct {
		name string
		r    channel.Request
		want string // "" is refused
	}{
		{"digits", get(vectorQuery+"&echostr=4375120948345356249", 0), "4375120948345356249"},
		{"base64", get(vectorQuery+"&echostr=aZ09-_%2B%2F%3D", 0), "aZ09-_+/="},
		{"no echostr", get(vectorQuery, 0), ""},
		{"a tag", get(vectorQuery+"&echostr=%3Cscript%3E", 0), ""},
		{"a space", get(vectorQuery+"&echostr=a+b", 0), ""},
		{"a line break", get(vectorQuery+"&echostr=a%0d%0ab", 0), ""},
		{"too long", get(vectorQuery+"&echostr="+strings.Repeat("1", 257), 0), ""},
		{"twice", get(vectorQuery+"&echostr=1&echostr=2", 0), ""},
		{"stale", get(vectorQuery+"&echostr=1", time.Hour), ""},
		{"forged", get(strings.Replace(vectorQuery, "24f3", "24f4", 1)+"&echostr=1", 0), ""},
	} {
		for _, a := range []channel.Account{safeAccount(), plainAccount()} {
			got, ok := handshake(a, v.r)
			if !ok || got.Body != v.want || (got.Status == 200) != (v.want != "") || got.ContentType != "text/plain" {
				t.Errorf("%s: handshake = %+v, %v; want %q", v.name, got, ok, v.want)
			}
		}
	}
	if _, ok := handshake(safeAccount(), post(vectorQuery+"&echostr=1", "")); ok {
		t.Error("a POST is taken for a handshake")
	}
}

func TestAck(t *testing.T) {
	want := channel.Response{Status: 200, ContentType: "text/plain", Body: "success"}
	if got := ack(safeAccount(), post("", ""), channel.Receipt{}); got != want {
		t.Errorf("ack = %+v, want %+v", got, want)
	}
}
