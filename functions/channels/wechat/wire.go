package wechat

import (
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/internal/tencent"
)

// push is a message or an event. XML and JSON have the same fields, all text.
type push struct {
	FromUserName, CreateTime, MsgType string

	// Messages: https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages.html
	// and https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/customer-message/receive.html
	MsgID, MsgDataID, Idx         string
	Content, MenuItem             string // MenuItem is bizmsgmenuid
	MediaID, PicURL, ThumbMediaID string
	Format, Recognition           string
	LocationX, LocationY          string
	Scale, Label                  string
	Title, Description, URL       string
	AppID, PagePath, ThumbURL     string

	// Events: https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_event_pushes.html
	// and https://developers.weixin.qq.com/doc/service/guide/product/menu/Custom_Menu_Push_Events.html
	Event, EventKey, Ticket, MenuID string
	Latitude, Longitude, Precision  string
	JobID, Status                   string // JobID is MsgID, of what was sent
	SessionFrom                     string
	Details                         []events.Field // of a menu that scans, takes pictures or asks for a place

	// https://developers.weixin.qq.com/doc/service/guide/product/kf/session.html
	KfAccount, FromKfAccount, ToKfAccount, CloseType string

	Subscriptions []subscription
}

// subscription is one item of a subscribe_msg event.
// https://developers.weixin.qq.com/doc/service/guide/product/subscription_messages/push.html
type subscription struct {
	TemplateID, SubscribeStatus, PopupScene string
	MsgID, ErrorCode, ErrorStatus           string

	source string
}

func readPush(d tencent.Document) push {
	var p push
	for i, n := range d {
		switch {
		case n.Parent && n.Name == "List" && n.Depth <= 2: // XML wraps the list in an element named after the event
			p.Subscriptions = append(p.Subscriptions, readSubscription(d.Fields(i), n.Value))
		case n.Depth > 1:
		case n.Parent:
			p.group(n.Name, d.Fields(i))
		default:
			if field := p.field(n.Name); field != nil {
				*field = strings.TrimSpace(n.Value) // an indented document has blanks beside CDATA
			}
			if n.Name == "Content" {
				p.Content = n.Value // what a person wrote is not ours to trim
			}
		}
	}
	return p
}

func (p *push) group(name string, fields tencent.Document) {
	switch name {
	case "ScanCodeInfo", "SendPicsInfo", "SendLocationInfo":
		for _, n := range fields {
			if !n.Parent {
				p.Details = append(p.Details, events.Field{Name: n.Name, Value: n.Value})
			}
		}
	}
}

// field is where the field of that name is kept, nil for those we do not use.
func (p *push) field(name string) *string {
	switch name {
	case "FromUserName":
		return &p.FromUserName
	case "CreateTime":
		return &p.CreateTime
	case "MsgType":
		return &p.MsgType
	case "Event":
		return &p.Event
	case "EventKey":
		return &p.EventKey
	}
	if f := p.messageField(name); f != nil {
		return f
	}
	return p.eventField(name)
}

func (p *push) messageField(name string) *string {
	switch name {
	case "MsgId":
		return &p.MsgID
	case "MsgDataId":
		return &p.MsgDataID
	case "Idx":
		return &p.Idx
	case "Content":
		return &p.Content
	case "bizmsgmenuid":
		return &p.MenuItem
	case "MediaId":
		return &p.MediaID
	case "PicUrl":
		return &p.PicURL
	case "ThumbMediaId":
		return &p.ThumbMediaID
	case "Format":
		return &p.Format
	case "Recognition":
		return &p.Recognition
	case "Location_X":
		return &p.LocationX
	case "Location_Y":
		return &p.LocationY
	case "Scale":
		return &p.Scale
	case "Label":
		return &p.Label
	case "Title":
		return &p.Title
	case "Description":
		return &p.Description
	case "Url":
		return &p.URL
	case "AppId":
		return &p.AppID
	case "PagePath":
		return &p.PagePath
	case "ThumbUrl":
		return &p.ThumbURL
	}
	return nil
}

func (p *push) eventField(name string) *string {
	switch name {
	case "MsgID":
		return &p.JobID
	case "Ticket":
		return &p.Ticket
	case "MenuId":
		return &p.MenuID
	case "Latitude":
		return &p.Latitude
	case "Longitude":
		return &p.Longitude
	case "Precision":
		return &p.Precision
	case "Status":
		return &p.Status
	case "SessionFrom":
		return &p.SessionFrom
	case "KfAccount":
		return &p.KfAccount
	case "FromKfAccount":
		return &p.FromKfAccount
	case "ToKfAccount":
		return &p.ToKfAccount
	case "CloseType":
		return &p.CloseType
	}
	return nil
}

func readSubscription(fields tencent.Document, source string) subscription {
	return subscription{
		TemplateID:      fields.Text("TemplateId"),
		SubscribeStatus: fields.Text("SubscribeStatusString"),
		PopupScene:      fields.Text("PopupScene"),
		MsgID:           fields.Text("MsgID"),
		ErrorCode:       fields.Text("ErrorCode"),
		ErrorStatus:     fields.Text("ErrorStatus"),
		source:          source,
	}
}
