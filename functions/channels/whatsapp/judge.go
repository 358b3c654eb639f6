package whatsapp

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/relais-dev/relais/shared/channel"
)

// What Meta would refuse of a call, for its double.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages

// doubledMessage is a call as Meta reads it.
type doubledMessage struct {
	sendRequest
	Status    string `json:"status"`
	MessageID string `json:"message_id"`
}

// doubleRefusal is Meta's code for what is wrong with a call; 0 when nothing is.
func doubleRefusal(body []byte, fault channel.Fault) (code int, title string) {
	switch fault {
	case channel.FaultThrottled:
		return 131056, "Business account to consumer account pair rate limit hit"
	case channel.FaultExpired:
		return 190, "Error validating access token: Session has expired"
	case channel.FaultClosed:
		return 131047, "Re-engagement message"
	case channel.FaultGone:
		return 131026, "Message undeliverable"
	case channel.FaultInvalid:
		return 131009, "Parameter value is not valid"
	}
	var m doubledMessage
	switch {
	case json.Unmarshal(body, &m) != nil || m.Product != product:
		return 100, "Invalid parameter"
	case m.Status != "":
		if m.Status != "read" || m.MessageID == "" {
			return 100, "Invalid parameter: status"
		}
		return 0, ""
	}
	if problem := cmp.Or(m.recipientProblem(), m.partProblem()); problem != "" {
		return 131009, problem
	}
	return 0, ""
}

func (m *doubledMessage) recipientProblem() string {
	number := strings.HasPrefix(m.To, "+") && channel.Digits(m.To[1:])
	switch {
	case (m.To == "") == (m.Recipient == ""):
		return "one of to and recipient is needed"
	case m.Kind == "individual" && m.To != "" && !number:
		return "to is no phone number"
	case m.Kind != "individual" && m.Kind != "group":
		return "recipient_type is unknown"
	case m.Context != nil && m.Context.MessageID == "":
		return "context needs message_id"
	case len(m.Correlation) > 512:
		return "biz_opaque_callback_data is longer than 512"
	}
	return ""
}

// partProblem is what is wrong with the part that the type names.
func (m *doubledMessage) partProblem() string {
	var raw map[string]json.RawMessage
	text, _ := channel.JSON(m.sendRequest)
	_ = json.Unmarshal(text, &raw) // it was just written
	if _, has := raw[m.Type]; m.Type == "" || !has {
		return "the part that type names is missing"
	}
	switch m.Type {
	case "text":
		return bounded("text.body", m.Text.Body, 1, 4096)
	case "image", "video", "audio", "document", "sticker":
		return m.fileProblem()
	case "location":
		return where(m.Location.Latitude < -90 || m.Location.Latitude > 90 || m.Location.Longitude < -180 || m.Location.Longitude > 180, "location is nowhere")
	case "contacts":
		return m.contactsProblem()
	case "reaction":
		return where(m.Reaction.MessageID == "", "reaction needs message_id")
	case "template":
		return where(m.Template.Name == "" || m.Template.Language.Code == "", "template needs name and language")
	case "interactive":
		return m.Interactive.problem()
	}
	return "type is unknown"
}

// where is problem if it is there.
func where(there bool, problem string) string {
	if there {
		return problem
	}
	return ""
}

func bounded(name, text string, least, most int) string {
	n := channel.UTF16.Len(text)
	return where(n < least || n > most, fmt.Sprintf("%s must have %d to %d characters", name, least, most))
}

func (m *doubledMessage) fileProblem() string {
	for _, f := range []*sendMedia{m.Image, m.Video, m.Audio, m.Document, m.Sticker} {
		if f == nil {
			continue
		}
		return cmp.Or(where(!f.located(), "a file needs one of id and link"), bounded("caption", f.Caption, 0, 1024),
			where(f.Caption != "" && (m.Audio != nil || m.Sticker != nil), "no caption here"), where(f.Filename != "" && m.Document == nil, "no filename here"))
	}
	return ""
}

// located says whether Meta can find the file.
func (f *sendMedia) located() bool {
	return f != nil && (f.ID == "") != (f.Link == "") && (f.ID != "" || strings.HasPrefix(f.Link, "https://"))
}

func (m *doubledMessage) contactsProblem() string {
	for _, c := range m.Contacts {
		if c.Name.Formatted == "" || c.Name.First == "" && c.Name.Last == "" {
			return "a contact needs formatted_name and a part of it"
		}
	}
	return where(len(m.Contacts) > maxCards, "too many contacts")
}

func (i *sendInteractive) problem() string {
	most := maxPrompt
	if i.Type == "list" {
		most = maxListPrompt
	}
	if i.Body == nil && i.Type != "product" {
		return "interactive needs a body"
	}
	if i.Body != nil {
		if problem := bounded("body.text", i.Body.Text, 1, most); problem != "" {
			return problem
		}
	}
	if i.Footer != nil {
		if problem := bounded("footer.text", i.Footer.Text, 1, maxFooter); problem != "" {
			return problem
		}
	}
	return cmp.Or(i.Header.problem(i.Type), i.Action.problem(i.Type))
}

func (h *sendHeader) problem(of string) string {
	switch {
	case h == nil:
		return ""
	case h.Type == "text":
		return bounded("header.text", h.Text, 1, maxHeader)
	case h.Type == "image" && h.Image.located(), h.Type == "video" && h.Video.located():
		return where(of == "list", "a list has no picture above it")
	}
	return "header is not complete"
}

func (a sendAction) problem(of string) string {
	switch of {
	case "button":
		return buttonsProblem(a.Buttons)
	case "list":
		return cmp.Or(bounded("action.button", a.Button, 1, maxLabel), sectionsProblem(a.Sections))
	case "cta_url":
		return a.pageProblem()
	case "carousel":
		return panelsProblem(a.Cards)
	case "product":
		return where(a.CatalogID == "" || a.ProductID == "", "a product needs catalog_id and product_retailer_id")
	case "flow":
		p := a.Parameters
		return where(a.Name != "flow" || p == nil || p.FlowVersion != "3" || !channel.Digits(p.FlowID) || p.FlowToken == "" || p.FlowButton == "", "a flow is not complete")
	case "location_request_message":
		return where(a.Name != "send_location", "action.name must be send_location")
	case "request_contact_info":
		return where(a.Name != "request_contact_info", "action.name must be request_contact_info")
	}
	return "interactive.type is unknown"
}

func buttonsProblem(buttons []sendButton) string {
	titles := map[string]bool{}
	for _, b := range buttons {
		if b.Type != "reply" || b.Reply.ID == "" || len(b.Reply.ID) > 256 || titles[b.Reply.Title] {
			return "a button needs an id, and a title of its own"
		}
		if problem := bounded("button.title", b.Reply.Title, 1, maxLabel); problem != "" {
			return problem
		}
		titles[b.Reply.Title] = true
	}
	return where(len(buttons) < 1 || len(buttons) > 3, "there must be 1 to 3 buttons")
}

func sectionsProblem(sections []sendSection) string {
	rows := 0
	for _, s := range sections {
		if len(sections) > 1 && s.Title == "" || channel.UTF16.Len(s.Title) > maxSection {
			return "a section needs a title of at most 24 characters"
		}
		for _, r := range s.Rows {
			rows++
			if r.ID == "" || len(r.ID) > maxRowID {
				return "a row needs an id"
			}
			if problem := cmp.Or(bounded("row.title", r.Title, 1, maxRow), bounded("row.description", r.Description, 0, maxDescription)); problem != "" {
				return problem
			}
		}
	}
	return where(rows < 1 || rows > maxRows || len(sections) > maxRows, "there must be 1 to 10 rows")
}

func (a sendAction) pageProblem() string {
	p := a.Parameters
	if a.Name != "cta_url" || p == nil || !strings.HasPrefix(p.URL, "http") {
		return "a link needs a URL"
	}
	return bounded("display_text", p.Label, 1, maxLabel)
}

func panelsProblem(panels []sendPanel) string {
	for i, p := range panels {
		switch {
		case p.Index != i || p.Type != "cta_url" || p.Header.Type == "text" || p.Header.Type != panels[0].Header.Type:
			return "a card has an index, and a picture like the others"
		case p.Body != nil && channel.UTF16.Len(p.Body.Text) > maxPanelText:
			return "the text of a card has at most 160 characters"
		}
		if problem := cmp.Or(p.Header.problem(""), p.Action.pageProblem()); problem != "" {
			return problem
		}
	}
	return where(len(panels) < 2 || len(panels) > maxPanels, "there must be 2 to 10 cards")
}
