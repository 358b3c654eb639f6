package telegram

import (
	"encoding/json"
	"time"
)

// An update is one webhook: its id and, as a rule, one other member.
// https://core.telegram.org/bots/api#update
type update struct {
	ID *int64 `json:"update_id"`

	Message               *message `json:"message"`
	EditedMessage         *message `json:"edited_message"`
	ChannelPost           *message `json:"channel_post"`
	EditedChannelPost     *message `json:"edited_channel_post"`
	BusinessMessage       *message `json:"business_message"`
	EditedBusinessMessage *message `json:"edited_business_message"`
	GuestMessage          *message `json:"guest_message"`

	BusinessConnection *businessConnection `json:"business_connection"`
	DeletedBusiness    *deletedMessages    `json:"deleted_business_messages"`
	Reaction           *reactionUpdate     `json:"message_reaction"`
	ReactionCount      *reactionCount      `json:"message_reaction_count"`
	Callback           *callbackQuery      `json:"callback_query"`
	InlineQuery        *inlineQuery        `json:"inline_query"`
	ChosenInline       *chosenInline       `json:"chosen_inline_result"`
	ShippingQuery      *paymentQuery       `json:"shipping_query"`
	PreCheckoutQuery   *paymentQuery       `json:"pre_checkout_query"`
	PaidMedia          *paidMediaPurchase  `json:"purchased_paid_media"`
	Subscription       *subscription       `json:"subscription"`
	Poll               *poll               `json:"poll"`
	PollAnswer         *pollAnswer         `json:"poll_answer"`
	MyChatMember       *memberUpdate       `json:"my_chat_member"`
	ChatMember         *memberUpdate       `json:"chat_member"`
	JoinRequest        *joinRequest        `json:"chat_join_request"`
	Boost              *boostUpdate        `json:"chat_boost"`
	RemovedBoost       *boostUpdate        `json:"removed_chat_boost"`

	body     []byte // the whole update as received
	received time.Time
}

// https://core.telegram.org/bots/api#user
type user struct {
	ID        int64  `json:"id"`
	IsBot     bool   `json:"is_bot"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
	Username  string `json:"username"`
	Language  string `json:"language_code"`
}

// https://core.telegram.org/bots/api#chat
type chat struct {
	ID               int64  `json:"id"`
	Type             string `json:"type"` // private, group, supergroup, channel
	Title            string `json:"title"`
	Username         string `json:"username"`
	FirstName        string `json:"first_name"`
	LastName         string `json:"last_name"`
	IsDirectMessages bool   `json:"is_direct_messages"`
}

// https://core.telegram.org/bots/api#directmessagestopic
type directTopic struct {
	ID   int64 `json:"topic_id"`
	User *user `json:"user"`
}

// https://core.telegram.org/bots/api#messageorigin
type origin struct {
	Type       string `json:"type"` // user, hidden_user, chat, channel
	Date       int64  `json:"date"`
	User       *user  `json:"sender_user"`
	UserName   string `json:"sender_user_name"`
	SenderChat *chat  `json:"sender_chat"`
	Chat       *chat  `json:"chat"`
}

// https://core.telegram.org/bots/api#externalreplyinfo
type externalReply struct {
	Chat *chat `json:"chat"`
	ID   int64 `json:"message_id"`
}

// https://core.telegram.org/bots/api#textquote
type textQuote struct {
	Text string `json:"text"`
}

// https://core.telegram.org/bots/api#businessconnection
type businessConnection struct {
	ID         string `json:"id"`
	User       *user  `json:"user"`
	UserChatID int64  `json:"user_chat_id"`
	Date       int64  `json:"date"`
	Enabled    bool   `json:"is_enabled"`
	// https://core.telegram.org/bots/api#businessbotrights: every member is True or absent
	Rights map[string]raw `json:"rights"`
}

// https://core.telegram.org/bots/api#businessmessagesdeleted
type deletedMessages struct {
	Connection string  `json:"business_connection_id"`
	Chat       *chat   `json:"chat"`
	IDs        []int64 `json:"message_ids"`
}

// https://core.telegram.org/bots/api#messagereactionupdated
type reactionUpdate struct {
	Chat      *chat          `json:"chat"`
	MessageID int64          `json:"message_id"`
	User      *user          `json:"user"`
	ActorChat *chat          `json:"actor_chat"` // set instead of User when the reaction is anonymous
	Date      int64          `json:"date"`
	Old       []reactionType `json:"old_reaction"`
	New       []reactionType `json:"new_reaction"`
}

// https://core.telegram.org/bots/api#reactiontype
type reactionType struct {
	Type   string `json:"type"` // emoji, custom_emoji, paid
	Emoji  string `json:"emoji"`
	Custom string `json:"custom_emoji_id"`
}

// https://core.telegram.org/bots/api#messagereactioncountupdated
type reactionCount struct {
	Chat *chat `json:"chat"`
	Date int64 `json:"date"`
}

// https://core.telegram.org/bots/api#callbackquery
type callbackQuery struct {
	ID              string   `json:"id"`
	From            *user    `json:"from"`
	Message         *message `json:"message"` // of an inaccessible message only chat and id
	InlineMessageID string   `json:"inline_message_id"`
	Data            string   `json:"data"`
	Game            string   `json:"game_short_name"`
}

// https://core.telegram.org/bots/api#inlinequery
type inlineQuery struct {
	ID       string    `json:"id"`
	From     *user     `json:"from"`
	Query    string    `json:"query"`
	Offset   string    `json:"offset"`
	ChatType string    `json:"chat_type"`
	Location *location `json:"location"`
}

// https://core.telegram.org/bots/api#choseninlineresult
type chosenInline struct {
	ResultID        string `json:"result_id"`
	From            *user  `json:"from"`
	InlineMessageID string `json:"inline_message_id"`
	Query           string `json:"query"`
}

// A paymentQuery is a question that the bot must answer before money moves.
// https://core.telegram.org/bots/api#precheckoutquery
// https://core.telegram.org/bots/api#shippingquery
type paymentQuery struct {
	ID             string     `json:"id"`
	From           *user      `json:"from"`
	Payload        string     `json:"invoice_payload"`
	Currency       string     `json:"currency"`
	Total          *int64     `json:"total_amount"`
	ShippingOption string     `json:"shipping_option_id"`
	Order          *orderInfo `json:"order_info"`
	Address        *address   `json:"shipping_address"`
}

// https://core.telegram.org/bots/api#orderinfo
type orderInfo struct {
	Name    string   `json:"name"`
	Phone   string   `json:"phone_number"`
	Email   string   `json:"email"`
	Address *address `json:"shipping_address"`
}

// https://core.telegram.org/bots/api#shippingaddress
type address struct {
	Country  string `json:"country_code"`
	State    string `json:"state"`
	City     string `json:"city"`
	Street1  string `json:"street_line1"`
	Street2  string `json:"street_line2"`
	PostCode string `json:"post_code"`
}

// https://core.telegram.org/bots/api#successfulpayment
// https://core.telegram.org/bots/api#refundedpayment
type paymentResult struct {
	Currency       string     `json:"currency"`
	Total          int64      `json:"total_amount"`
	Payload        string     `json:"invoice_payload"`
	Charge         string     `json:"telegram_payment_charge_id"`
	ProviderCharge string     `json:"provider_payment_charge_id"`
	ShippingOption string     `json:"shipping_option_id"`
	Order          *orderInfo `json:"order_info"`
	Expires        int64      `json:"subscription_expiration_date"`
	Recurring      bool       `json:"is_recurring"`
	FirstRecurring bool       `json:"is_first_recurring"`
}

// https://core.telegram.org/bots/api#paidmediapurchased
type paidMediaPurchase struct {
	From    *user  `json:"from"`
	Payload string `json:"paid_media_payload"`
}

// https://core.telegram.org/bots/api#botsubscriptionupdated
type subscription struct {
	User    *user  `json:"user"`
	Payload string `json:"invoice_payload"`
	State   string `json:"state"` // active, canceled, failed
}

// https://core.telegram.org/bots/api#pollanswer
type pollAnswer struct {
	PollID  string  `json:"poll_id"`
	Voter   *chat   `json:"voter_chat"` // set instead of User when the vote is a chat's
	User    *user   `json:"user"`
	Options []int64 `json:"option_ids"` // empty when the vote is taken back
}

// https://core.telegram.org/bots/api#chatmemberupdated
type memberUpdate struct {
	Chat   *chat       `json:"chat"`
	From   *user       `json:"from"`
	Date   int64       `json:"date"`
	Old    *chatMember `json:"old_chat_member"`
	New    *chatMember `json:"new_chat_member"`
	Invite *inviteLink `json:"invite_link"`
}

// https://core.telegram.org/bots/api#chatmember
type chatMember struct {
	User     *user  `json:"user"`
	Status   string `json:"status"`    // creator, administrator, member, restricted, left, kicked
	IsMember bool   `json:"is_member"` // of a restricted user
}

// https://core.telegram.org/bots/api#chatinvitelink
type inviteLink struct {
	URL  string `json:"invite_link"`
	Name string `json:"name"`
}

// https://core.telegram.org/bots/api#chatjoinrequest
type joinRequest struct {
	Chat       *chat       `json:"chat"`
	From       *user       `json:"from"`
	UserChatID int64       `json:"user_chat_id"`
	Date       int64       `json:"date"`
	Bio        string      `json:"bio"`
	Invite     *inviteLink `json:"invite_link"`
	QueryID    string      `json:"query_id"`
}

// https://core.telegram.org/bots/api#chatboostupdated
// https://core.telegram.org/bots/api#chatboostremoved
type boostUpdate struct {
	Chat   *chat        `json:"chat"`
	Boost  *boost       `json:"boost"`
	ID     string       `json:"boost_id"`
	Date   int64        `json:"remove_date"`
	Source *boostSource `json:"source"`
}

// https://core.telegram.org/bots/api#chatboost
type boost struct {
	ID     string       `json:"boost_id"`
	Date   int64        `json:"add_date"`
	Source *boostSource `json:"source"`
}

// https://core.telegram.org/bots/api#chatboostsource
type boostSource struct {
	User *user `json:"user"`
}

// A subject is what an update of any kind may say about whom it concerns.
type subject struct {
	Chat       *chat  `json:"chat"`
	From       *user  `json:"from"`
	User       *user  `json:"user"`
	Date       int64  `json:"date"`
	Connection string `json:"business_connection_id"`
	GuestQuery string `json:"guest_query_id"`
}

// raw is JSON that is read later, or passed on as it is.
type raw = json.RawMessage
