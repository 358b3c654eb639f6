package wechat

import (
	"bytes"
	"encoding/json"
)

// result is the answer to a call. Errors come with the HTTP status 200.
// https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/Global_Return_Code.html
type result struct {
	Code    *int   `json:"errcode"`
	Message string `json:"errmsg"`
	MsgID   scalar `json:"msgid"`
}

// A scalar is a text or a number, as text: message ids exceed 2^53 and are numbers at
// one end and texts at the other.
type scalar string

// UnmarshalJSON reads either.
func (s *scalar) UnmarshalJSON(b []byte) error {
	if bytes.HasPrefix(b, []byte(`"`)) {
		return json.Unmarshal(b, (*string)(s))
	}
	var n json.Number
	err := json.Unmarshal(b, &n)
	*s = scalar(n)
	return err
}

// https://developers.weixin.qq.com/doc/service/api/base/api_getstableaccesstoken
type stableToken struct {
	GrantType    string `json:"grant_type"`
	AppID        string `json:"appid"`
	Secret       string `json:"secret"`
	ForceRefresh bool   `json:"force_refresh"`
}

type accessToken struct {
	AccessToken string `json:"access_token"`
	ExpiresIn   int64  `json:"expires_in"`
}

// https://developers.weixin.qq.com/doc/service/api/material/temporary/api_uploadtempmedia
type uploaded struct {
	MediaID      string `json:"media_id"`
	ThumbMediaID string `json:"thumb_media_id"` // of a thumb
}

// https://developers.weixin.qq.com/doc/service/api/material/temporary/api_getmedia.html
type film struct {
	VideoURL string `json:"video_url"`
}

// https://developers.weixin.qq.com/doc/service/api/customer/message/api_typing
type typing struct {
	ToUser  string `json:"touser"`
	Command string `json:"command"`
}

// https://developers.weixin.qq.com/doc/service/api/customer/message/api_sendcustommessage
type outText struct {
	Content string `json:"content"`
}

type outMedia struct {
	MediaID      string `json:"media_id"`
	ThumbMediaID string `json:"thumb_media_id,omitempty"`
}

type outMenu struct {
	Head string     `json:"head_content"`
	List []menuItem `json:"list"`
	Tail string     `json:"tail_content"`
}

type menuItem struct {
	ID      string `json:"id"`
	Content string `json:"content"`
}

type news struct {
	Articles []article `json:"articles"`
}

type article struct {
	Title       string `json:"title"`
	Description string `json:"description"`
	URL         string `json:"url"`
	PicURL      string `json:"picurl"`
}

// https://developers.weixin.qq.com/miniprogram/dev/server/API/kf-mgnt/kf-message/api_sendcustommessage.html
type miniLink struct {
	Title       string `json:"title"`
	Description string `json:"description"`
	URL         string `json:"url"`
	ThumbURL    string `json:"thumb_url"`
}

// https://developer.work.weixin.qq.com/document/path/94677
type kfLink struct {
	Title        string `json:"title"`
	Desc         string `json:"desc,omitempty"`
	URL          string `json:"url"`
	ThumbMediaID string `json:"thumb_media_id"`
}

// https://developers.weixin.qq.com/doc/service/api/notify/template/api_sendtemplatemessage
type outTemplate struct {
	ToUser      string              `json:"touser"`
	TemplateID  string              `json:"template_id"`
	URL         string              `json:"url,omitempty"`
	Page        string              `json:"page,omitempty"`
	MiniProgram *miniRef            `json:"miniprogram,omitempty"`
	Lang        string              `json:"lang,omitempty"`
	ClientMsgID string              `json:"client_msg_id,omitempty"`
	Data        map[string]outValue `json:"data"`
}

type miniRef struct {
	AppID    string `json:"appid"`
	PagePath string `json:"pagepath,omitempty"`
}

type outValue struct {
	Value string `json:"value"`
}
