package wechat

import (
	"cmp"
	"encoding/json"
	"strconv"

	"github.com/relais-dev/relais/events"
)

// syncRequest asks for the messages behind a cursor.
// https://developer.work.weixin.qq.com/document/path/94670
type syncRequest struct {
	Cursor   string `json:"cursor,omitempty"`
	Token    string `json:"token,omitempty"`
	Limit    int    `json:"limit"`
	OpenKFID string `json:"open_kfid"`
}

// syncPage is the answer. HasMore alone tells whether it was the last: a page may be
// empty with more behind it.
type syncPage struct {
	NextCursor string            `json:"next_cursor"`
	HasMore    int               `json:"has_more"`
	List       []json.RawMessage `json:"msg_list"`
}

// kfItem is a message or an event.
type kfItem struct {
	MsgID          string `json:"msgid"`
	OpenKFID       string `json:"open_kfid"`
	ExternalUserID string `json:"external_userid"`
	SendTime       int64  `json:"send_time"`
	Origin         int    `json:"origin"`
	Servicer       string `json:"servicer_userid"`
	MsgType        string `json:"msgtype"`

	Text *struct {
		Content string `json:"content"`
		MenuID  string `json:"menu_id"`
	} `json:"text"`
	Image    *kfMedia    `json:"image"`
	Voice    *kfMedia    `json:"voice"`
	Video    *kfMedia    `json:"video"`
	File     *kfMedia    `json:"file"`
	Location *kfLocation `json:"location"`
	Link     *struct {
		Title  string `json:"title"`
		Desc   string `json:"desc"`
		URL    string `json:"url"`
		PicURL string `json:"pic_url"`
	} `json:"link"`
	MiniProgram *struct {
		Title        string `json:"title"`
		AppID        string `json:"appid"`
		PagePath     string `json:"pagepath"`
		ThumbMediaID string `json:"thumb_media_id"`
	} `json:"miniprogram"`
	Menu  *kfMenu  `json:"msgmenu"`
	Event *kfEvent `json:"event"`
}

// parties are the account of Customer Service and the person, "" where m names none.
func (m kfItem) parties(account string) (kf, person string) {
	if m.Event != nil {
		return cmp.Or(m.Event.OpenKFID, m.OpenKFID, account), cmp.Or(m.Event.ExternalUserID, m.ExternalUserID)
	}
	return cmp.Or(m.OpenKFID, account), m.ExternalUserID
}

type kfMedia struct {
	MediaID string `json:"media_id"`
}

type kfLocation struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Name      string  `json:"name"`
	Address   string  `json:"address"`
}

// kfMenu is a menu message, sent or received.
// https://developer.work.weixin.qq.com/document/path/94677
type kfMenu struct {
	Head string       `json:"head_content,omitempty"`
	List []kfMenuItem `json:"list"`
	Tail string       `json:"tail_content,omitempty"`
}

type kfMenuItem struct {
	Type        string     `json:"type"`
	Click       *menuItem  `json:"click,omitempty"`
	View        *kfView    `json:"view,omitempty"`
	MiniProgram *kfMiniRef `json:"miniprogram,omitempty"`
	Text        *outText   `json:"text,omitempty"`
}

type kfView struct {
	URL     string `json:"url"`
	Content string `json:"content"`
}

type kfMiniRef struct {
	AppID    string `json:"appid"`
	PagePath string `json:"pagepath"`
	Content  string `json:"content"`
}

// option is the item at index i of a menu.
func (m kfMenuItem) option(i int) events.Option {
	o := events.Option{ID: strconv.Itoa(i + 1)}
	switch {
	case m.Click != nil:
		o.ID, o.Label = cmp.Or(m.Click.ID, o.ID), m.Click.Content
	case m.View != nil:
		o.Label, o.Action, o.Value = m.View.Content, events.ActionURL, m.View.URL
	case m.MiniProgram != nil:
		o.Label, o.Value = m.MiniProgram.Content, m.MiniProgram.PagePath
	case m.Text != nil:
		o.Label = m.Text.Content
	}
	o.Label = cmp.Or(o.Label, o.ID)
	return o
}

// kfEvent is any of the events.
type kfEvent struct {
	Type           string `json:"event_type"`
	OpenKFID       string `json:"open_kfid"`
	ExternalUserID string `json:"external_userid"`
	Scene          string `json:"scene"`
	SceneParam     string `json:"scene_param"`
	WelcomeCode    string `json:"welcome_code"`
	FailMsgID      string `json:"fail_msgid"`
	FailType       int    `json:"fail_type"`
	ChangeType     int    `json:"change_type"`
	OldServicer    string `json:"old_servicer_userid"`
	NewServicer    string `json:"new_servicer_userid"`
	Servicer       string `json:"servicer_userid"`
	MsgCode        string `json:"msg_code"`
	RecallMsgID    string `json:"recall_msgid"`
}
