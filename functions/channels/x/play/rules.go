package play

import (
	"encoding/base64"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/relais-dev/relais/shared/stage/play"
)

// The pages of X's reference, each with its part of X's OpenAPI document.
const (
	sendDocs   = docs + "direct-messages/create-dm-message-by-participant-id"
	textDocs   = "https://developer.x.com/en/docs/x-api/direct-messages/manage/api-reference/" + byParticipant
	postDocs   = docs + "posts/create-post"
	startDocs  = docs + "media/initialize-media-upload"
	appendDocs = docs + "media/append-media-upload"
	chunkDocs  = docs + "media/quickstart/media-upload-chunked"

	byParticipant = "post-dm_conversations-with-participant_id-messages"
)

const id = `^[0-9]{1,19}$`

var wrongMedia = refuse(400, "https://api.x.com/2/problems/invalid-request", "Invalid Request",
	"One or more parameters to your media request was invalid.")

var missing = refuse(404, about, "Not Found", "")

var deleted = play.Says(200, `{"data":{"deleted":true}}`)

// elsewhere are the faults that a call does not have.
var elsewhere = map[play.Fault]play.Refusal{play.Invalid: {}}

var endpoints = []play.Endpoint{
	{Method: "POST", Path: "/2/dm_conversations/with/{user}/messages", Docs: sendDocs, Body: play.JSON, Answer: said,
		Faults: map[play.Fault]play.Refusal{play.Gone: refuse(403, about, "Forbidden",
			"You cannot send messages to this user.")},
		Rules: []play.Rule{
			{At: "path:user", Must: play.Matches(id), Else: missing},
			{At: "", Must: play.Only("text", "attachments")},
			{At: "", Must: play.Some("text", "attachments"), Source: textDocs},
			{At: "text", Must: play.All(play.String(), play.Filled())},
			{At: "text", Must: play.Most(10_000, play.UTF16), Source: textDocs},
			{At: "attachments", Must: play.All(play.List(), play.Count(1, 1)), Source: textDocs},
			{At: "attachments[]", Must: play.Only("media_id")},
			{At: "attachments[].media_id", Must: play.Given(play.String(), play.Matches(id))},
		}},
	{Method: "POST", Path: "/2/tweets", Docs: postDocs, Body: play.JSON, Answer: posted,
		Faults: map[play.Fault]play.Refusal{play.Gone: refuse(403, about, "Forbidden",
			"You have been blocked from replying.")},
		Rules: play.Rules(post, poll)},
	{Method: "DELETE", Path: "/2/dm_events/{id}", Docs: docs + "direct-messages/delete-dm-event", Rules: named,
		Faults: elsewhere, Answer: deleted},
	{Method: "DELETE", Path: "/2/tweets/{id}", Docs: docs + "posts/delete-post", Rules: named, Faults: elsewhere,
		Answer: deleted},
	{Method: "POST", Path: "/2/media/upload/initialize", Docs: startDocs, Body: play.JSON, Else: wrongMedia,
		Faults: elsewhere, Answer: started, Rules: play.Rules(file, sizes)},
	{Method: "POST", Path: "/2/media/upload/{id}/append", Docs: appendDocs, Body: play.JSON, Else: wrongMedia,
		Faults: elsewhere, Answer: uploaded, Rules: append([]play.Rule{
			{At: "", Must: play.Only("media", "segment_index")},
			{At: "media", Must: play.Given(play.String(), play.Filled(), encoded)},
			{At: "segment_index", Must: play.Given(play.Whole(), play.Between(0, 999))},
		}, named...)},
	{Method: "POST", Path: "/2/media/upload/{id}/finalize", Docs: docs + "media/finalize-media-upload",
		Faults: elsewhere, Rules: named, Answer: uploaded},
}

var named = []play.Rule{{At: "path:id", Must: play.Matches(id), Else: missing}}

var post = []play.Rule{
	{At: "", Must: play.Only("text", "media", "reply", "poll", "quote_tweet_id", "reply_settings", "geo", "card_uri",
		"community_id", "direct_message_deep_link", "edit_options", "for_super_followers_only", "made_with_ai", "nullcast",
		"paid_partnership", "share_with_followers")},
	{At: "", Must: play.Some("text", "media", "poll", "quote_tweet_id", "card_uri")},
	{At: "", Must: play.AtMostOne("media", "poll", "quote_tweet_id", "card_uri")},
	{At: "text", Must: play.String()},
	{At: "text", Must: play.Most(280, weighted), Source: countDocs},
	{At: "reply", Must: play.Only("in_reply_to_tweet_id", "exclude_reply_user_ids", "auto_populate_reply_metadata")},
	{At: "reply.in_reply_to_tweet_id", Must: play.Given(play.String(), play.Matches(id))},
	{At: "reply.exclude_reply_user_ids[]", Must: play.Matches(id)},
	{At: "media", Must: play.Only("media_ids", "tagged_user_ids")},
	{At: "media.media_ids", Must: play.Given(play.List(), play.Count(1, 4))},
	{At: "media.media_ids[]", Must: play.All(play.String(), play.Matches(id))},
	{At: "media.tagged_user_ids", Must: play.All(play.List(), play.Count(0, 10))},
	{At: "media.tagged_user_ids[]", Must: play.Matches(id)},
	{At: "quote_tweet_id", Must: play.Matches(id)},
	{At: "community_id", Must: play.Matches(id)},
	{At: "reply_settings", Must: play.Is("following", "mentionedUsers", "subscribers", "verified")},
	{At: "geo", Must: play.Only("place_id")},
	{At: "edit_options", Must: play.Only("previous_post_id")},
	{At: "edit_options.previous_post_id", Must: play.Given(play.Matches(id))},
}

var poll = []play.Rule{
	{At: "poll", Must: play.Only("options", "duration_minutes", "reply_settings")},
	{At: "poll.options", Must: play.Given(play.List(), play.Count(2, 4))},
	{At: "poll.options[]", Must: play.Len(1, 25, play.UTF16)},
	{At: "poll.duration_minutes", Must: play.Given(play.Whole(), play.Between(5, 10080))},
}

var file = []play.Rule{
	{At: "", Must: play.Only("media_category", "media_type", "total_bytes", "additional_owners", "shared")},
	{At: "media_category", Must: play.Is("amplify_video", "tweet_gif", "tweet_image", "tweet_video", "dm_gif", "dm_image",
		"dm_video", "subtitles")},
	{At: "media_type", Must: play.Is("video/mp4", "video/webm", "video/mp2t", "video/quicktime", "text/srt", "text/vtt",
		"image/jpeg", "image/gif", "image/bmp", "image/png", "image/webp", "image/pjpeg", "image/tiff",
		"model/gltf-binary", "model/vnd.usdz+zip")},
	{At: "total_bytes", Must: play.Given(play.Whole(), play.Between(1, 1<<34))},
	{At: "additional_owners[]", Must: play.Matches(id)},
	{At: "shared", Must: play.Is("true", "false")},
	{At: "media_type", When: play.If("media_category", play.Is("tweet_image", "dm_image")),
		Must: play.Given(play.Is("image/jpeg", "image/png", "image/webp", "image/gif")), Source: mediaDocs},
	{At: "media_type", When: play.If("media_category", play.Is("tweet_gif", "dm_gif")),
		Must: play.Given(play.Is("image/gif")), Source: mediaDocs},
	{At: "media_type", When: play.If("media_category", play.Is("tweet_video", "dm_video")),
		Must: play.Given(play.MIME("video/*")), Source: mediaDocs},
}

// sizes are those of the kinds of media.
var sizes = []play.Rule{
	{At: "total_bytes", When: play.If("media_category", play.Is("tweet_image", "dm_image")),
		Must: play.Between(1, 5_000_000), Source: mediaDocs},
	{At: "total_bytes", When: play.If("media_category", play.Is("tweet_gif", "dm_gif")),
		Must: play.Between(1, 15_000_000), Source: mediaDocs},
	{At: "total_bytes", When: play.If("media_category", play.Is("tweet_video", "dm_video")),
		Must: play.Between(1, 512_000_000), Source: mediaDocs},
}

// encoded is what of a file one call brings: at most 5 MB of it.
var encoded = play.That("at most 5 MB in base64", func(_ play.Taken, v any) bool {
	s, _ := v.(string)
	data, err := base64.StdEncoding.DecodeString(s)
	return err == nil && len(data) <= 5<<20
})

// weighted is how X counts a post: most of the letters of alphabets one, all other signs
// two, an emoji of any length two, an address 23.
// https://docs.x.com/fundamentals/counting-characters
var weighted = play.Unit{Name: "weighted characters", Of: func(s string) int {
	n := 23 * len(address.FindAllString(s, -1))
	s = sequence.ReplaceAllString(address.ReplaceAllString(s, ""), "\U0001F600")
	for s != "" {
		r, size := utf8.DecodeRuneInString(s)
		s = s[size:]
		n += 2
		if r <= 0x10FF || r >= 0x2000 && r <= 0x200D || r >= 0x2010 && r <= 0x201F || r >= 0x2032 && r <= 0x2037 {
			n--
		}
	}
	return n
}}

var (
	address = regexp.MustCompile(`(?i)https?://[^\s]+\.[^\s]+`)
	// sequence is an emoji of several code points: a flag, a keycap, one with a tone or
	// a variation, several that are joined.
	sequence = regexp.MustCompile(strings.Join([]string{
		`[\x{1F1E6}-\x{1F1FF}]{2}`, `[0-9#*]\x{FE0F}?\x{20E3}`,
		`[\x{A9}\x{AE}\x{203C}-\x{3299}\x{1F000}-\x{1FAFF}][\x{FE0F}\x{1F3FB}-\x{1F3FF}]*` +
			`(\x{200D}[\x{2190}-\x{2BFF}\x{1F000}-\x{1FAFF}][\x{FE0F}\x{1F3FB}-\x{1F3FF}]*)+`,
		`[\x{A9}\x{AE}\x{203C}-\x{3299}\x{1F000}-\x{1FAFF}][\x{FE0F}\x{1F3FB}-\x{1F3FF}]+`,
	}, "|"))
)

// open is what X's pages leave unsaid.
var open = []play.Open{
	{At: "text of a direct message", Source: textDocs, Question: "The unit of 10,000 characters is not said. Here: " +
		"UTF-16 units."},
	{At: "text of a post", Source: countDocs, Question: "Accounts with Premium may write 25,000; the API does not " +
		"show who has it. Here: 280 for all."},
	{At: "text of a post", Source: countDocs, Question: "Which words without https:// are taken for addresses " +
		"depends on a list of domains. Here: none."},
	{At: "reply", Source: postDocs, Question: "Self-serve apps may only reply to posts that mention them; X sees, " +
		"the rulebook does not."},
	{At: "total_bytes", Source: mediaDocs, Question: "Whether a megabyte is decimal is not said. Here: it is."},
	{At: "append", Source: chunkDocs, Question: "The largest segment is given as a recommendation. Here: 5 MB."},
	{At: "errors", Source: docs + "fundamentals/response-codes-and-errors", Question: "Which problem a post has " +
		"that was sent before (403), that is empty or too long is not listed. Here: 400, and nothing for a repetition."},
}
