package store

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/relais-dev/relais/events"
)

// A packed body is one format byte and a DEFLATE stream of the event's JSON, a
// NUL and the raw bytes. Both are compressed together, because they say the same
// things, and against a dictionary of what every event says: that is what makes
// a text message fit 1 KB. A dictionary never changes; a better one gets the next
// format byte.
const format1 = 1

// maxUnpacked bounds what a body may unfold to, far above any real one.
const maxUnpacked = 32 << 20

// dictionary1 holds the frequent texts, the most frequent last.
const dictionary1 = `"entities":[{"type":"mention","offset":0,"length":"interaction":{"kind":"button","option":"qui` +
	`ck_reply","status":{"message":{"id":"msg_` +
	`"state":"delivered","recipient":{"pricing":{"billable":true,"model":"PMP","category":"service","type":"regular"}` +
	`"media":{"type":"image","state":"pending","mime":"image/jpeg","sha256":"caption":"durationMs":` +
	`"location":{"latitude":"longitude":"referral":{"source":"ad","url":"https://"title":"payload":"answer":{"token":"` +
	`expiresAt":"` +
	`<xml><ToUserName><![CDATA[gh_]]></ToUserName><FromUserName><![CDATA[]]></FromUserName><CreateTime></CreateTime><M` +
	`sgType><![CDATA[text]]></MsgType><Content><![CDATA[]]></Content><MsgId></MsgId></xml>` +
	`{"destination":"U","events":[{"type":"message","mode":"active","timestamp":"source":{"type":"user","userId":"U"we` +
	`bhookEventId":"deliveryContext":{"isRedelivery":false},"replyToken":"quoteToken":"` +
	`{"update_id":,"message":{"message_id":,"from":{"id":,"is_bot":false,"first_name":"last_name":"username":"language` +
	`_code":"en"},"chat":{"id":"type":"private"},"date":1` +
	`{"object":"whatsapp_business_account","entry":[{"id":"","changes":[{"value":{"messaging_product":"whatsapp","meta` +
	`data":{"display_phone_number":"phone_number_id":"` +
	`"contacts":[{"profile":{"name":"wa_id":"user_id":"US."messages":[{"from":"from_user_id":"US."id":"wamid.HBgL"time` +
	`stamp":"1"text":{"body":"},"type":"text","context":{"from":"}]},"field":"messages"}]}]}` +
	`{"specversion":"1.0","id":"evt_","source":"/channels/custom/accounts/line/telegram/wechat/whatsapp/accounts/","ty` +
	`pe":"message.received.v1","subject":"cnv_","time":"2026-` +
	`Z","recordedtime":"2026-Z","datacontenttype":"application/json","dataschema":"https://relais.dev/schema/message.r` +
	`eceived.v1.schema.json","partitionkey":"cnv_` +
	`","channel":"whatsapp","account":"","data":{"channel":"whatsapp","account":"","contact":{"id":"con_","identities"` +
	`:[{"scheme":"phone","value":"","verified":"platform"}],"name":"` +
	`"},"conversation":{"id":"cnv_","platformId":"","kind":"direct","window":{"kind":"service","closesAt":"2026-Z"}},"` +
	`message":{"id":"msg_","platformId":"","revision":0,"actor":{"role":"customer"},` +
	`"content":[{"kind":"text","text":{"body":""}}],"replyTo":{"id":"msg_","platformId":""}}}}`

// A DEFLATE writer holds some 800 KB of tables: making one per event would cost
// more than the work.
var writers = sync.Pool{New: func() any {
	w, err := flate.NewWriterDict(io.Discard, flate.DefaultCompression, []byte(dictionary1))
	if err != nil {
		panic(err) // the level is a constant
	}
	return w
}}

func pack(e *events.Event, raw []byte) ([]byte, error) {
	doc, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode event: %w", err)
	}
	return packed(doc, raw)
}

// Pack makes a JSON document small; Unpack is its inverse.
func Pack(doc []byte) []byte {
	out, err := packed(doc, nil)
	if err != nil {
		panic(err) // memory takes all that is written
	}
	return out
}

// Unpack is the inverse of Pack.
func Unpack(body []byte) ([]byte, error) {
	doc, _, err := unpack(body)
	return doc, err
}

func packed(doc, raw []byte) ([]byte, error) {
	var out bytes.Buffer
	out.Grow(1 << 10)
	out.WriteByte(format1)
	w := writers.Get().(*flate.Writer)
	defer writers.Put(w)
	w.Reset(&out)
	for _, part := range [][]byte{doc, {0}, raw} {
		if _, err := w.Write(part); err != nil {
			return nil, fmt.Errorf("pack event: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("pack event: %w", err)
	}
	return out.Bytes(), nil
}

func unpack(body []byte) (doc, raw []byte, err error) {
	if len(body) == 0 || body[0] != format1 {
		return nil, nil, errors.New("unpack event: unknown format")
	}
	r := flate.NewReaderDict(bytes.NewReader(body[1:]), []byte(dictionary1))
	all, err := io.ReadAll(io.LimitReader(r, maxUnpacked+1))
	if err != nil {
		return nil, nil, fmt.Errorf("unpack event: %w", err)
	}
	if len(all) > maxUnpacked {
		return nil, nil, fmt.Errorf("unpack event: over %d bytes", maxUnpacked)
	}
	doc, raw = split(all)
	return doc, raw, nil
}
