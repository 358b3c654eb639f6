package play_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/relais-dev/relais/functions/channels/whatsapp/play"
	"github.com/relais-dev/relais/shared/channel"
	stage "github.com/relais-dev/relais/shared/stage/play"
)

// said is the code that Graph answers to a body, "" to one that it takes, and its details.
func said(t *testing.T, body string) (code, details string) {
	t.Helper()
	a := channel.NewAccount("demo", "", map[string]string{"access_token": "T", "phone_number_id": "22"})
	answer := play.Platform.Answer(a, stage.Call{Host: "graph.facebook.com", Request: channel.Request{
		Method: "POST", Path: "/v25.0/22/messages", Body: []byte(body),
		Header: http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer T"}}}})
	var refusal struct {
		Error struct {
			Code json.Number `json:"code"`
			Data struct {
				Details string `json:"details"`
			} `json:"error_data"`
		} `json:"error"`
	}
	if err := json.Unmarshal(answer.Body, &refusal); err != nil {
		t.Fatal(err)
	}
	return string(refusal.Error.Code), refusal.Error.Data.Details
}

const to = `"messaging_product":"whatsapp","recipient_type":"individual","to":"+15550100099",`

// TestRules: what Meta's pages allow passes, and what they do not is refused with their code.
func TestRules(t *testing.T) {
	card := func(i, text string) string {
		return `{"card_index":` + i + `,"type":"cta_url","header":{"type":"image","image":{"id":"1"}},` +
			`"body":{"text":"` + text + `"},"action":{"name":"cta_url","parameters":{"display_text":"Open",` +
			`"url":"https://x.example"}}}`
	}
	carousel := func(text string) string {
		return to + `"type":"interactive","interactive":{"type":"carousel","body":{"text":"b"},"action":{"cards":[` +
			card("0", text) + `,` + card("1", text) + `]}}`
	}
	template := func(component string) string {
		return to + `"type":"template","template":{"name":"a_b","language":{"code":"en_US"},"components":[` +
			component + `]}`
	}
	buttons := func(list string) string {
		return to + `"type":"interactive","interactive":{"type":"button","body":{"text":"b"},"action":{"buttons":[` +
			list + `]}}`
	}
	reply := func(id, title string) string {
		return `{"type":"reply","reply":{"id":"` + id + `","title":"` + title + `"}}`
	}
	for _, tc := range []struct{ name, body, code, place string }{
		{"a text", to + `"type":"text","text":{"body":"hi"}`, "", ""},
		{"no text", to + `"type":"text","text":{}`, "131008", "text.body"},
		{"a long text", to + `"type":"text","text":{"body":"` + strings.Repeat("x", 4097) + `"}`, "131009", "text.body"},
		{"an odd member", to + `"type":"text","text":{"body":"hi","mode":1}`, "100", "text"},
		{"another type's part", to + `"type":"text","text":{"body":"hi"},"image":{"id":"1"}`, "100", "image"},
		{"an odd type", to + `"type":"poll","poll":{}`, "100", ""},
		{"id and link", to + `"type":"image","image":{"id":"1","link":"https://x.example/a.jpg"}`, "100", "image"},
		{"a number without country", strings.Replace(to, "+", "", 1) + `"type":"text","text":{"body":"hi"}`, "131009", "to"},
		{"buttons in a group", strings.Replace(strings.Replace(buttons(reply("a", "A")), "individual", "group", 1),
			"+15550100099", "G1", 1), "131051", "type"},
		{"buttons", buttons(reply("a", "A") + "," + reply("b", "B")), "", ""},
		{"one title twice", buttons(reply("a", "A") + "," + reply("b", "A")), "131009", "interactive.action.buttons"},
		{"an id with a space", buttons(reply("a ", "A")), "131009", "interactive.action.buttons[0].reply.id"},
		{"a long title", buttons(reply("a", strings.Repeat("x", 21))), "131009",
			"interactive.action.buttons[0].reply.title"},
		{"cards", carousel(`a\nb\nc`), "", ""},
		{"a card of four lines", carousel(`a\nb\nc\nd`), "131009", "interactive.action.cards[0].body.text"},
		{"a template", template(`{"type":"body","parameters":[{"type":"text","text":"a"}]}`), "", ""},
		{"a line break", template(`{"type":"body","parameters":[{"type":"text","text":"a\nb"}]}`), "100",
			"template.components[0].parameters[0].text"},
		{"half named", template(`{"type":"body","parameters":[{"type":"text","text":"a"},{"type":"text","text":"b",` +
			`"parameter_name":"b"}]}`), "131009", "template.components[0].parameters"},
		{"no address", template(`{"type":"header","parameters":[{"type":"location","location":{"latitude":1,"longitude":2,` +
			`"name":"x"}}]}`), "131008", "template.components[0].parameters[0].location.address"},
		{"an eleventh button", template(`{"type":"button","sub_type":"url","index":"10","parameters":[{"type":"text",` +
			`"text":"x"}]}`), "131009", "template.components[0].index"},
		{"read", `"messaging_product":"whatsapp","status":"read","message_id":"wamid.A"`, "", ""},
		{"read without a message", `"messaging_product":"whatsapp","status":"read"`, "131008", "message_id"},
	} {
		code, details := said(t, "{"+tc.body+"}")
		if code != tc.code || !strings.HasPrefix(details, tc.place+" ") && tc.place != "" {
			t.Errorf("%s: %s, %q; want %q at %s", tc.name, code, details, tc.code, tc.place)
		}
	}
}
