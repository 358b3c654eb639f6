package tencent

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/relais-dev/relais/shared/channel"
)

// The vectors of the project's sheet on WeChat.
const (
	token     = "wxTok3nDemo"
	timestamp = "1785600000"
	nonce     = "483920157"
	plainSum  = "24f3e3f1705019166ce43213ab9967a66d2d4222"

	aesKey   = "AwoRGB8mLTQ7QklQV15lbHN6gYiPlp2kq7K5wMfO1dw"
	appID    = "wx1234567890abcdef"
	message1 = "<xml><a>1</a></xml>"
	encrypt1 = "GSLOm/BFeok5vs3ChgMwNO49TNBqVBKZ9u94UIlKsEYczRfNcjFopoJFRDwkMijRVNDutJh8juwGgJSfhKQvHg=="
	sum1     = "51757252bc495154e3884dd065b07f5c80d9c6f0"

	message2 = "<xml><ToUserName><![CDATA[gh_0a1b2c3d4e5f]]></ToUserName><FromUserName><![CDATA[oDemoOpenid0001]]>" +
		"</FromUserName><CreateTime>1785600000</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[你好]]>" +
		"</Content><MsgId>25012345678901234</MsgId></xml>"
	encrypt2 = "GSLOm/BFeok5vs3ChgMwNDgwwUpbWlqta0KSBX8VOXYAuGG0Pqg1NMTAsJhBPksODjjgAInapwLOv+j84lczMZhi91T7mO40ObY7nka" +
		"/Hj0/uHM7BV2Y8VlLVJ8RSjoZaYkfhxxKyT6fD24dKmy1opEV4mD5LekjEBr37Q40AgdghOJeDgzLufFeUZdZl2Ji+kM1dIkdOiMqoRPQUpuHLx8F" +
		"sY1vAixtOTt33cSos53t1Bg+0kgULjiK5F1+kY9FTCo4YD0dZhEeK67C2jKcYXY4R7KIQt0t32Pdqm0EizD/itkugBZTfAVI5ZoF11/" +
		"RD8oTLhh3+aRV2g0ebuQSfKr4P9Rqhy1vN166/sjZZP8IIXlDjgArRWINSBYZCTToPJOkClpU2ReQ8kRQM5QoWh+uiWYTgiqX0l3TCY9Ewlc="
	sum2 = "c723a8a874fd5d93543a4a4f54c85346ada038ad"
)

var salt = [16]byte([]byte("abcdef0123456789"))

func key(t testing.TB) Key {
	t.Helper()
	k, err := ParseKey(aesKey)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSignature(t *testing.T) {
	for _, v := range []struct {
		name, want string
		parts      []string
	}{
		{"plain", plainSum, []string{token, timestamp, nonce}},
		{"order does not matter", plainSum, []string{nonce, token, timestamp}},
		{"safe mode", sum1, []string{token, timestamp, nonce, encrypt1}},
		{"safe mode, UTF-8", sum2, []string{token, timestamp, nonce, encrypt2}},
	} {
		if got := Signature(v.parts...); got != v.want {
			t.Errorf("%s: Signature = %s, want %s", v.name, got, v.want)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, v := range []struct {
		name, got, reason string
		tokens, parts     []string
	}{
		{"accepts", plainSum, "", []string{token}, []string{timestamp, nonce}},
		{"accepts the older of two tokens", plainSum, "", []string{"new", token}, []string{timestamp, nonce}},
		{"accepts the ciphertext", sum2, "", []string{token}, []string{timestamp, nonce, encrypt2}},
		{"other token", plainSum, channel.BadSignature, []string{"other"}, []string{timestamp, nonce}},
		{"other time", plainSum, channel.BadSignature, []string{token}, []string{"1785600001", nonce}},
		{"other nonce", plainSum, channel.BadSignature, []string{token}, []string{timestamp, "483920158"}},
		{"other ciphertext", sum2, channel.BadSignature, []string{token}, []string{timestamp, nonce, encrypt1}},
		{"absent", "", channel.NoSignature, []string{token}, []string{timestamp, nonce}},
		{"upper case", strings.ToUpper(plainSum), channel.Malformed, []string{token}, []string{timestamp, nonce}},
		{"cut off", plainSum[:39], channel.Malformed, []string{token}, []string{timestamp, nonce}},
		{"doubled", plainSum + "," + plainSum, channel.Malformed, []string{token}, []string{timestamp, nonce}},
		{"no token", plainSum, channel.NoSecret, nil, []string{timestamp, nonce}},
		{"blank token", Signature("  ", timestamp, nonce), channel.NoSecret, []string{"  "}, []string{timestamp, nonce}},
	} {
		err := Check(v.tokens, v.got, v.parts...)
		if (err == nil) != (v.reason == "") || err != nil && channel.RefusalReason(err) != v.reason {
			t.Errorf("%s: Check = %v, want reason %q", v.name, err, v.reason)
		}
	}
}

func TestParseKey(t *testing.T) {
	if _, err := ParseKey(aesKey); err != nil {
		t.Errorf("ParseKey: %v", err)
	}
	want, _ := hex.DecodeString("030a11181f262d343b424950575e656c")
	if got := key(t).iv; string(got) != string(want) {
		t.Errorf("IV = %x, want %x", got, want)
	}
	if _, err := ParseKey(aesKey[:42] + "x"); err != nil {
		t.Errorf("ParseKey with stray bits in the last character, as consoles draw it: %v", err)
	}
	for _, bad := range []string{"", "   ", aesKey[:42], aesKey + "=", aesKey + "A", aesKey[:42] + "\n",
		aesKey[:42] + "-"} {
		if _, err := ParseKey(bad); err == nil {
			t.Errorf("ParseKey(%q) has no error", bad)
		}
	}
}

func TestEnvelopeVectors(t *testing.T) {
	for _, v := range []struct{ encrypt, message string }{{encrypt1, message1}, {encrypt2, message2}} {
		message, id, err := key(t).Open(v.encrypt)
		if err != nil || message != v.message || id != appID {
			t.Errorf("Open = %q, %q, %v; want %q, %q", message, id, err, v.message, appID)
		}
		if got := key(t).Seal(salt, v.message, appID); got != v.encrypt {
			t.Errorf("Seal = %s, want %s", got, v.encrypt)
		}
	}
}

// Every length of padding occurs, 17 to 32 included: those that helpers for
// 16-byte blocks refuse.
func TestEnvelopePadding(t *testing.T) {
	for n := range 65 {
		message := strings.Repeat("m", n)
		got, id, err := key(t).Open(key(t).Seal(salt, message, appID))
		if err != nil || got != message || id != appID {
			t.Fatalf("%d bytes come back as %q, %q, %v", n, got, id, err)
		}
	}
}

func TestEnvelopeRefuses(t *testing.T) {
	k := key(t)
	other, err := ParseKey(strings.Repeat("A", 43))
	if err != nil {
		t.Fatal(err)
	}
	pad7 := strings.Repeat("\x07", 7)
	for name, encrypt := range map[string]string{
		"nothing":      "",
		"no base64":    "$$$$",
		"a line break": encrypt1[:40] + "\n" + encrypt1[40:],
		"URL alphabet": strings.ReplaceAll(encrypt1, "/", "_"),
		"half a block": encryptRaw(k, strings.Repeat("\x10", 16)),
		"cut off":      encrypt1[:40],
		"another key":  other.Seal(salt, message1, appID),
		"ciphertext flipped": "G" + flip(encrypt1[1:2]) + encrypt1[2:len(encrypt1)-8] +
			flip(encrypt1[len(encrypt1)-8:]),
		"pad of 0":                 encryptRaw(k, "abcdef0123456789\x00\x00\x00\x00bodywx123456"[:31]+"\x00"),
		"pad of 33":                encryptRaw(k, strings.Repeat("\x21", 64)),
		"one pad byte wrong":       encryptRaw(k, "abcdef0123456789\x00\x00\x00\x02hiwx1"+"\x06"+pad7[1:]),
		"pad longer than the text": encryptRaw(k, strings.Repeat("\x20", 32)),
		"message longer than sent": encryptRaw(k, "abcdef0123456789\x00\x00\x00\x06hiwx1"+pad7),
		"huge length":              encryptRaw(k, "abcdef0123456789\xff\xff\xff\xffhiwx1"+pad7),
	} {
		if message, id, err := k.Open(encrypt); err == nil {
			t.Errorf("%s: Open = %q, %q and no error", name, message, id)
		}
	}
	if message, id, err := k.Open(encryptRaw(k, "abcdef0123456789\x00\x00\x00\x02hiwx1"+pad7)); err != nil ||
		message != "hi" || id != "wx1" {
		t.Errorf("the same with the right padding: %q, %q, %v", message, id, err)
	}
}

// encryptRaw is the Encrypt text of plain as it stands: no padding is added.
func encryptRaw(k Key, plain string) string {
	return sealRaw(k, []byte(plain))
}

func flip(s string) string {
	if s[0] == 'A' {
		return "B" + s[1:]
	}
	return "A" + s[1:]
}

func FuzzOpen(f *testing.F) {
	f.Add(encrypt1)
	f.Add(encrypt2)
	f.Fuzz(func(t *testing.T, encrypt string) {
		message, id, err := key(t).Open(encrypt)
		if err != nil {
			return
		}
		if back, backID, err := key(t).Open(key(t).Seal(salt, message, id)); err != nil || back != message || backID != id {
			t.Errorf("%q, %q come back as %q, %q, %v", message, id, back, backID, err)
		}
	})
}
