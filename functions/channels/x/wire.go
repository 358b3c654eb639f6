package x

import "encoding/json"

// delivery is the body of a webhook: Data by the X Activity API, else the members
// of the Account Activity API, of which these tell that it is one.
// https://docs.x.com/x-api/activity/event-payloads
type delivery struct {
	Data      json.RawMessage `json:"data"` // an activity, or a list
	ForUserID string          `json:"for_user_id"`
	UserEvent json.RawMessage `json:"user_event"`
}

// activity is one event of one account. Its own event_uuid differs per delivery.
// https://docs.x.com/x-api/activity/event-payloads
type activity struct {
	Filter struct {
		UserID string `json:"user_id"`
	} `json:"filter"`
	EventType string          `json:"event_type"`
	Payload   json.RawMessage `json:"payload"`
	Includes  includes        `json:"includes"`
}

// user has its fields in data, or by the Account Activity API in itself.
type user struct {
	Data profile `json:"data"`
	profile
}

// profile is a user as either API shows it.
// https://docs.x.com/x-api/fundamentals/data-dictionary
type profile struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Username   string `json:"username"`
	ScreenName string `json:"screen_name"` // Account Activity API
	Image      string `json:"profile_image_url"`
	ImageHTTPS string `json:"profile_image_url_https"` // Account Activity API
}

// directs is the payload of dm.*, and part of a body of the Account Activity API.
// https://docs.x.com/x-api/activity/event-payloads
type directs struct {
	Messages []json.RawMessage `json:"direct_message_events"`
	Reads    []json.RawMessage `json:"direct_message_mark_read_events"`
	Typings  []json.RawMessage `json:"direct_message_indicate_typing_events"`
	Users    map[string]user   `json:"users"` // by id
}

// directMessage is one direct message. Its conversation is not named.
type directMessage struct {
	Type      string `json:"type"` // message_create
	ID        string `json:"id"`
	CreatedAt string `json:"created_timestamp"` // Unix milliseconds
	Create    struct {
		Target   recipient   `json:"target"`
		SenderID string      `json:"sender_id"`
		App      string      `json:"source_app_id"` // Account Activity API
		Data     messageData `json:"message_data"`
	} `json:"message_create"`
}

type recipient struct {
	ID string `json:"recipient_id"`
}

type messageData struct {
	Text       string   `json:"text"`
	Entities   entities `json:"entities"`
	Attachment *struct {
		Type  string `json:"type"` // media
		Media *media `json:"media"`
	} `json:"attachment"`
	QuickReply *struct {
		Metadata string `json:"metadata"`
	} `json:"quick_reply_response"`
}

// entities mark spans of a text, counted in code points: as indices in direct
// messages, as start and end in posts.
// https://docs.x.com/x-api/fundamentals/data-dictionary
type entities struct {
	URLs         []entity `json:"urls"`
	Hashtags     []entity `json:"hashtags"`
	Mentions     []entity `json:"mentions"`
	UserMentions []entity `json:"user_mentions"` // in direct messages
}

type entity struct {
	Start    int    `json:"start"`
	End      int    `json:"end"`
	Indices  []int  `json:"indices"`
	URL      string `json:"url"`
	Expanded string `json:"expanded_url"`
	MediaKey string `json:"media_key"` // of a link to the post's own media
	ID       string `json:"id"`
	IDStr    string `json:"id_str"`
	Username string `json:"username"`
	Screen   string `json:"screen_name"`
}

// media is an attachment of a direct message, by the names of version 1.1.
type media struct {
	ID       string `json:"id_str"`
	URL      string `json:"url"` // t.co: what stands for it in the text
	HTTPS    string `json:"media_url_https"`
	Type     string `json:"type"` // photo, animated_gif, video
	AltText  string `json:"ext_alt_text"`
	Video    video  `json:"video_info"`
	Original struct {
		W int `json:"w"`
		H int `json:"h"`
	} `json:"original_info"`
}

type video struct {
	Duration int64     `json:"duration_millis"`
	Variants []variant `json:"variants"`
}

// variant is a film in one quality.
type variant struct {
	Bitrate     int64  `json:"bitrate"`
	BitRate     int64  `json:"bit_rate"` // in posts
	ContentType string `json:"content_type"`
	URL         string `json:"url"`
}

// read tells up to which message the other side has read.
type read struct {
	CreatedAt string    `json:"created_timestamp"`
	SenderID  string    `json:"sender_id"`
	Target    recipient `json:"target"`
	LastID    string    `json:"last_read_event_id"`
}

type typing struct {
	CreatedAt string    `json:"created_timestamp"`
	SenderID  string    `json:"sender_id"`
	Target    recipient `json:"target"`
}

// chat is an encrypted message, of which only the frame can be read.
// https://docs.x.com/x-api/activity/event-payloads
type chat struct {
	ID           string `json:"id"`
	Conversation string `json:"conversation_id"` // "a:b", or a group's
	SenderID     string `json:"sender_id"`
	CreatedAt    string `json:"created_at_msec"`
}

// post is a post as the API's version 2 shows it.
// https://docs.x.com/x-api/fundamentals/data-dictionary
type post struct {
	ID           string   `json:"id"`
	Text         string   `json:"text"`
	AuthorID     string   `json:"author_id"`
	CreatedAt    string   `json:"created_at"` // RFC 3339
	Conversation string   `json:"conversation_id"`
	Lang         string   `json:"lang"`
	Entities     entities `json:"entities"`
	History      []string `json:"edit_history_tweet_ids"` // the original first
	Note         struct {
		Text     string   `json:"text"`
		Entities entities `json:"entities"`
	} `json:"note_tweet"` // the whole of a long post
	References []struct {
		Type string `json:"type"` // replied_to, quoted or retweeted
		ID   string `json:"id"`
	} `json:"referenced_tweets"`
	Attachments struct {
		MediaKeys []string `json:"media_keys"`
	} `json:"attachments"`
}

// includes is what a post refers to.
type includes struct {
	Users  []profile       `json:"users"`
	Tweets []includedPost  `json:"tweets"`
	Media  []includedMedia `json:"media"`
}

type includedPost struct {
	ID       string `json:"id"`
	Text     string `json:"text"`
	AuthorID string `json:"author_id"`
}

type includedMedia struct {
	Key      string    `json:"media_key"`
	Type     string    `json:"type"` // photo, animated_gif, video
	URL      string    `json:"url"`  // of a photo
	Preview  string    `json:"preview_image_url"`
	AltText  string    `json:"alt_text"`
	Width    int       `json:"width"`
	Height   int       `json:"height"`
	Duration int64     `json:"duration_ms"`
	Variants []variant `json:"variants"`
}

// https://docs.x.com/x-api/activity/event-payloads
type deletedPost struct {
	ID string `json:"id"`
}

// https://docs.x.com/x-api/activity/event-payloads
type revocation struct {
	DateTime string `json:"date_time"`
	UserID   string `json:"user_id"`
	AppID    string `json:"app_id"`
}

// tweet is a post as the Account Activity API shows it.
// https://docs.x.com/x-api/account-activity/introduction
type tweet struct {
	ID        string          `json:"id_str"`
	Text      string          `json:"text"`
	FullText  string          `json:"full_text"`
	Timestamp string          `json:"timestamp_ms"`
	CreatedAt string          `json:"created_at"` // "Wed Oct 10 20:19:24 +0000 2018"
	Lang      string          `json:"lang"`
	ReplyTo   string          `json:"in_reply_to_status_id_str"`
	Quoted    string          `json:"quoted_status_id_str"`
	Retweeted json.RawMessage `json:"retweeted_status"`
	Entities  entities        `json:"entities"`
	Extended  *struct {
		FullText string   `json:"full_text"`
		Entities entities `json:"entities"`
	} `json:"extended_tweet"`
	ExtendedEntities struct {
		Media []media `json:"media"`
	} `json:"extended_entities"`
	User struct {
		ID         string `json:"id_str"`
		Name       string `json:"name"`
		ScreenName string `json:"screen_name"`
		Image      string `json:"profile_image_url_https"`
	} `json:"user"`
}

// deletedTweet is a post that was taken back, by the Account Activity API.
type deletedTweet struct {
	Status struct {
		ID string `json:"id"`
	} `json:"status"`
	Timestamp string `json:"timestamp_ms"`
}

// userEvent is about the account's subscription, by the Account Activity API.
type userEvent struct {
	Revoke struct {
		DateTime string `json:"date_time"`
		Source   struct {
			UserID string `json:"user_id"`
		} `json:"source"`
		Target struct {
			AppID string `json:"app_id"`
		} `json:"target"`
	} `json:"revoke"`
}
