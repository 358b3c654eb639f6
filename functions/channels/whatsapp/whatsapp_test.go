package whatsapp_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/whatsapp"
	"github.com/relais-dev/relais/functions/channels/whatsapp/play"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/exam"
)

func Test(t *testing.T)             { exam.Run(t, whatsapp.Channel, play.Platform) }
func FuzzChannel(f *testing.F)      { exam.Fuzz(f, whatsapp.Channel, play.Platform) }
func BenchmarkChannel(b *testing.B) { exam.Bench(b, whatsapp.Channel, play.Platform) }

// The published vector; its backslashes are literal.
const (
	vectorSecret = "3f1d0c9b8a7e6d5c4b3a29181706f5e4"
	vectorBody   = `{"object":"whatsapp_business_account","entry":[{"id":"410000000000011","changes":[]}],` +
		`"note":"Ol\u00e1 \ud83d\ude00"}`
	vectorSignature = "sha256=35f5a4eddc7b59698341d1184d3ba9655e51683e09953b06559bca980027d897"
)

func account(secrets string) channel.Account {
	a, err := channel.ParseAccount("demo", "", []byte(`{"app_secret":`+secrets+`,"verify_token":"tok_en-1"}`), nil)
	if err != nil {
		panic(err)
	}
	return a
}

func request(body string) channel.Request {
	return channel.Request{
		Method: "POST", Header: http.Header{}, Body: []byte(body), Received: time.Date(2026, 8, 1, 16, 5, 0, 0, time.UTC),
	}
}

func TestVerify(t *testing.T) {
	if len(vectorBody) != 117 {
		t.Fatalf("the vector has %d bytes, want 117", len(vectorBody))
	}
	decoded := strings.NewReplacer(`\u00e1`, "á", `\ud83d\ude00`, "😀").Replace(vectorBody)
	right := `"` + vectorSecret + `"`
	for _, tc := range []struct{ name, secrets, body, signature, want string }{
		{"vector", right, vectorBody, vectorSignature, ""},
		{"the second app's secret", `["other",` + right + `]`, vectorBody, vectorSignature, ""},
		{"body encoded anew", right, decoded, vectorSignature, channel.BadSignature},
		{"absent", right, vectorBody, "", channel.NoSignature},
		{"another secret", `"other"`, vectorBody, vectorSignature, channel.BadSignature},
		{"no secret", `[]`, vectorBody, vectorSignature, channel.BadSignature},
		{"without sha256=", right, vectorBody, vectorSignature[7:], channel.Malformed},
		{"upper case", right, vectorBody, "sha256=" + strings.ToUpper(vectorSignature[7:]), channel.Malformed},
		{"upper-case scheme", right, vectorBody, "SHA256=" + vectorSignature[7:], channel.Malformed},
		{"space before it", right, vectorBody, " " + vectorSignature, channel.Malformed},
		{"empty digest", right, vectorBody, "sha256=", channel.Malformed},
		{"good after bad", right, vectorBody, "sha256=00," + vectorSignature, channel.Malformed},
		{"sha1", right, vectorBody, "sha1=" + vectorSignature[7:47], channel.Malformed},
		{"truncated", right, vectorBody, vectorSignature[:70], channel.Malformed},
		{"doubled", right, vectorBody, vectorSignature + "," + vectorSignature, channel.Malformed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := request(tc.body)
			if tc.signature != "" {
				r.Header.Set("X-Hub-Signature-256", tc.signature)
			}
			got := ""
			if err := whatsapp.Channel.Verify(account(tc.secrets), r); err != nil {
				got = channel.RefusalReason(err)
			}
			if got != tc.want {
				t.Errorf("reason is %q, want %q", got, tc.want)
			}
		})
	}
}

const (
	user = `"from":"15550100099","from_user_id":"US.500000000000000000077"`
	head = `{"object":"whatsapp_business_account","entry":[{"id":"410000000000011","time":1785600000,"changes":[`
	tail = `]}]}`
)

func change(field, value string) string { return `{"value":` + value + `,"field":"` + field + `"}` }

func messages(items string) string {
	return change("messages",
		`{"messaging_product":"whatsapp","metadata":{"phone_number_id":"220000000000022"},"messages":[`+items+`]}`)
}

// parse is what becomes of changes, a JSON array's elements.
func parse(t *testing.T, changes string) []events.Event {
	t.Helper()
	evs, err := whatsapp.Channel.Events(account(`"s"`), request(head+changes+tail))
	if err != nil {
		t.Fatal(err)
	}
	return evs
}

// The published samples, byte for byte, and what each becomes.
func TestSamples(t *testing.T) {
	t.Run("reply from an ad", func(t *testing.T) {
		const body = `{"object":"whatsapp_business_account","entry":[{"id":"410000000000011",` +
			`"changes":[{"field":"messages","value":{"messaging_product":"whatsapp",` +
			`"metadata":{"display_phone_number":"15550100001","phone_number_id":"220000000000022"},` +
			`"contacts":[{"profile":{"name":"Ana","username":"ana.demo"},"wa_id":"15550100099",` +
			`"user_id":"US.500000000000000000077"}],"messages":[{"from":"15550100099",` +
			`"from_user_id":"US.500000000000000000077","id":"wamid.A1","timestamp":"1785600000","type":"text",` +
			`"text":{"body":"Is it in stock?"},"context":{"from":"15550100001","id":"wamid.A0"},` +
			`"referral":{"source_type":"ad","source_id":"77001","source_url":"https://fb.example/ad","headline":"Summer",` +
			`"body":"-20%","media_type":"image","image_url":"https://cdn.example/a.jpg","ctwa_clid":"CL1"}}]}}]}]}`
		evs, err := whatsapp.Channel.Events(account(`"s"`), request(body))
		if err != nil || len(evs) != 1 {
			t.Fatalf("%d events and %v", len(evs), err)
		}
		m := evs[0].Data.Message
		want := &events.Referral{Source: "ad", ID: "77001", URL: "https://fb.example/ad", Title: "Summer", Body: "-20%",
			MediaType: "image", MediaURL: "https://cdn.example/a.jpg", ClickID: "CL1"}
		if diff := cmp.Diff(want, m.Referral); diff != "" || m.ReplyTo.PlatformID != "wamid.A0" {
			t.Errorf("replies to %+v, referral (-want +got):\n%s", m.ReplyTo, diff)
		}
		if at := time.Date(2026, 8, 1, 16, 0, 0, 0, time.UTC); !evs[0].Time.Equal(at) ||
			!evs[0].Data.Conversation.Window.ClosesAt.Equal(at.Add(24*time.Hour)) {
			t.Errorf("time %v, window %+v", evs[0].Time, evs[0].Data.Conversation.Window)
		}
	})
	for _, tc := range []struct {
		name, item string
		want       events.Type
		check      func(events.Data) bool
	}{
		// The sample's digest has 8 bytes: it is no SHA-256.
		{"image without a number",
			`{"from_user_id":"US.500000000000000000077","id":"wamid.A2","timestamp":"1785600010","type":"image",` +
				`"image":{"id":"330000001","mime_type":"image/jpeg","sha256":"q83vEjRWeJA=","caption":"my receipt",` +
				`"url":"https://lookaside.example/x"}}`, events.MessageReceived, func(d events.Data) bool {
				m := d.Message.Content[0].Media
				return m.SHA256 == "" && m.Caption == "my receipt" && m.URL == "" && len(d.Contact.Identities) == 1
			}},
		{"list", `{"from":"15550100099","id":"wamid.A3","timestamp":"1785600020","type":"interactive",` +
			`"context":{"from":"15550100001","id":"wamid.B7"},"interactive":{"type":"list_reply","list_reply":{"id":"slot-2",` +
			`"title":"Tue 10:00","description":"Main street"}}}`, events.InteractionReceived, func(d events.Data) bool {
			return d.Interaction.Option == "slot-2" && d.Interaction.Text == "Tue 10:00" &&
				d.Interaction.Of.PlatformID == "wamid.B7"
		}},
		{"flow", `{"from":"15550100099","id":"wamid.A4","timestamp":"1785600030","type":"interactive",` +
			`"interactive":{"type":"nfm_reply","nfm_reply":{"name":"flow","body":"Sent",` +
			`"response_json":"{\"flow_token\":\"ft1\",\"size\":\"M\"}"}}}`, events.InteractionReceived,
			func(d events.Data) bool {
				return cmp.Equal(d.Interaction.Values,
					[]events.Field{{Name: "flow_token", Value: "ft1"}, {Name: "size", Value: "M"}})
			}},
		{"reaction", `{"from":"15550100099","id":"wamid.A5","timestamp":"1785600040","type":"reaction",` +
			`"reaction":{"message_id":"wamid.B7","emoji":"\ud83d\udc4d"}}`, events.ReactionAdded, func(d events.Data) bool {
			return d.Reaction.Emoji == "👍" && d.Reaction.Target.PlatformID == "wamid.B7" && d.Conversation.Window == nil
		}},
		{"order", `{"from":"15550100099","id":"wamid.A6","timestamp":"1785600050","type":"order",` +
			`"order":{"catalog_id":"55","text":"please","product_items":[{"product_retailer_id":"sku-1","quantity":2,` +
			`"item_price":7.5,"currency":"EUR"}]}}`, events.OrderReceived, func(d events.Data) bool {
			return cmp.Equal(d.Order.Items,
				[]events.OrderItem{{Product: "sku-1", Quantity: 2, Price: &events.Money{Amount: 750, Currency: "EUR"}}})
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			evs := parse(t, messages(tc.item))
			if len(evs) != 1 || evs[0].Type != tc.want || !tc.check(evs[0].Data) {
				t.Errorf("becomes %+v", evs)
			}
		})
	}
	t.Run("failed status", func(t *testing.T) {
		const item = `{"id":"wamid.B7","status":"failed","timestamp":"1785600060","recipient_id":"15550100099",` +
			`"recipient_user_id":"US.500000000000000000077","errors":[{"code":131047,"title":"Re-engagement message",` +
			`"message":"Re-engagement message","error_data":{"details":"outside window"}}]}`
		e := parse(t, change("messages", `{"statuses":[`+item+`]}`))[0]
		want := &events.StatusError{Class: "window", Code: "131047", Title: "Re-engagement message: outside window",
			Remedy: "send a template"}
		if diff := cmp.Diff(want, e.Data.Status.Error); diff != "" || e.Key != "status:wamid.B7:failed" {
			t.Errorf("key %q, error (-want +got):\n%s", e.Key, diff)
		}
	})
}

func TestBodies(t *testing.T) {
	for _, tc := range []struct {
		name, body string
		readable   bool
		events     int
	}{
		{"vector", vectorBody, true, 0},
		{"no entries", `{"object":"whatsapp_business_account","entry":[]}`, true, 0},
		{"null entries", `{"object":"whatsapp_business_account","entry":null}`, true, 0},
		{"another object", `{"object":"page","entry":[{"id":"1"}]}`, true, 1},
		{"empty", "", false, 0},
		{"no object", `{"entry":[]}`, false, 0},
		{"object twice", `{"object":"whatsapp_business_account","entry":[],"Object":"page"}`, false, 0},
		{"truncated", vectorBody[:90], false, 0},
		{"two documents", vectorBody + vectorBody, false, 0},
		{"not UTF-8", `{"object":"whatsapp_business_account","note":"` + "\xff" + `"}`, false, 0},
		{"too many items", head + messages(strings.Repeat("{},", 10_000)+"{}") + tail, false, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			evs, err := whatsapp.Channel.Parse(account(`"s"`), request(tc.body))
			if (err == nil) != tc.readable || len(evs) != tc.events {
				t.Errorf("%d events and %v", len(evs), err)
			}
		})
	}
}

// A broken item, change or entry must not take the others of its delivery with it.
func TestEveryItemOfABatchIsKept(t *testing.T) {
	good := messages(`{` + user + `,"id":"wamid.OK","timestamp":"1785600000","type":"text","text":{"body":"still here"}}`)
	var cases []string
	for _, item := range []string{
		`null`, `1`, `"x"`, `[]`, `{}`, `{"id":"wamid.1"}`, `{` + user + `}`, `{` + user + `,"id":{}}`,
		`{"from":"15550100099","FROM":"15550100088","id":"wamid.1","type":"text","text":{"body":"two senders"}}`,
		`{` + user + `,"id":"wamid.1","type":"text"}`, `{` + user + `,"id":"wamid.1","type":"text","text":5}`,
		`{` + user + `,"id":"wamid.1","type":"image","image":[]}`,
		`{` + user + `,"id":"wamid.1","type":"location","location":{}}`,
		`{` + user + `,"id":"wamid.1","type":"reaction"}`,
		`{` + user + `,"id":"wamid.1","type":"edit","edit":{"original_message_id":"wamid.0"}}`,
		`{` + user + `,"id":"wamid.1","type":"edit","edit":{"original_message_id":"wamid.0","message":7}}`,
		`{` + user + `,"id":"wamid.1","type":"revoke","revoke":{}}`,
		`{` + user + `,"id":"wamid.1","type":"order","order":"x"}`,
		`{` + user + `,"id":"wamid.1","type":"interactive"}`, `{` + user + `,"id":"wamid.1","type":"system"}`,
		`{` + user + `,"id":"wamid.1","timestamp":"99999999999999999","type":"text","text":{"body":"late"}}`,
	} {
		cases = append(cases, messages(item))
	}
	for _, s := range []string{`7`, `{}`, `{"id":"wamid.1"}`, `{"id":"wamid.1","status":[]}`,
		`{"id":"wamid.1","type":"payment","status":"captured"}`} {
		cases = append(cases, change("messages", `{"statuses":[`+s+`]}`))
	}
	cases = append(cases,
		change("messages", `5`), change("messages", `{}`), change("messages", `{"messages":{}}`),
		change("messages", `{"errors":[3]}`),
		`{"field":"messages"}`, `{}`, `null`, `8`, `{"field":[],"value":{}}`,
		change("user_preferences", `{"user_preferences":[4]}`), change("user_preferences", `{"user_preferences":"x"}`),
		change("message_template_status_update", `[]`), change("account_update", `[]`),
		change("messaging_handovers", `{"control_passed":3}`),
		change("group_participants_update", `{"groups":[{"group_id":""},5]}`), change("calls", `{"calls":[{}]}`),
	)
	for _, bad := range cases {
		t.Run(bad, func(t *testing.T) {
			evs := parse(t, bad+","+good)
			if len(evs) < 2 {
				t.Fatalf("%d events, want the bad and the good one", len(evs))
			}
			if last := evs[len(evs)-1].Data.Message; last == nil || last.Content[0].Text.Body != "still here" {
				t.Errorf("the good item became %+v", evs[len(evs)-1])
			}
		})
	}
	t.Run("entry", func(t *testing.T) {
		evs, err := whatsapp.Channel.Events(account(`"s"`),
			request(strings.Replace(head, `"entry":[`, `"entry":[{"changes":3},null,5,`, 1)+good+tail))
		if err != nil || len(evs) != 3 {
			t.Fatalf("%d events and %v, want two bad entries and the good one", len(evs), err)
		}
	})
}

// FuzzItem grows one item of a batch: whatever it is, its neighbour comes out.
func FuzzItem(f *testing.F) {
	f.Add(`{` + user + `,"id":"wamid.1","timestamp":"1","type":"interactive","interactive":{"type":"nfm_reply",` +
		`"nfm_reply":{"response_json":"{}"}}}`)
	f.Add(`{` + user + `,"id":"wamid.1","type":"order","order":{"product_items":[{"item_price":1e9,"quantity":-1,` +
		`"currency":"JPY"}]}}`)
	f.Add(`{"id":"wamid.1","type":"system","system":{"wa_id":"1","previous_user_id":"US.1","user_id":"US.2"}}`)
	f.Add(`{` + user + `,"id":"wamid.1","type":"edit","edit":{"original_message_id":"wamid.0","message":{"type":"text",` +
		`"text":{}}}}`)
	f.Add(`{"id":"wamid.1","message":{"to":"1","type":"contacts","contacts":[{"name":{}}]}}`)
	f.Fuzz(func(t *testing.T, item string) {
		body := head + messages(item+`,{`+user+`,"id":"wamid.OK","type":"text","text":{"body":"x"}}`) + tail
		if !json.Valid([]byte(body)) || strings.Count(item, ",{") > 0 {
			return
		}
		evs, err := whatsapp.Channel.Events(account(`"s"`), request(body))
		if err != nil && bytes.Equal(bytes.ToValidUTF8([]byte(item), nil), []byte(item)) &&
			strings.Count(item, "[")+strings.Count(item, "{") < 90 {
			t.Fatalf("one item loses the delivery: %v", err)
		}
		if err == nil && len(evs) < 2 {
			t.Fatalf("%d events, want 2", len(evs))
		}
	})
}

func TestIdentity(t *testing.T) {
	const bsuid, phone = "US.500000000000000000077", "15550100099"
	const number = "+" + phone
	both := []string{bsuid, number}
	for _, tc := range []struct {
		name, sender, contacts string
		want                   []string
	}{
		{"both", user, ``, both},
		{"number from the contact", `"from_user_id":"` + bsuid + `"`, `{"wa_id":"` + phone + `","user_id":"` + bsuid + `"}`,
			both},
		{"user id from the contact", `"from":"` + phone + `"`, `{"wa_id":"` + phone + `","user_id":"` + bsuid + `"}`, both},
		{"only contact, spelled otherwise", `"from":"5215512345678"`, `{"wa_id":"525512345678","user_id":"MX.8"}`,
			[]string{"MX.8", "+5215512345678"}},
		{"another's contact", user, `{"wa_id":"15550100088","user_id":"US.8"}`, both},
		{"one of two contacts", `"from":"` + phone + `"`, `{"wa_id":"1","user_id":"US.8"},{"wa_id":"2","user_id":"US.9"}`,
			[]string{number}},
		{"no number", `"from_user_id":"` + bsuid + `"`, ``, []string{bsuid}},
		{"empty number", `"from":"","from_user_id":"` + bsuid + `"`, ``, []string{bsuid}},
		{"user id where the number was", `"from":"` + bsuid + `"`, ``, []string{bsuid}},
		{"user id in both places", `"from":"` + bsuid + `","from_user_id":"` + bsuid + `"`, ``, []string{bsuid}},
		{"portfolios' id last", user + `,"from_parent_user_id":"US.ENT.1"`, ``, []string{bsuid, number, "US.ENT.1"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			item := `{` + tc.sender + `,"id":"wamid.1","timestamp":"1785600000","type":"text","text":{"body":"x"}}`
			e := parse(t, change("messages", `{"messages":[`+item+`],"contacts":[`+tc.contacts+`]}`))[0]
			var got []string
			for _, i := range e.Data.Contact.Identities {
				got = append(got, i.Value)
				if (i.Scheme == events.Phone) != strings.HasPrefix(i.Value, "+") {
					t.Errorf("%s is called %s", i.Value, i.Scheme)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" || e.Data.Conversation.PlatformID != strings.TrimPrefix(tc.want[0],
				"+") {
				t.Errorf("thread %q, identities (-want +got):\n%s", e.Data.Conversation.PlatformID, diff)
			}
		})
	}
}

// A contact belongs to the one sender of a change, and to the status that names their
// portfolios' id.
func TestContactsOfAChange(t *testing.T) {
	const contacts = `"contacts":[{"profile":{"name":"Ana"},"wa_id":"525512345678","user_id":"MX.8",` +
		`"parent_user_id":"MX.ENT.8"}]`
	said := func(from string) string {
		return `{"from":"` + from + `","id":"wamid.` + from + `","timestamp":"1785600000","type":"text","text":{"body":"x"}}`
	}
	for _, e := range parse(t,
		change("messages", `{"messages":[`+said("5215512345678")+`,`+said("4915550100088")+`],`+contacts+`}`)) {
		if e.Data.Contact.Name != "" {
			t.Errorf("of two senders %s is Ana", e.Data.Conversation.PlatformID)
		}
	}
	status := `{"id":"wamid.1","status":"read","timestamp":"1785600000","recipient_id":"5215512345678",` +
		`"recipient_parent_user_id":"MX.ENT.8"}`
	e := parse(t, change("messages", `{"statuses":[`+status+`],`+contacts+`}`))[0]
	if c := e.Data.Contact; c.Name != "Ana" || c.Identities[0].Value != "MX.8" {
		t.Errorf("the status is about %+v", c)
	}
}

// A redelivery has the same ids; what differs in kind, state or content has others.
func TestIDs(t *testing.T) {
	status := func(more string) string {
		return change("messages", `{"statuses":[{"id":"wamid.1","timestamp":"1785600000",`+more+`}]}`)
	}
	group := `"recipient_type":"group","recipient_id":"G","status":"read","recipient_participant_id":`
	all := []string{
		status(`"status":"sent"`), status(`"status":"delivered"`), status(group + `"1"`), status(group + `"2"`),
		status(`"type":"payment","status":"failed","payment":{"reference_id":"r","transaction":{"id":"t1"}}`),
		status(`"type":"payment","status":"failed","payment":{"reference_id":"r","transaction":{"id":"t2"}}`),
		status(`"type":"payment","status":"captured","payment":{"reference_id":"r","transaction":{"id":"t2"}}`),
		status(`"type":"payment","status":"captured","payment":{"reference_id":"r","transaction":{"id":"t2"},` +
			`"refunds":[{}]}`),
		messages(`{` + user + `,"id":"wamid.1","type":"text","text":{"body":"x"}}`),
		messages(`{` + user + `,"id":"wamid.2","type":"edit","edit":{"original_message_id":"wamid.1",` +
			`"message":{"type":"text","text":{"body":"y"}}}}`),
		messages(`{` + user + `,"id":"wamid.3","type":"edit","edit":{"original_message_id":"wamid.1",` +
			`"message":{"type":"text","text":{"body":"z"}}}}`),
		messages(`{` + user + `,"id":"wamid.4","type":"revoke","revoke":{"original_message_id":"wamid.1"}}`),
		change("brand_new", `{"a":1}`), change("brand_new", `{"a":2}`),
	}
	seen := map[string]string{}
	for _, c := range all {
		first, again := parse(t, c)[0], parse(t, c)[0]
		if first.ID != again.ID {
			t.Errorf("%s: the redelivery has another id", c)
		}
		if other, found := seen[first.ID]; found {
			t.Errorf("%s has the id of %s", c, other)
		}
		seen[first.ID] = c
	}
	if a, b := parse(t, all[8])[0].Data.Message, parse(t, all[10])[0].Data.Message; a.ID != b.ID ||
		a.Revision >= b.Revision {
		t.Errorf("an edit of %s at %d does not find its message %s", b.ID, b.Revision, a.ID)
	}
}

// The classes of Meta's codes decide between retry, template, opt-out and alarm.
func TestErrorClasses(t *testing.T) {
	for class, codes := range map[string][]int{
		"platform+": {1, 2, 131000, 131016, 131057, 133004, 134101, 2494100},
		"rate+":     {4, 80007, 130429, 131048, 131056, 131064, 132069, 133016},
		"auth":      {0, 3, 10, 33, 190, 200, 299, 368, 131005, 131031, 131042, 131045, 133010},
		"window":    {131047},
		"consent":   {131050},
		"policy":    {131049},
		"recipient": {131021, 131026, 131030, 131037, 131043, 131044, 130472, 130497, 131062},
		"media+":    {131052, 131053},
		"template":  {132000, 132068, 131055, 131058, 131063, 134102},
		"content": {100, 131001, 131002, 131006, 131008, 131009, 131051, 134011, 135000, 137000, 131215, 147001, 139100,
			139103},
		"unknown": {424242},
	} {
		for _, code := range codes {
			e := parse(t, change("messages", fmt.Sprintf(`{"statuses":[{"id":"wamid.1","status":"failed",`+
				`"errors":[{"code":%d,"title":"t"}]}]}`, code)))[0].Data.Status.Error
			got := e.Class
			if e.Retryable {
				got += "+"
			}
			if got != class || e.Code != fmt.Sprint(code) {
				t.Errorf("%d is %q, want %q (+: may be retried)", code, got, class)
			}
		}
	}
}

func TestDigest(t *testing.T) {
	const want = "237cc7e9d4f6940f28b75cbb19501c3784379febc5763d989357109399b56fba"
	for digest, want := range map[string]string{
		"I3zH6dT2lA8ot1y7GVAcN4Q3n+vFdj2Yk1cQk5m1b7o=": want, want: want, strings.ToUpper(want): want, "q83vEjRWeJA=": "",
		"": "", "?": "",
	} {
		item := `{` + user + `,"id":"wamid.1","type":"image","image":{"id":"3","sha256":"` + digest + `"}}`
		if got := parse(t, messages(item))[0].Data.Message.Content[0].Media.SHA256; got != want {
			t.Errorf("%q becomes %q, want %q", digest, got, want)
		}
	}
}

// An image's own member is found wherever type stands, among members that we do not know.
func TestTypeMayStandAnywhere(t *testing.T) {
	for _, item := range []string{
		`{"type":"image","image":{"id":"3"},"aaa":{},` + user + `,"id":"wamid.1"}`,
		`{"image":{"id":"3"},"type":"image","aaa":{},` + user + `,"id":"wamid.1"}`,
		`{"image":{"id":"3"},"aaa":{},"type":"image",` + user + `,"id":"wamid.1"}`,
		`{"aaa":{},"image":{"id":"3"},"text":{"body":"x"},"bbb":[],` + user + `,"id":"wamid.1","type":"image"}`,
	} {
		if m := parse(t, messages(item))[0].Data.Message; m.Content[0].Media == nil || m.Content[0].Media.PlatformID != "3" {
			t.Errorf("%s becomes %+v", item, m.Content[0])
		}
	}
}

func TestAllocations(t *testing.T) {
	r := request(head + messages(`{`+user+`,"id":"wamid.1","timestamp":"1785600000","type":"text","text":{"body":"Is `+
		`it in stock?"}}`) + tail)
	a := account(`"` + vectorSecret + `"`)
	play.Platform.Sign(a, &r)
	if n := testing.AllocsPerRun(100, func() { receive(t, a, r) }); n > 20 {
		t.Errorf("a text message takes %v allocations, want at most 20", n)
	}
}

func receive(t testing.TB, a channel.Account, r channel.Request) {
	if err := whatsapp.Channel.Verify(a, r); err != nil {
		t.Fatal(err)
	}
	if _, err := whatsapp.Channel.Parse(a, r); err != nil {
		t.Fatal(err)
	}
}

// BenchmarkBatch measures a webhook of 100 messages beside HMAC and encoding/json
// of the same body, in turns.
func BenchmarkBatch(b *testing.B) {
	var items []string
	for i := range 100 {
		items = append(items,
			fmt.Sprintf(`{%s,"id":"wamid.HBgLMTU1NTAxMDAwOTkVAgASGBQzQ%03d","timestamp":"1785600000","text":{"body":"a `+
				`message of usual length, number %d"},"type":"text","context":{"from":"15550100001",`+
				`"id":"wamid.HBgLMTU1NTAxMDAwOTkVAgARGBI"}}`, user, i, i))
	}
	r, a := request(head+messages(strings.Join(items, ","))+tail), account(`"`+vectorSecret+`"`)
	play.Platform.Sign(a, &r)
	var base, ours time.Duration
	for b.Loop() {
		start := time.Now()
		decode(b, r.Body)
		middle := time.Now()
		receive(b, a, r)
		base, ours = base+middle.Sub(start), ours+time.Since(middle)
	}
	b.ReportMetric(float64(ours)/float64(base), "x-of-base")
	b.ReportMetric(float64(ours)/float64(b.N)/100, "ns/message")
	b.ReportMetric(float64(len(r.Body)), "bytes")
}

func decode(b *testing.B, body []byte) {
	mac := hmac.New(sha256.New, []byte(vectorSecret))
	mac.Write(body)
	_ = hex.EncodeToString(mac.Sum(nil))
	var v struct {
		Object string
		Entry  []struct {
			ID      string
			Time    int64
			Changes []struct {
				Field string
				Value struct {
					Metadata struct {
						PhoneNumberID string `json:"phone_number_id"`
					}
					Messages []struct {
						ID, From, Timestamp, Type string
						FromUserID                string `json:"from_user_id"`
						Text                      struct{ Body string }
						Context                   struct{ From, ID string }
					}
				}
			}
		}
	}
	if err := json.Unmarshal(body, &v); err != nil {
		b.Fatal(err)
	}
}

// What SNS brings is Meta's payload, whatever way AWS nests it.
func TestThroughAWS(t *testing.T) {
	const topic = "arn:aws:sns:eu-west-1:111122223333:wa"
	a := channel.NewAccount("demo", "", map[string]string{"topic_arn": topic})
	const entry = `{"id":"410000000000011","changes":[{"field":"messages","value":{"statuses":[{"id":"wamid.B7",` +
		`"status":"delivered","timestamp":"1785600060","recipient_id":"15550100099"}]}}]}`
	quoted, err := json.Marshal(entry)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		message string
		want    events.Type // "" is an error
	}{
		"a text": {`{"whatsAppWebhookEntry":` + string(quoted) + `,"messageId":"0f"}`,
			events.MessageStatus},
		"an object": {`{"whatsAppWebhookEntry":` + entry + `}`, events.MessageStatus},
		"a list":    {`{"whatsAppWebhookEntry":[` + entry + `]}`, events.MessageStatus},
		"a text with a list": {`{"whatsAppWebhookEntry":` +
			strings.Replace(strings.TrimSuffix(string(quoted), `"`), `"`, `"[`, 1) + `]"}`, events.MessageStatus},
		"no entry":                         {`{"messageId":"0f"}`, events.IngestUnsupported},
		"an entry of a number":             {`{"whatsAppWebhookEntry":7}`, events.IngestUnsupported},
		"no JSON":                          {`hello`, events.IngestUnsupported},
		"half an entry":                    {`{"whatsAppWebhookEntry":"{\"id\":"}`, ""},
		"an entry that closes the webhook": {`{"whatsAppWebhookEntry":"{}],\"object\":\"page\",\"entry\":[{}"}`, ""},
	} {
		body, err := json.Marshal(map[string]string{"Type": "Notification", "MessageId": "m1", "TopicArn": topic,
			"Message": tc.message})
		if err != nil {
			t.Fatal(err)
		}
		r := request(string(body))
		r.Header.Set("X-Amz-Sns-Message-Type", "Notification")
		play.Platform.Sign(a, &r)
		if err := whatsapp.Channel.Verify(a, r); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		evs, err := whatsapp.Channel.Events(a, r)
		if tc.want == "" && err == nil || tc.want != "" && (len(evs) != 1 || evs[0].Type != tc.want) {
			t.Errorf("%s becomes %+v, %v", name, evs, err)
		}
	}
}

// A header chooses the proof, and takes none away.
func TestEachWayHasItsOwnProof(t *testing.T) {
	both := channel.NewAccount("demo", "",
		map[string]string{"app_secret": "s", "topic_arn": "arn:aws:sns:eu-west-1:111122223333:wa"})
	r := request(`{"object":"whatsapp_business_account","entry":[]}`)
	play.Platform.Sign(both, &r)
	if err := whatsapp.Channel.Verify(both, r); err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Amz-Sns-Message-Type", "Notification")
	if whatsapp.Channel.Verify(both, r) == nil || whatsapp.Channel.Keys(both, r) != "" {
		t.Error("Meta's signature is taken for one of SNS")
	}
}

// An error of the account has no id and may have no time: it is told once a day at
// least, and no more than once for one delivery.
func TestAccountErrorsComeAgain(t *testing.T) {
	id := func(time string, received time.Time) string {
		r := request(`{"object":"whatsapp_business_account","entry":[{"id":"1"` + time + `,"changes":[` +
			change("messages", `{"errors":[{"code":131047,"title":"x"}]}`) + `]}]}`)
		r.Received = received
		evs, err := whatsapp.Channel.Events(account(`"s"`), r)
		if err != nil || len(evs) != 1 || evs[0].Type != events.ChannelHealth {
			t.Fatalf("%+v, %v", evs, err)
		}
		return evs[0].ID
	}
	day := time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
	if id("", day) != id("", day.Add(time.Minute)) {
		t.Error("a redelivery is another error")
	}
	if id("", day) == id("", day.AddDate(0, 0, 1)) {
		t.Error("the error of the next day is lost")
	}
	if at := `,"time":1785600000`; id(at, day) != id(at, day.AddDate(0, 0, 1)) ||
		id(at, day) == id(`,"time":1785603600`, day) {
		t.Error("an entry's time does not tell errors apart")
	}
}

func TestProductReply(t *testing.T) {
	e := parse(t, messages(`{`+user+`,"id":"wamid.1","timestamp":"1785600000","type":"interactive",`+
		`"interactive":{"type":"product",`+
		`"product":{"catalog_id":"77","product_retailer_id":"tea-1"}}}`))[0]
	want := &events.Product{Catalog: "77", ID: "tea-1"}
	if diff := cmp.Diff(want, e.Data.Message.Content[0].Product); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Voice notes are audio with a mark, or of a type of their own.
func TestVoice(t *testing.T) {
	for _, part := range []string{`"type":"voice","voice":{"id":"7"}`, `"type":"audio","audio":{"id":"7","voice":true}`} {
		e := parse(t, messages(`{`+user+`,"id":"wamid.1","timestamp":"1785600000",`+part+`}`))[0]
		if m := e.Data.Message.Content[0].Media; m == nil || m.Type != events.Voice || m.PlatformID != "7" {
			t.Errorf("%s became %+v", part, e.Data.Message.Content[0])
		}
	}
}
