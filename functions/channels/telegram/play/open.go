package play

import "github.com/relais-dev/relais/shared/stage/play"

// open is what the reference of the Bot API does not say.
var open = []play.Open{
	{At: "characters", Source: ref + "#messageentity", Question: "Lengths are in characters, which the reference " +
		"does not define; offsets of entities are UTF-16 units. UTF-16 units for both"},
	{At: "description", Source: ref + "#making-requests", Question: "Contents of description may change, the reference " +
		"says and lists none; words are those of the official server and of answers that were seen"},
	{At: "parse_mode", Source: ref + "#formatting-options", Question: "4096 and 1024 count after entities are parsed; " +
		"nothing is parsed here, so marked text counts with its marks"},
	{At: "entities", Source: ref + "#messageentity", Question: "Whether one that ends behind the text is refused or " +
		"cut: refused here"},
	{At: "inline_keyboard", Source: ref + "#inlinekeyboardmarkup", Question: "How many buttons there may be, in all " +
		"and in a row: 100 in all here, as the error REPLY_MARKUP_TOO_LONG is known to come after, any number in a row"},
	{At: "keyboard", Source: ref + "#replykeyboardmarkup", Question: "Whether a business account's messages may have " +
		"one: let through"},
	{At: "photo", Source: ref + "#sendphoto", Question: "Width and height of 10,000 together and a ratio of 20 are not " +
		"looked at: no file is opened here"},
	{At: "document, voice, sticker", Source: ref + "#sending-files", Question: "What a URL serves shows when it is " +
		"fetched; here the address must not end as another type does. 5 MB of photos and 20 MB of others by URL " +
		"cannot be seen"},
	{At: "file_id", Source: ref + "#sending-files", Question: "Its form is not told, nor whether it is this bot's: " +
		"20 and more letters, digits, - and _"},
	{At: "business_connection_id", Source: ref + "#businessconnection", Question: "No connection and no last 24 hours " +
		"are remembered; the window closes when asked to fail"},
	{At: "phone_number", Source: ref + "#sendcontact", Question: "The form of the number is not told"},
	{At: "unknown parameters", Source: ref + "#making-requests", Question: "The reference does not say what becomes of " +
		"them; the server ignores them, and so do the rules, but for files that another method takes"},
	{At: "message_id", Source: ref + "#deletemessage", Question: "Age (48 hours) and author decide what may be deleted " +
		"or edited: no message is remembered"},
}
