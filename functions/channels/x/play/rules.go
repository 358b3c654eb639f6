package play

import "github.com/relais-dev/relais/shared/stage/play"

const id = `^[0-9]{1,19}$`

var wrongMedia = refuse(400, "https://api.x.com/2/problems/invalid-request", "Invalid Request",
	"One or more parameters to your media request was invalid.")

var deleted = play.Says(200, `{"data":{"deleted":true}}`)

// elsewhere are the faults that a call does not have.
var elsewhere = map[play.Fault]play.Refusal{play.Invalid: {}}

var endpoints = []play.Endpoint{
	{Method: "POST", Path: "/2/dm_conversations/with/{user}/messages",
		Docs: docs + "direct-messages/create-dm-message-by-participant-id",
		Body: play.JSON, Answer: said,
		Faults: map[play.Fault]play.Refusal{play.Gone: refuse(403, about, "Forbidden",
			"You cannot send messages to this user.")},
		Rules: []play.Rule{
			{At: "path:user", Must: play.Matches(id), Else: refuse(404, about, "Not Found", "")},
			{At: "", Must: play.Some("text", "attachments")},
			{At: "text", Must: play.Most(10_000, play.Runes)},
			{At: "attachments", Must: play.Count(0, 1)},
			{At: "attachments[].media_id", Must: play.Given(play.Matches(id))},
		}},
	{Method: "POST", Path: "/2/tweets", Docs: docs + "posts/create-post", Body: play.JSON, Answer: posted,
		Faults: map[play.Fault]play.Refusal{play.Gone: refuse(403, about, "Forbidden",
			"You have been blocked from replying.")},
		Rules: []play.Rule{
			{At: "", Must: play.Some("text", "media")},
			{At: "text", Must: play.Most(280, play.Runes), Source: countDocs},
			{At: "reply", Must: play.Given()},
			{At: "reply.in_reply_to_tweet_id", Must: play.Given(play.Matches(id))},
		}},
	{Method: "DELETE", Path: "/2/dm_events/{id}", Docs: docs + "direct-messages/delete-dm-event", Rules: named,
		Faults: elsewhere, Answer: deleted},
	{Method: "DELETE", Path: "/2/tweets/{id}", Docs: docs + "posts/delete-post", Rules: named, Faults: elsewhere,
		Answer: deleted},
	{Method: "POST", Path: "/2/media/upload/initialize", Docs: docs + "media/initialize-media-upload", Body: play.JSON,
		Else:   wrongMedia,
		Faults: elsewhere, Answer: started, Rules: []play.Rule{
			{At: "media_category", Must: play.Given(play.Matches(`_image$`))},
			{At: "media_type", Must: play.Given(play.MIME("image/*"))},
			{At: "total_bytes", Must: play.Given(play.Between(1, 5<<20)), Source: mediaDocs},
		}},
	{Method: "POST", Path: "/2/media/upload/{id}/append", Docs: docs + "media/append-media-upload", Body: play.JSON,
		Else:   wrongMedia,
		Faults: elsewhere, Answer: uploaded, Rules: append([]play.Rule{
			{At: "media", Must: play.Given(play.Filled())},
			{At: "segment_index", Must: play.Given(play.Is("0"))},
		}, named...)},
	{Method: "POST", Path: "/2/media/upload/{id}/finalize", Docs: docs + "media/quickstart/media-upload-chunked",
		Faults: elsewhere,
		Rules:  named, Answer: uploaded},
}

var named = []play.Rule{{At: "path:id", Must: play.Matches(id), Else: refuse(404, about, "Not Found", "")}}
