package telegram

// https://core.telegram.org/bots/api#message
type message struct {
	ID           int64          `json:"message_id"` // 0 of ephemeral and of scheduled messages
	Date         int64          `json:"date"`
	EditDate     int64          `json:"edit_date"`
	Chat         *chat          `json:"chat"`
	From         *user          `json:"from"`
	SenderChat   *chat          `json:"sender_chat"` // an anonymous administrator, a channel; From is then a stand-in
	Signature    string         `json:"author_signature"`
	Thread       int64          `json:"message_thread_id"`
	IsTopic      bool           `json:"is_topic_message"`
	DirectTopic  *directTopic   `json:"direct_messages_topic"`
	Ephemeral    int64          `json:"ephemeral_message_id"`
	Receiver     *user          `json:"receiver_user"`
	GuestQuery   string         `json:"guest_query_id"`
	Connection   string         `json:"business_connection_id"`
	BusinessBot  *user          `json:"sender_business_bot"`
	ViaBot       *user          `json:"via_bot"`
	AutoForward  bool           `json:"is_automatic_forward"`
	FromOffline  bool           `json:"is_from_offline"`
	Album        string         `json:"media_group_id"`
	PaidStars    int64          `json:"paid_star_count"`
	Forward      *origin        `json:"forward_origin"`
	ReplyTo      *message       `json:"reply_to_message"`
	External     *externalReply `json:"external_reply"`
	Quote        *textQuote     `json:"quote"`
	ReplyToStory *story         `json:"reply_to_story"`
	ReplyToTask  *int64         `json:"reply_to_checklist_task_id"`
	ReplyToPoll  string         `json:"reply_to_poll_option_id"`
	Markup       *markup        `json:"reply_markup"`

	Text            string       `json:"text"`
	Entities        []entity     `json:"entities"`
	Rich            raw          `json:"rich_message"`
	Caption         string       `json:"caption"`
	CaptionEntities []entity     `json:"caption_entities"`
	Photo           []photoSize  `json:"photo"`
	LivePhoto       *file        `json:"live_photo"`
	Video           *file        `json:"video"`
	Animation       *file        `json:"animation"`
	Audio           *file        `json:"audio"`
	Voice           *file        `json:"voice"`
	VideoNote       *file        `json:"video_note"`
	Document        *file        `json:"document"`
	Sticker         *sticker     `json:"sticker"`
	Story           *story       `json:"story"`
	PaidMedia       *paidMedia   `json:"paid_media"`
	Contact         *contactCard `json:"contact"`
	Location        *location    `json:"location"`
	Venue           *venue       `json:"venue"`
	Poll            *poll        `json:"poll"`
	Dice            *dice        `json:"dice"`
	Checklist       *checklist   `json:"checklist"`
	Invoice         *invoice     `json:"invoice"`
	UsersShared     *usersShared `json:"users_shared"`
	ChatShared      *sharedChat  `json:"chat_shared"`

	service
}

// A service is what a message says when nobody wrote it. Members of type detail
// have no word of their own in the contract: they travel as JSON.
// https://core.telegram.org/bots/api#message
type service struct {
	NewMembers        []user         `json:"new_chat_members"`
	LeftMember        *user          `json:"left_chat_member"`
	Title             string         `json:"new_chat_title"`
	NewPhoto          []photoSize    `json:"new_chat_photo"`
	PhotoDeleted      bool           `json:"delete_chat_photo"`
	GroupCreated      bool           `json:"group_chat_created"`
	SupergroupCreated bool           `json:"supergroup_chat_created"`
	ChannelCreated    bool           `json:"channel_chat_created"`
	MigrateTo         int64          `json:"migrate_to_chat_id"`
	MigrateFrom       int64          `json:"migrate_from_chat_id"`
	Pinned            *message       `json:"pinned_message"`
	AutoDelete        *autoDelete    `json:"message_auto_delete_timer_changed"`
	TopicCreated      *topicName     `json:"forum_topic_created"`
	TopicEdited       *topicName     `json:"forum_topic_edited"`
	Website           string         `json:"connected_website"`
	Paid              *paymentResult `json:"successful_payment"`
	Refunded          *paymentResult `json:"refunded_payment"`
	WebApp            *webAppData    `json:"web_app_data"`
	WriteAccess       *writeAccess   `json:"write_access_allowed"`

	TopicClosed        *detail `json:"forum_topic_closed"`
	TopicReopened      *detail `json:"forum_topic_reopened"`
	GeneralHidden      *detail `json:"general_forum_topic_hidden"`
	GeneralUnhidden    *detail `json:"general_forum_topic_unhidden"`
	VideoChatScheduled *detail `json:"video_chat_scheduled"`
	VideoChatStarted   *detail `json:"video_chat_started"`
	VideoChatEnded     *detail `json:"video_chat_ended"`
	VideoChatInvited   *detail `json:"video_chat_participants_invited"`
	Proximity          *detail `json:"proximity_alert_triggered"`
	BoostAdded         *detail `json:"boost_added"`
	Background         *detail `json:"chat_background_set"`
	TasksDone          *detail `json:"checklist_tasks_done"`
	TasksAdded         *detail `json:"checklist_tasks_added"`
	OptionAdded        *detail `json:"poll_option_added"`
	OptionDeleted      *detail `json:"poll_option_deleted"`
	OwnerLeft          *detail `json:"chat_owner_left"`
	OwnerChanged       *detail `json:"chat_owner_changed"`
	PaidPrice          *detail `json:"paid_message_price_changed"`
	DirectPrice        *detail `json:"direct_message_price_changed"`
	PostApproved       *detail `json:"suggested_post_approved"`
	PostApprovalFailed *detail `json:"suggested_post_approval_failed"`
	PostDeclined       *detail `json:"suggested_post_declined"`
	PostPaid           *detail `json:"suggested_post_paid"`
	PostRefunded       *detail `json:"suggested_post_refunded"`
	GiveawayCreated    *detail `json:"giveaway_created"`
	GiveawayCompleted  *detail `json:"giveaway_completed"`
	ManagedBotCreated  *detail `json:"managed_bot_created"`
	CommunityAdded     *detail `json:"community_chat_added"`
	CommunityRemoved   *detail `json:"community_chat_removed"`
}

// A detail is what is worth telling of a service message, whichever it is.
// https://core.telegram.org/bots/api#videochatscheduled … #checklisttasksdone
// #proximityalerttriggered #chatboostadded #polloptionadded #chatownerchanged
// #paidmessagepricechanged #directmessagepricechanged #suggestedpostpaid
// #giveawaycompleted #managedbotcreated
type detail struct {
	StartDate   int64    `json:"start_date,omitempty"`
	Duration    int64    `json:"duration,omitempty"` // seconds
	Users       []person `json:"users,omitempty"`
	Traveler    *person  `json:"traveler,omitempty"`
	Watcher     *person  `json:"watcher,omitempty"`
	Distance    int64    `json:"distance,omitempty"` // metres
	Boosts      int64    `json:"boost_count,omitempty"`
	Done        []int64  `json:"marked_as_done_task_ids,omitempty"`
	NotDone     []int64  `json:"marked_as_not_done_task_ids,omitempty"`
	Tasks       []added  `json:"tasks,omitempty"`
	Option      string   `json:"option_text,omitempty"`
	OptionID    string   `json:"option_persistent_id,omitempty"`
	NewOwner    *person  `json:"new_owner,omitempty"`
	Stars       int64    `json:"paid_message_star_count,omitempty"`
	DirectStars int64    `json:"direct_message_star_count,omitempty"`
	Currency    string   `json:"currency,omitempty"`
	Amount      int64    `json:"amount,omitempty"`
	Comment     string   `json:"comment,omitempty"`
	Reason      string   `json:"reason,omitempty"`
	SendDate    int64    `json:"send_date,omitempty"`
	Winners     int64    `json:"winner_count,omitempty"`
	Bot         *person  `json:"bot,omitempty"`

	// The message of the same chat that it is about.
	Checklist *about `json:"checklist_message,omitempty"`
	Post      *about `json:"suggested_post_message,omitempty"`
	Poll      *about `json:"poll_message,omitempty"`
	Giveaway  *about `json:"giveaway_message,omitempty"`
}

// https://core.telegram.org/bots/api#message
type about struct {
	ID int64 `json:"message_id"`
}

// https://core.telegram.org/bots/api#user
type person struct {
	ID   int64  `json:"id"`
	Name string `json:"first_name,omitempty"`
}

// https://core.telegram.org/bots/api#checklisttask
type added struct {
	ID   int64  `json:"id"`
	Text string `json:"text"`
}

// https://core.telegram.org/bots/api#messageentity
type entity struct {
	Type     string `json:"type"`
	Offset   int    `json:"offset"` // UTF-16 units
	Length   int    `json:"length"` // UTF-16 units
	URL      string `json:"url"`
	User     *user  `json:"user"`
	Language string `json:"language"`
	Emoji    string `json:"custom_emoji_id"`
	Unix     int64  `json:"unix_time"`
}

// https://core.telegram.org/bots/api#photosize
type photoSize struct {
	ID       string `json:"file_id"`
	UniqueID string `json:"file_unique_id"`
	Width    int    `json:"width"`
	Height   int    `json:"height"`
	Bytes    int64  `json:"file_size"`
}

// A file is any of Telegram's file objects.
// https://core.telegram.org/bots/api#video https://core.telegram.org/bots/api#animation
// https://core.telegram.org/bots/api#audio https://core.telegram.org/bots/api#voice
// https://core.telegram.org/bots/api#videonote https://core.telegram.org/bots/api#document
// https://core.telegram.org/bots/api#livephoto
type file struct {
	ID        string      `json:"file_id"`
	UniqueID  string      `json:"file_unique_id"`
	Name      string      `json:"file_name"`
	MIME      string      `json:"mime_type"`
	Bytes     int64       `json:"file_size"`
	Width     int         `json:"width"`
	Height    int         `json:"height"`
	Length    int         `json:"length"`   // side of a video note
	Duration  int64       `json:"duration"` // seconds
	Performer string      `json:"performer"`
	Title     string      `json:"title"`
	Thumbnail *photoSize  `json:"thumbnail"`
	Photo     []photoSize `json:"photo"` // of a live photo
}

// https://core.telegram.org/bots/api#sticker
type sticker struct {
	ID        string     `json:"file_id"`
	UniqueID  string     `json:"file_unique_id"`
	Bytes     int64      `json:"file_size"`
	Width     int        `json:"width"`
	Height    int        `json:"height"`
	Animated  bool       `json:"is_animated"`
	Video     bool       `json:"is_video"`
	Emoji     string     `json:"emoji"`
	Set       string     `json:"set_name"`
	Thumbnail *photoSize `json:"thumbnail"`
}

// https://core.telegram.org/bots/api#story
type story struct {
	Chat *chat `json:"chat"`
	ID   int64 `json:"id"`
}

// https://core.telegram.org/bots/api#paidmediainfo
type paidMedia struct {
	Stars int64       `json:"star_count"`
	Media []paidEntry `json:"paid_media"`
}

// https://core.telegram.org/bots/api#paidmedia
type paidEntry struct {
	Type      string      `json:"type"` // photo, video, live_photo, preview
	Photo     []photoSize `json:"photo"`
	Video     *file       `json:"video"`
	LivePhoto *file       `json:"live_photo"`
}

// https://core.telegram.org/bots/api#contact
type contactCard struct {
	Phone     string `json:"phone_number"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
	UserID    int64  `json:"user_id"`
	VCard     string `json:"vcard"`
}

// https://core.telegram.org/bots/api#location
type location struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Accuracy  float64 `json:"horizontal_accuracy"` // metres
	Period    int64   `json:"live_period"`         // seconds from the message's date
}

// https://core.telegram.org/bots/api#venue
type venue struct {
	Location location `json:"location"`
	Title    string   `json:"title"`
	Address  string   `json:"address"`
}

// https://core.telegram.org/bots/api#poll
type poll struct {
	ID       string       `json:"id"`
	Question string       `json:"question"`
	Options  []pollOption `json:"options"`
	Multiple bool         `json:"allows_multiple_answers"`
}

// https://core.telegram.org/bots/api#polloption
type pollOption struct {
	Text string `json:"text"`
}

// https://core.telegram.org/bots/api#dice
type dice struct {
	Emoji string `json:"emoji"`
	Value int64  `json:"value"`
}

// https://core.telegram.org/bots/api#checklist
type checklist struct {
	Title string `json:"title"`
	Tasks []task `json:"tasks"`
}

// https://core.telegram.org/bots/api#checklisttask
type task struct {
	ID   int64  `json:"id"`
	Text string `json:"text"`
	Done int64  `json:"completion_date"`
}

// https://core.telegram.org/bots/api#invoice
type invoice struct {
	Title       string `json:"title"`
	Description string `json:"description"`
	Start       string `json:"start_parameter"`
	Currency    string `json:"currency"`
	Total       int64  `json:"total_amount"`
}

// https://core.telegram.org/bots/api#usersshared
type usersShared struct {
	RequestID int64        `json:"request_id"`
	Users     []sharedUser `json:"users"`
}

// https://core.telegram.org/bots/api#shareduser
type sharedUser struct {
	ID        int64  `json:"user_id"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
	Username  string `json:"username"`
}

// https://core.telegram.org/bots/api#chatshared
type sharedChat struct {
	RequestID int64  `json:"request_id"`
	ID        int64  `json:"chat_id"`
	Title     string `json:"title"`
	Username  string `json:"username"`
}

// https://core.telegram.org/bots/api#inlinekeyboardmarkup
type markup struct {
	Rows [][]button `json:"inline_keyboard"`
}

// https://core.telegram.org/bots/api#inlinekeyboardbutton
type button struct {
	Text string `json:"text"`
	Data string `json:"callback_data"`
}

// https://core.telegram.org/bots/api#messageautodeletetimerchanged
type autoDelete struct {
	Seconds int64 `json:"message_auto_delete_time"`
}

// https://core.telegram.org/bots/api#forumtopiccreated
type topicName struct {
	Name string `json:"name"`
}

// https://core.telegram.org/bots/api#webappdata
type webAppData struct {
	Data   string `json:"data"`
	Button string `json:"button_text"`
}

// https://core.telegram.org/bots/api#writeaccessallowed
type writeAccess struct {
	WebApp string `json:"web_app_name"`
}
