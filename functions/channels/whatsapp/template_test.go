package whatsapp_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/whatsapp"
	"github.com/relais-dev/relais/shared/fit"
)

func templated(pairs ...string) events.Content {
	t := &events.Template{Name: "n", Language: "pt-BR"}
	for i := 0; i < len(pairs); i += 2 {
		t.Parameters = append(t.Parameters, events.Field{Name: pairs[i], Value: pairs[i+1]})
	}
	return events.Content{Kind: events.KindTemplate, Template: t}
}

// TestTemplateParts: every part of the reference, in whatever order its parameters come.
func TestTemplateParts(t *testing.T) {
	for name, c := range map[string]struct {
		content events.Content
		want    string
	}{
		"order": {templated("2", "b", "header.1", "h", "10", "j", "1", "a", "3", "c", "4", "d", "5", "e", "6", "f",
			"7", "g", "8", "h", "9", "i"),
			`[{"type":"header","parameters":[{"type":"text","text":"h"}]},{"type":"body","parameters":[{"type":"text",` +
				`"text":"a"},{"type":"text","text":"b"},{"type":"text","text":"c"},{"type":"text","text":"d"},{"type":"text",` +
				`"text":"e"},{"type":"text","text":"f"},{"type":"text","text":"g"},{"type":"text","text":"h"},{"type":"text",` +
				`"text":"i"},{"type":"text","text":"j"}]}]`},
		"white space": {templated("1", "Left.\nTomorrow", "header.1", "a\tb     c"),
			`[{"type":"header","parameters":[{"type":"text","text":"a b c"}]},{"type":"body","parameters":[{"type":"text",` +
				`"text":"Left. Tomorrow"}]}]`},
		"document": {templated("header.document", "https://cdn.example.com/büro plan.pdf?x=1"),
			`[{"type":"header","parameters":[{"type":"document",` +
				`"document":{"link":"https://cdn.example.com/b%C3%BCro%20plan.pdf?x=1","filename":"büro plan.pdf"}}]}]`},
		"its name": {templated("header.document.name", "Invoice.pdf", "header.document", "330001"),
			`[{"type":"header","parameters":[{"type":"document","document":{"id":"330001","filename":"Invoice.pdf"}}]}]`},
		"location": {templated("header.location.longitude", "-0.1", "header.location.latitude", "51.5",
			"header.location.name", "Depot", "header.location.address", "1 Pier Road"),
			`[{"type":"header","parameters":[{"type":"location","location":{"latitude":"51.5","longitude":"-0.1",` +
				`"name":"Depot","address":"1 Pier Road"}}]}]`},
		"product": {templated("header.product.catalog", "77", "header.product", "SKU"),
			`[{"type":"header","parameters":[{"type":"product","product":{"product_retailer_id":"SKU","catalog_id":"77"}}]}]`},
		"flow": {templated("button.0.flow.data", `{"a":1}`, "button.0.flow", "T"),
			`[{"type":"button","sub_type":"flow","index":"0","parameters":[{"type":"action","action":{"flow_token":"T",` +
				`"flow_action_data":{"a":1}}}]}]`},
		"catalogue": {templated("button.0.catalog", "SKU"),
			`[{"type":"button","sub_type":"catalog","index":"0","parameters":[{"type":"action",` +
				`"action":{"thumbnail_product_retailer_id":"SKU"}}]}]`},
		"products": {templated("button.0.mpm", "SKU", "button.0.mpm.sections",
			`[{"title":"New","product_items":[{"product_retailer_id":"SKU"}]}]`),
			`[{"type":"button","sub_type":"mpm","index":"0","parameters":[{"type":"action",` +
				`"action":{"thumbnail_product_retailer_id":"SKU","sections":[{"title":"New",` +
				`"product_items":[{"product_retailer_id":"SKU"}]}]}}]}]`},
		"offer": {templated("button.1.url", "x", "offer.expires", "1785600000000", "button.0.copy_code", "SAVE"),
			`[{"type":"limited_time_offer","parameters":[{"type":"limited_time_offer",` +
				`"limited_time_offer":{"expiration_time_ms":1785600000000}}]},{"type":"button","sub_type":"copy_code",` +
				`"index":"0","parameters":[{"type":"coupon_code","coupon_code":"SAVE"}]},{"type":"button","sub_type":"url",` +
				`"index":"1","parameters":[{"type":"text","text":"x"}]}]`},
		"carousel": {templated("card.1.1", "B", "card.0.header.image", "1", "card.0.1", "A"),
			`[{"type":"carousel","cards":[{"card_index":0,"components":[{"type":"header","parameters":[{"type":"image",` +
				`"image":{"id":"1"}}]},{"type":"body","parameters":[{"type":"text","text":"A"}]}]},{"card_index":1,` +
				`"components":[{"type":"body","parameters":[{"type":"text","text":"B"}]}]}]}]`},
	} {
		t.Run(name, func(t *testing.T) {
			p := fit.Message("whatsapp", []events.Content{c.content}, whatsapp.Channel.Limits)
			if len(p.Calls) != 1 || (name == "white space") != (p.Report[0].Loss == events.LossStyle) {
				t.Fatalf("%+v", p.Report)
			}
			m := overCloud()
			if _, err := whatsapp.Channel.Send(context.Background(), m.env(),
				outgoing("15550100099", p.Calls[0].Content[0])); err != nil {
				t.Fatal(err)
			}
			var sent struct{ Template map[string]any }
			if err := json.Unmarshal(m.calls[0].Body, &sent); err != nil {
				t.Fatal(err)
			}
			var want any
			if err := json.Unmarshal([]byte(c.want), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, sent.Template["components"]); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if code := sent.Template["language"].(map[string]any)["code"]; code != "pt_BR" {
				t.Errorf("language %s", code)
			}
		})
	}
}

// TestTemplateRefused: a template that cannot be right is no text, with a fallback or without.
func TestTemplateRefused(t *testing.T) {
	for name, c := range map[string]events.Content{
		"an odd part": templated("footer.1", "x"), "an odd button": templated("button.0.call", "x"),
		"an odd index": templated("button.x.url", "x"),
		"a gap":        templated("1", "x", "3", "y"), "numbers and names": templated("1", "x", "name", "y"),
		"a header of two kinds": templated("header.image", "1", "header.video", "2"),
		"a button of two kinds": templated("button.0.url", "x", "button.0.flow", "y"),
		"half a place":          templated("header.location.latitude", "1"), "no JSON": templated("button.0.flow.data", "{"),
		"a place without an address": templated("header.location.latitude", "1", "header.location.longitude", "2",
			"header.location.name", "x"),
		"a code with a sign": templated("button.0.copy_code", "20%"), "an eleventh button": templated("button.10.url", "x"),
		"no section": templated("button.0.mpm.sections", "[]"), "no payload": templated("button.0.quick_reply", ""),
		"no number": templated("offer.expires", "tomorrow"), "a missing card": templated("card.1.1", "x"),
		"a nameless document": templated("header.document.name", "x"), "an empty part": templated("header.", "x"),
	} {
		c.Template.Fallback = []events.Content{events.NewText("instead")}
		if p := fit.Message("whatsapp", []events.Content{c}, whatsapp.Channel.Limits); p.Report[0].As != events.AsRefused ||
			len(p.Report[0].Details) == 0 {
			t.Errorf("%s: %+v", name, p.Report)
		}
	}
}
