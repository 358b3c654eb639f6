package play

import (
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/relais-dev/relais/shared/stage/play"
)

const (
	sendDocs   = ref + "#/Messages/post_v2_send"
	apiSource  = source + "api/api.go"
	callSource = source + "client/client.go"
	fileSource = source + "client/attachment.go"
)

// saidNo is a refusal in the container's words.
func saidNo(text string) play.Refusal { return refuse(400, "Couldn't process request - "+text) }

var (
	invalid   = saidNo("invalid request")
	strangers = refuse(400, "Invalid identifier given")
	failed    = refuse(400, "Failed to send message due to: invalid argument")
)

// address is a person by id or number, or a group.
const address = `^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\+[1-9][0-9]{4,14}|` +
	`group\.[A-Za-z0-9+/]+=*)$`

// author is who wrote a message: nobody is a group.
const author = `^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\+[1-9][0-9]{4,14})$`

var endpoints = []play.Endpoint{
	{Method: "GET", Path: "/v1/attachments/{id...}", Docs: ref + "#/Attachments/get_v1_attachments__attachment_",
		Answer: play.Picture, Rules: []play.Rule{
			{At: "path:id", Must: play.All(play.Lacks("/", ".."), play.Filled()), Else: refuse(404, "404 page not found")},
		},
		Faults: map[play.Fault]play.Refusal{play.Throttled: {}, play.Gone: {}, play.Invalid: {}}},
	{Method: "POST", Path: "/v2/send", Docs: sendDocs, Body: play.JSON, Answer: sent,
		Rules: play.Rules(play.From(apiSource, invalid, typed...), message, quote, mentions, preview)},
	act("PUT", "typing-indicator", "#/Messages/put_v1_typing_indicator__number_"),
	act("DELETE", "typing-indicator", "#/Messages/delete_v1_typing_indicator__number_"),
	act("POST", "receipts", "#/Receipts/post_v1_receipts__number_", timestamp,
		play.Rule{At: "receipt_type", Must: play.Given(play.Is("read", "viewed")),
			Else: saidNo("receipt type must be read or viewed")}),
	act("POST", "reactions", "#/Reactions/post_v1_reactions__number_", timestamp, target,
		play.Rule{At: "target_author", Must: play.Matches(author), Else: strangers},
		play.Rule{At: "reaction", Must: play.Given(play.String(), play.Filled()), Else: saidNo("reaction missing")},
		play.Rule{At: "reaction", Must: play.Most(32, play.UTF8), Source: man, Else: failed}),
	act("DELETE", "reactions", "#/Reactions/delete_v1_reactions__number_", timestamp, target,
		play.Rule{At: "target_author", Must: play.Matches(author), Else: strangers}),
	act("DELETE", "remote-delete", "#/Messages/delete_v1_remote_delete__number_", timestamp),
}

// typed are the types into which the container reads a message.
var typed = []play.Rule{
	{At: "number", Must: play.String()},
	{At: "recipients", Must: play.List()},
	{At: "recipients[]", Must: play.String()},
	{At: "message", Must: play.String()},
	{At: "base64_attachments", Must: play.List()},
	{At: "base64_attachments[]", Must: play.String()},
	{At: "sticker", Must: play.String()},
	{At: "quote_timestamp", Must: play.All(play.Not(play.String()), play.Whole())},
	{At: "quote_author", Must: play.String()},
	{At: "quote_message", Must: play.String()},
	{At: "text_mode", Must: play.String()},
	{At: "edit_timestamp", Must: play.All(play.Not(play.String()), play.Whole())},
	{At: "notify_self", Must: play.All(play.Not(play.String()), play.Is("true", "false"))},
	{At: "view_once", Must: play.All(play.Not(play.String()), play.Is("true", "false"))},
	{At: "link_preview", Must: play.Object()},
	{At: "mentions", Must: play.List()},
	{At: "quote_mentions", Must: play.List()},
}

var message = []play.Rule{
	{At: "recipients", Must: play.Given(play.Filled()), Source: apiSource,
		Else: saidNo("please provide at least one recipient")},
	{At: "number", Must: play.Given(play.Filled()), Source: apiSource, Else: saidNo("please provide a valid number")},
	{At: "number", Must: play.Own("number"), Source: callSource,
		Else: refuse(400, "Specified account does not exist")},
	{At: "recipients[]", Must: play.Matches(address), Source: callSource, Else: strangers},
	{At: "recipients", Must: play.That("people, or one group", apart), Source: callSource, Else: refuse(400,
		"Signal Messenger Groups and phone numbers cannot be specified together in one request! Please split them up into "+
			"multiple REST API calls.")},
	{At: "recipients[]", Must: play.That("a group's id of 32 bytes in base64, twice", grouped), Source: callSource,
		Else: strangers},
	{At: "base64_attachments[]", Must: play.That("base64 with something in it", encoded), Source: fileSource,
		Else: refuse(400, "The base64 data does not exist.")},
	{At: "base64_attachments[]", Must: play.That("a file name without / in what comes before base64", named),
		Source: fileSource, Else: refuse(400, "no such file or directory")},
	{At: "sticker", Must: play.Any(play.Is(""), play.Matches(":")), Source: apiSource,
		Else: saidNo("please provide valid sticker delimiter")},
	{At: "sticker", Must: play.Any(play.Is(""), play.Matches(`^[0-9a-f]{32}:[0-9]+$`)), Source: man, Else: failed},
	{At: "text_mode", Must: play.Is("normal", "styled")},
	{At: "edit_timestamp", Must: play.Between(1, 1e15)},
	{At: "", Must: play.That("a message, a file or a sticker", func(t play.Taken, _ any) bool {
		return t.Get("message") != "" || t.Size("base64_attachments[]") > 0 || t.Get("sticker") != ""
	}), Source: man, Else: failed},
}

var quote = play.From(man, failed, []play.Rule{
	{At: "quote_author", Must: play.Any(play.Is(""), play.Matches(author)), Else: strangers},
	{At: "quote_author", When: play.If("quote_timestamp", play.Filled()), Must: play.Given(play.Filled())},
	{At: "quote_timestamp", When: play.If("quote_author", play.Matches(".")), Must: play.Given(play.Between(1, 1e15))},
}...)

var mentions = play.From(sendDocs, invalid, []play.Rule{
	{At: "mentions[].start", Must: play.Given(play.Whole(), play.Between(0, 1e9))},
	{At: "mentions[].length", Must: play.Given(play.Whole(), play.Between(1, 1e9))},
	{At: "mentions[].author", Must: play.Given(play.Matches(author))},
	{At: "mentions[]", Must: play.That("within the message, in UTF-16 units", inside), Source: man, Else: failed},
	{At: "quote_mentions[].author", Must: play.Given(play.Matches(author))},
}...)

var preview = play.From(sendDocs, failed, []play.Rule{
	{At: "link_preview.url", Must: play.Given(play.HTTPS())},
	{At: "link_preview.title", Must: play.Given(play.Filled())},
	{At: "link_preview.url", Must: play.That("in the message", func(t play.Taken, v any) bool {
		s, _ := v.(string)
		return strings.Contains(t.Get("message"), s)
	}), Source: man},
}...)

var timestamp = play.Rule{At: "timestamp", Must: play.Given(play.Not(play.String()), play.Between(1, 1e15)),
	Else: saidNo("timestamp missing")}

var target = play.Rule{At: "target_author", Must: play.Given(play.String(), play.Filled()),
	Else: saidNo("target_author missing")}

// act is a call that is no message.
func act(method, name, page string, rules ...play.Rule) play.Endpoint {
	return play.Endpoint{
		Method: method, Path: "/v1/" + name + "/{number}", Docs: ref + page, Body: play.JSON,
		Rules: append([]play.Rule{
			{At: "path:number", Must: play.Own("number"), Source: callSource,
				Else: refuse(400, "Specified account does not exist")},
			{At: "recipient", Must: play.Given(play.String(), play.Filled()), Else: saidNo("recipient missing")},
			{At: "recipient", Must: play.Matches(address), Source: callSource, Else: strangers},
		}, rules...),
		Faults: map[play.Fault]play.Refusal{play.Gone: {}, play.Invalid: {}},
		Answer: func(play.Taken) play.Answer { return play.Reply(http.StatusNoContent, "", nil) },
	}
}

// apart says whether groups and people are apart.
func apart(t play.Taken, v any) bool {
	list, _ := v.([]any)
	groups := 0
	for _, r := range list {
		if s, _ := r.(string); strings.HasPrefix(s, "group.") {
			groups++
		}
	}
	return groups == 0 || groups == 1 && len(list) == 1
}

func grouped(_ play.Taken, v any) bool {
	s, _ := v.(string)
	outer, group := strings.CutPrefix(s, "group.")
	inner, err := base64.StdEncoding.DecodeString(outer)
	if !group || err != nil {
		return !group
	}
	id, err := base64.StdEncoding.DecodeString(string(inner))
	return err == nil && len(id) == 32
}

// parted is a file's text: what is said of it, and its data.
func parted(v any) (head, data string) {
	s, _ := v.(string)
	at := strings.LastIndex(s, "base64,")
	if at < 0 || !strings.Contains(s, "data:") {
		return "", s
	}
	return s[:at], s[at+len("base64,"):]
}

func encoded(_ play.Taken, v any) bool {
	_, data := parted(v)
	raw, err := base64.StdEncoding.DecodeString(data)
	return err == nil && len(raw) > 0
}

func named(_ play.Taken, v any) bool {
	head, _ := parted(v)
	for _, part := range strings.Split(head, ";") {
		if name, has := strings.CutPrefix(part, "filename="); has && (name == "" || strings.ContainsAny(name, "/\x00")) {
			return false
		}
	}
	return true
}

func inside(t play.Taken, v any) bool {
	m := play.Taken{Tree: v}
	var at struct{ Start, Length int }
	m.Into(&at)
	return at.Start+at.Length <= play.UTF16.Of(t.Get("message"))
}

// open is what the container's description leaves unsaid.
var open = []play.Open{
	{At: "message", Source: man, Question: "A longest text is not given: long ones go as a file. Here: any."},
	{At: "base64_attachments", Source: sendDocs, Question: "The largest file is Signal's to say (about 100 MB), how " +
		"many there may be is not. Here: any."},
	{At: "unknown members", Source: apiSource, Question: "Read into a struct, so ignored. Here: ignored."},
	{At: "text_mode", Source: sendDocs, Question: "Another word is not refused by the code that is published, and " +
		"means normal. Here: refused, as its description lists two."},
	{At: "view_once", Source: sendDocs, Question: "Whether a message without a picture may be it is not said. Here: " +
		"yes."},
	{At: "errors of signal-cli", Source: callSource, Question: "They come as the words of another program, which no " +
		"page lists. Here: those that were seen."},
	{At: "the answer to remote-delete", Source: ref + "#/Messages/delete_v1_remote_delete__number_",
		Question: "Whether it is 204, or 201 with a time, differs by version. Here: 204."},
}
