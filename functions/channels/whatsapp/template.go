package whatsapp

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// template is m with an approved template. One of the category authentication reaches
// a number only.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids
func (m sendRequest) template(o channel.Outgoing, t *events.Template) ([]byte, error) {
	list, problem := components(t.Parameters)
	if problem != "" {
		return nil, &channel.Error{Class: events.ClassTemplate, Title: problem}
	}
	if number := o.To.Identity(events.Phone); m.Recipient != "" && number != "" && t.Category == "authentication" {
		m.Recipient, m.To = "", plus(number)
	}
	language := sendLanguage{Code: channel.Language(t.Language, "_")}
	m.Template = &sendTemplate{Name: t.Name, Language: language, Components: list}
	return channel.JSON(m)
}

// components are a template's parts by the names of its parameters, in whatever order
// they come:
//
//	1, 2 … or a name          in the body
//	header.1, header.NAME     text in the header
//	header.image              a URL, or an id that Meta gave; also video, document
//	header.document.name      what the document is called
//	header.location.latitude  also longitude, name, address
//	header.product            an article of the catalogue header.product.catalog
//	button.0.quick_reply      what comes back from the button of that index
//	button.0.url              the end of its address
//	button.0.copy_code        the code
//	button.0.flow             the flow's token; button.0.flow.data its first screen's, as JSON
//	button.0.catalog          the article whose picture is shown
//	button.0.mpm              likewise, with button.0.mpm.sections as JSON
//	button.0.order_details    the order, as JSON
//	offer.expires             when an offer ends, in milliseconds since 1970
//	card.0.…                  all of these, of a card of a carousel
//
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview
func components(fields []events.Field) (list []sendComponent, problem string) {
	d := &draft{buttons: map[int]*sendComponent{}, cards: map[int][]events.Field{}}
	for _, f := range fields {
		if !d.take(strings.Split(f.Name, "."), f.Value) {
			return nil, "WhatsApp has no template parameter " + f.Name + ", or not with such a value"
		}
	}
	return d.components()
}

// A draft collects a template's parameters.
type draft struct {
	header, body []sendParameter
	headed       sendParameter // a header that is no text
	offer        *sendOffer
	buttons      map[int]*sendComponent
	cards        map[int][]events.Field
}

// take notes one parameter; false when there can be none of that name.
func (d *draft) take(name []string, value string) bool {
	if slices.Contains(name, "") {
		return false
	}
	switch {
	case len(name) == 1:
		d.body = append(d.body, textParameter(name[0], value))
		return true
	case name[0] == "header":
		return d.head(name[1:], value)
	case name[0] == "button" && len(name) > 2:
		return d.button(name[1], name[2:], value)
	case name[0] == "offer" && len(name) == 2 && name[1] == "expires":
		n, err := strconv.ParseInt(value, 10, 64)
		d.offer = &sendOffer{Expires: n}
		return err == nil
	case name[0] == "card" && len(name) > 2:
		i, ok := place(name[1])
		d.cards[i] = append(d.cards[i], events.Field{Name: strings.Join(name[2:], "."), Value: value})
		return ok
	}
	return false
}

// place is the index of a button or card, of which a template has ten at most.
// https://github.com/facebook/openapi/blob/main/business-messaging-api_v23.0.yaml
func place(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && channel.Digits(s) && n < maxPanels
}

// textParameter is a text, named unless it is known by its number.
func textParameter(name, value string) sendParameter {
	p := sendParameter{Type: "text", Text: value, number: name}
	if !channel.Digits(name) {
		p.Name = name
	}
	return p
}

func (d *draft) head(name []string, value string) bool {
	h := &d.headed
	kind := func(typ string) bool {
		ok := h.Type == "" || h.Type == typ
		h.Type = typ
		return ok
	}
	switch strings.Join(name, ".") {
	case "image":
		h.Image = file(h.Image, value)
		return kind("image")
	case "video":
		h.Video = file(h.Video, value)
		return kind("video")
	case "document":
		h.Document = file(h.Document, value)
		return kind("document")
	case "document.name":
		h.Document = file(h.Document, "")
		h.Document.Filename = value
		return kind("document")
	case "product":
		h.Product = &sendProduct{ID: value, Catalog: h.catalog()}
		return kind("product")
	case "product.catalog":
		h.Product = &sendProduct{ID: h.article(), Catalog: value}
		return kind("product")
	}
	if name[0] == "location" && len(name) == 2 {
		return kind("location") && h.locate(name[1], value)
	}
	d.header = append(d.header, textParameter(name[0], value))
	return len(name) == 1
}

// file is f at a URL, or with an id that Meta gave. https because Meta fetches nothing else.
func file(f *sendMedia, value string) *sendMedia {
	if f == nil {
		f = &sendMedia{}
	}
	if address, ok := channel.URL(value); ok && strings.Contains(value, "://") {
		f.Link = address
	} else if value != "" {
		f.ID = value
	}
	return f
}

func (p *sendParameter) catalog() string {
	if p.Product == nil {
		return ""
	}
	return p.Product.Catalog
}

func (p *sendParameter) article() string {
	if p.Product == nil {
		return ""
	}
	return p.Product.ID
}

func (p *sendParameter) locate(member, value string) bool {
	if p.Location == nil {
		p.Location = &sendPlace{}
	}
	switch member {
	case "latitude":
		p.Location.Latitude = value
	case "longitude":
		p.Location.Longitude = value
	case "name":
		p.Location.Name = value
		return true
	case "address":
		p.Location.Address = value
		return true
	default:
		return false
	}
	_, err := strconv.ParseFloat(value, 64)
	return err == nil
}

// button notes a parameter of the button at an index, which has one type.
func (d *draft) button(index string, name []string, value string) bool {
	i, ok := place(index)
	if !ok {
		return false
	}
	b := d.buttons[i]
	if b == nil {
		b = &sendComponent{Type: "button", SubType: name[0], Index: strconv.Itoa(i), Parameters: []sendParameter{{}}}
		d.buttons[i] = b
	}
	return b.SubType == name[0] && b.Parameters[0].press(strings.Join(name, "."), value)
}

// noCoupon says whether r cannot be in a code, which is alphanumeric.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/marketing-templates/coupon-templates
func noCoupon(r rune) bool { return !('0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'z') }

func (p *sendParameter) press(name, value string) bool {
	switch name {
	case "quick_reply":
		p.Type, p.Payload = "payload", value
		return value != ""
	case "url":
		p.Type, p.Text = "text", value
		return value != ""
	case "copy_code":
		p.Type, p.Coupon = "coupon_code", value
		return value != "" && strings.IndexFunc(value, noCoupon) < 0
	}
	p.Type = "action"
	if p.Action == nil {
		p.Action = &sendPress{}
	}
	a, doc := p.Action, json.RawMessage(value)
	switch name {
	case "flow":
		a.FlowToken = value
		return true
	case "catalog", "mpm":
		a.Thumbnail = value
		return true
	case "flow.data":
		a.FlowData = doc
	case "mpm.sections":
		a.Sections = doc
		var list []json.RawMessage
		return json.Unmarshal(doc, &list) == nil && 0 < len(list) && len(list) <= maxSections
	case "order_details":
		a.Order = doc
	default:
		return false
	}
	return json.Valid(doc)
}

// components are what the draft has come to, in Meta's order.
func (d *draft) components() (list []sendComponent, problem string) {
	if d.headed.Type != "" {
		if problem := d.headed.incomplete(); problem != "" {
			return nil, problem
		}
		d.header = append(d.header, d.headed)
	}
	for _, part := range []sendComponent{{Type: "header", Parameters: d.header}, {Type: "body", Parameters: d.body}} {
		if len(part.Parameters) == 0 {
			continue
		}
		if problem := ordered(part); problem != "" {
			return nil, problem
		}
		list = append(list, part)
	}
	if d.offer != nil {
		const offer = "limited_time_offer"
		list = append(list, sendComponent{Type: offer, Parameters: []sendParameter{{Type: offer, Offer: d.offer}}})
	}
	if len(d.cards) > 0 {
		cards, problem := d.carousel()
		if problem != "" {
			return nil, problem
		}
		list = append(list, sendComponent{Type: "carousel", Cards: cards})
	}
	for _, i := range sorted(d.buttons) {
		list = append(list, *d.buttons[i])
	}
	return list, ""
}

func (d *draft) carousel() (cards []sendSlide, problem string) {
	for n, i := range sorted(d.cards) {
		parts, problem := components(d.cards[i])
		switch {
		case problem != "":
			return nil, problem
		case n != i:
			return nil, "template card " + strconv.Itoa(n) + " is missing"
		}
		cards = append(cards, sendSlide{Index: i, Components: parts})
	}
	return cards, ""
}

func sorted[T any](m map[int]T) []int {
	var keys []int
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// ordered puts the numbered parameters of a part in their order, none of them missing.
// A part's parameters are all numbered or all named.
func ordered(part sendComponent) (problem string) {
	list := part.Parameters
	named := slices.IndexFunc(list, func(p sendParameter) bool { return p.Name != "" || p.Type != "text" })
	if named >= 0 {
		if len(list) > 1 && slices.ContainsFunc(list, func(p sendParameter) bool { return p.Name == "" }) {
			return "the template parameters of a " + part.Type + " are all numbered, all named or one file"
		}
		return ""
	}
	slices.SortStableFunc(list, func(a, b sendParameter) int {
		return cmp.Or(cmp.Compare(len(a.number), len(b.number)), cmp.Compare(a.number, b.number))
	})
	for i, p := range list {
		if p.number != strconv.Itoa(i+1) {
			return "template parameter " + strconv.Itoa(i+1) + " of the " + part.Type + " is missing"
		}
	}
	return ""
}

// incomplete says what a header that is no text lacks, or "". A document is called as
// its address ends, where nothing else is said.
func (p *sendParameter) incomplete() string {
	switch f := cmp.Or(p.Image, p.Video, p.Document); {
	case f != nil && !f.located():
		return "the template's header needs a file at an https URL, or its id at Meta"
	case p.Document != nil && p.Document.Filename == "" && p.Document.Link != "":
		m := events.Media{Type: events.File, URL: p.Document.Link, MIME: "application/pdf"} // what a header takes
		p.Document.Filename = channel.FileName(m)
	case p.Location != nil && !p.Location.whole():
		return "the template's location needs latitude, longitude, name and address"
	case p.Product != nil && (p.Product.ID == "" || p.Product.Catalog == ""):
		return "the template's product needs header.product and header.product.catalog"
	}
	return ""
}

// whole says whether a header can show the place: all four are wanted there.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/utility-templates/location-templates
func (l *sendPlace) whole() bool {
	return l.Latitude != "" && l.Longitude != "" && l.Name != "" && l.Address != ""
}

// located says whether Meta can find the file.
func (f *sendMedia) located() bool {
	return f != nil && (f.ID == "") != (f.Link == "") && (f.ID != "" || strings.HasPrefix(f.Link, "https://"))
}
