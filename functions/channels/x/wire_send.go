package x

// outgoingDirect is a direct message.
// https://docs.x.com/x-api/direct-messages/create-dm-message-by-participant-id
type outgoingDirect struct {
	Text        string     `json:"text,omitempty"`
	Attachments []mediaRef `json:"attachments,omitempty"` // at most one
}

type mediaRef struct {
	ID string `json:"media_id"`
}

// outgoingPost is a post that answers another.
// https://docs.x.com/x-api/posts/create-post
type outgoingPost struct {
	Text  string     `json:"text,omitempty"`
	Reply *replyRef  `json:"reply"`
	Media *postMedia `json:"media,omitempty"`
}

type replyRef struct {
	ID string `json:"in_reply_to_tweet_id"`
}

type postMedia struct {
	IDs []string `json:"media_ids"`
}

// https://docs.x.com/x-api/media/initialize-media-upload
type uploadStart struct {
	Category string `json:"media_category"`
	Type     string `json:"media_type"`
	Bytes    int    `json:"total_bytes"`
}

// https://docs.x.com/x-api/media/append-media-upload
type uploadPiece struct {
	Media   []byte `json:"media"` // base64
	Segment int    `json:"segment_index"`
}

type uploaded struct {
	Data struct {
		ID string `json:"id"`
	} `json:"data"`
}

// problem is an error.
// https://docs.x.com/x-api/fundamentals/response-codes-and-errors
type problem struct {
	Title  string         `json:"title"`
	Detail string         `json:"detail"`
	Type   string         `json:"type"`
	Status int            `json:"status"`
	Errors []problemError `json:"errors,omitempty"`
}

type problemError struct {
	Message string `json:"message"`
}
