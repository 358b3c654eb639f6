package qq

// outgoing is a message to any scene. Guilds know neither its type nor its number.
// https://bot.q.qq.com/wiki/develop/api-v2/server-inter/message/send-receive/send.html
type outgoing struct {
	Content   string     `json:"content,omitempty"`
	Type      *int       `json:"msg_type,omitempty"`
	MessageID string     `json:"msg_id,omitempty"`   // what it answers, a message …
	EventID   string     `json:"event_id,omitempty"` // … or an event, by its envelope's id
	Sequence  uint32     `json:"msg_seq,omitempty"`
	Wakeup    bool       `json:"is_wakeup,omitempty"` // it answers nothing
	Markdown  *markdown  `json:"markdown,omitempty"`
	Keyboard  *keyboard  `json:"keyboard,omitempty"`
	Media     *fileInfo  `json:"media,omitempty"`
	Typing    *typing    `json:"input_notify,omitempty"`
	Image     string     `json:"image,omitempty"` // guilds: a URL
	Reference *reference `json:"message_reference,omitempty"`
}

type reference struct {
	MessageID string `json:"message_id"`
}

// https://bot.q.qq.com/wiki/develop/api-v2/server-inter/message/type/markdown.html
type markdown struct {
	Content    string      `json:"content,omitempty"`
	Template   string      `json:"custom_template_id,omitempty"`
	Parameters []parameter `json:"params,omitempty"`
}

type parameter struct {
	Key    string   `json:"key"`
	Values []string `json:"values"`
}

// https://bot.q.qq.com/wiki/develop/api-v2/server-inter/message/trans/msg-btn.html
type keyboard struct {
	Content struct {
		Rows []row `json:"rows"`
	} `json:"content"`
}

type row struct {
	Buttons []button `json:"buttons"`
}

type button struct {
	ID     string `json:"id"`
	Render render `json:"render_data"`
	Action action `json:"action"`
}

type render struct {
	Label   string `json:"label"`
	Visited string `json:"visited_label"`
	Style   int    `json:"style"` // 0 grey, 1 blue
}

type action struct {
	Type        int        `json:"type"` // 0 link, 1 callback, 2 command
	Permission  permission `json:"permission"`
	Data        string     `json:"data"`
	Unsupported string     `json:"unsupport_tips"` // what old clients say
}

type permission struct {
	Type int `json:"type"` // 2: everybody
}

type typing struct {
	Type    int `json:"input_type"`
	Seconds int `json:"input_second"`
}

// https://bot.q.qq.com/wiki/develop/api-v2/server-inter/message/send-receive/rich-media.html
type upload struct {
	Type int    `json:"file_type"`
	URL  string `json:"url"`
	Send bool   `json:"srv_send_msg"` // at once, without a message: never
	Name string `json:"file_name,omitempty"`
}

type fileInfo struct {
	Info string `json:"file_info"`
}

// answer is what QQ says to any call. Code is set on errors, and on what is held
// for review.
type answer struct {
	ID      string `json:"id"`
	Code    int    `json:"code"`
	Message string `json:"message"`
	TraceID string `json:"trace_id"`
	Data    struct {
		Audit struct {
			ID string `json:"audit_id"`
		} `json:"message_audit"`
	} `json:"data"`
}

// https://bot.q.qq.com/wiki/develop/api-v2/dev-prepare/interface-framework/api-use.html
type tokenRequest struct {
	AppID  string `json:"appId"`
	Secret string `json:"clientSecret"`
}

type tokenAnswer struct {
	Token     string `json:"access_token"`
	ExpiresIn text   `json:"expires_in"` // seconds, as a text
	Code      int    `json:"code"`
}
