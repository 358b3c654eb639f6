package events

import "time"

// Scheme says what kind of identifier an Identity's value is.
type Scheme string

// The identity schemes. A value means nothing outside its scheme and scope.
const (
	Phone           Scheme = "phone" // E.164 on all channels: "+44207946"; a short code has no plus sign
	WhatsAppBSUID   Scheme = "whatsapp-bsuid"
	MessengerPSID   Scheme = "messenger-psid"
	InstagramIGSID  Scheme = "instagram-igsid"
	TelegramUser    Scheme = "telegram-user"
	TelegramChat    Scheme = "telegram-chat"
	LINEUser        Scheme = "line-user"
	AppleOpaque     Scheme = "apple-opaque"
	WeChatOpenID    Scheme = "wechat-openid"
	WeChatUnionID   Scheme = "wechat-unionid"
	WeChatExternal  Scheme = "wechat-external" // external_userid of customer service (kf), per corporation
	KakaoBotUser    Scheme = "kakao-botuserkey"
	KakaoPlusFriend Scheme = "kakao-plusfriend"
	KakaoAppUser    Scheme = "kakao-appuser"
	QQOpenID        Scheme = "qq-openid"
	QQMember        Scheme = "qq-member"  // member_openid: a user within one group
	QQUnionID       Scheme = "qq-unionid" // shared by bots bound to one subject
	XUser           Scheme = "x-user"
	ViberUser       Scheme = "viber-user"
	GoogleChatUser  Scheme = "gchat-user"
	RCSPhone        Scheme = "rcs-phone"
	KikUsername     Scheme = "kik-username"
	SignalACI       Scheme = "signal-aci"
	ZaloUser        Scheme = "zalo-user"
	Email           Scheme = "email"
	WebAnonymous    Scheme = "web-anon"
	WebVerified     Scheme = "web-verified"
	External        Scheme = "external" // the id a custom bridge gives
)

// An Identity addresses a person on a channel, verbatim as the platform gives it.
type Identity struct {
	Scheme   Scheme `json:"scheme"`
	Value    string `json:"value"`
	Scope    string `json:"scope,omitempty"`    // page, app, provider, portfolio or bot within which Value is unique
	Verified string `json:"verified,omitempty"` // who vouches: "platform", "token", "human"
}

// A Contact is a person as one account knows them.
type Contact struct {
	ID         string     `json:"id"`         // "con_…", from the first identity
	Identities []Identity `json:"identities"` // the address to answer first, aliases after it
	Name       string     `json:"name,omitempty"`
	Username   string     `json:"username,omitempty"` // display only: people change it
	Avatar     string     `json:"avatar,omitempty"`   // URL
	Locale     string     `json:"locale,omitempty"`   // BCP 47
	Phone      string     `json:"phone,omitempty"`    // written as Phone is, when the platform says so beside the identity
	Email      string     `json:"email,omitempty"`
}

// A Conversation is the thread of one contact, or a group, with one account.
type Conversation struct {
	ID         string  `json:"id"`                 // "cnv_…", from PlatformID
	PlatformID string  `json:"platformId"`         // the platform's thread: a user's or a group's id
	Kind       string  `json:"kind"`               // Direct, Group, Public or Own
	Title      string  `json:"title,omitempty"`    // of a group
	Topic      string  `json:"topic,omitempty"`    // a thread within a group
	Product    string  `json:"product,omitempty"`  // which of the platform's products the account has, where it shows less or more: "aws", "mini", "premium"
	Window     *Window `json:"window,omitempty"`   // until when free-form answers are allowed
	Controls   string  `json:"controls,omitempty"` // who holds the conversation when it is not us
	Answer     *Handle `json:"answer,omitempty"`   // a short-lived handle with which to answer what is no message and no interaction
}

// Kinds of conversation.
const (
	Direct = "direct"
	Group  = "group"
	Public = "public"
	Own    = "account" // an account's own thread: facts that concern no person (quality, templates, quarantine)
)

// OwnThread is the PlatformID of an account's own thread.
const OwnThread = "#account"

// A Window says how long free-form answers are allowed.
type Window struct {
	Kind     string    `json:"kind"` // "service", "ad", "menu", "follow" …
	ClosesAt time.Time `json:"closesAt"`
	Messages int       `json:"messages,omitempty"` // how many answers it allows; 0 is unlimited
}

// A Change is a new fact about a conversation.
type Change struct {
	Field string `json:"field"` // "title", "photo", "pinned", "migrated", "account", "closed" …
	Old   string `json:"old,omitempty"`
	New   string `json:"new,omitempty"`
}

// Participants are the people who joined or left.
type Participants struct {
	Members []Participant `json:"members"`
	By      *Actor        `json:"by,omitempty"`
}

// A Participant is one member of a group.
type Participant struct {
	Identity Identity `json:"identity"`
	Name     string   `json:"name,omitempty"`
	Self     bool     `json:"self,omitempty"` // our own account was added or removed
}

// A Referral is where the customer came from.
type Referral struct {
	Source    string  `json:"source"` // ad, post, link, qr, site, story, menu, search, code
	ID        string  `json:"id,omitempty"`
	URL       string  `json:"url,omitempty"`
	Title     string  `json:"title,omitempty"`
	Body      string  `json:"body,omitempty"`
	MediaType string  `json:"mediaType,omitempty"`
	MediaURL  string  `json:"mediaUrl,omitempty"`
	ClickID   string  `json:"clickId,omitempty"` // the ad platform's click id
	Payload   string  `json:"payload,omitempty"` // what the brand put into the link
	Product   string  `json:"product,omitempty"` // catalogue/product id
	Fields    []Field `json:"fields,omitempty"`
}

// A Person is a contact's profile as it now stands.
type Person struct {
	ID     string   `json:"id"`
	From   []string `json:"from,omitempty"`   // merged or unmerged ids
	Fields []Field  `json:"fields,omitempty"` // what changed
}

// An IdentityChange links, rotates or disputes identities of a contact.
type IdentityChange struct {
	Previous *Identity `json:"previous,omitempty"`
	Current  *Identity `json:"current,omitempty"`
	Reason   string    `json:"reason,omitempty"`
}

// Consent is an opt-in or opt-out.
type Consent struct {
	State    string `json:"state"`              // ConsentGiven, ConsentWithdrawn
	Scope    string `json:"scope"`              // "all", "marketing", "notifications" …
	Keyword  string `json:"keyword,omitempty"`  // what the customer wrote
	Reason   string `json:"reason,omitempty"`   // "blocked", "unfollowed", "keyword", "settings" …
	Template string `json:"template,omitempty"` // a subscription's template
}

// Consent states.
const (
	ConsentGiven     = "given"
	ConsentWithdrawn = "withdrawn"
)

// Control says who holds a conversation: who answers the customer.
type Control struct {
	From     string    `json:"from,omitempty"`
	To       string    `json:"to,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	Data     string    `json:"data,omitempty"`     // a platform's own
	Until    time.Time `json:"until,omitzero"`     // of an offer: by when it can be accepted
	By       *Actor    `json:"by,omitempty"`       // who did it, where one of the brand did
	Taken    bool      `json:"taken,omitempty"`    // To took it, and From did not give it
	Metadata []Field   `json:"metadata,omitempty"` // what one holder tells the next
	Recall   int       `json:"recall,omitempty"`   // how many of the newest events before this one are in what To gets
	History  []Event   `json:"history,omitempty"`  // for To: these events, oldest first; as many as one message of a queue holds
}

// Handling is what the brand did with a conversation besides answering. It has what
// its event's type is about, and no more.
type Handling struct {
	Reason      string    `json:"reason,omitempty"`
	Until       time.Time `json:"until,omitzero"`        // of a snooze: when it ends; of a closing: until then the customer's words do not open it
	Wake        string    `json:"wake,omitempty"`        // of a snooze: WakeMessage or WakeTime
	Episode     int       `json:"episode,omitempty"`     // which of the conversation's it is, from 1
	Tags        []string  `json:"tags,omitempty"`        // of a tagging: all that it has then
	Assignee    string    `json:"assignee,omitempty"`    // absent is nobody
	Was         string    `json:"was,omitempty"`         // the assignee before
	Destination string    `json:"destination,omitempty"` // that has read
	Seen        string    `json:"seen,omitempty"`        // the sequence up to which it has
	By          *Actor    `json:"by,omitempty"`          // who did it; absent is Relais itself, or the platform
}

// States of a conversation.
const (
	StateOpen    = "open"
	StateSnoozed = "snoozed"
	StateClosed  = "closed"
)

// What ends a snooze before its time.
const (
	WakeMessage = "message" // the customer's next message does
	WakeTime    = "time"    // nothing does
)

// A Note is what colleagues tell each other about a conversation.
type Note struct {
	Text     string   `json:"text"`
	Mentions []string `json:"mentions,omitempty"` // ids of those whom it concerns
	By       *Actor   `json:"by,omitempty"`
}
