"""pywa, a client of the Cloud API: we hand it what we sent, and it has to post the same."""
# /// script
# dependencies = ["pywa==4.5.0"]
# ///

from json import dumps, loads

from pywa import WhatsApp, types, utils
from referee import same

SENT = {"messaging_product": "whatsapp", "contacts": [{"input": "1", "wa_id": "1"}], "messages": [{"id": "wamid.1"}]}


def sent(call):
    phone = call.path.split("/")[2]
    client = WhatsApp(phone_id=phone, token="token")
    posted = []

    def request(method, endpoint, json=None, **_):
        posted.append({"method": method, "path": endpoint, "body": loads(dumps(json))})
        return {"success": True} if "status" in json else SENT

    client.api._request = request
    send(client, call.body)
    same({"method": call.method, "path": f"/{phone}/messages", "body": call.body}, posted[0])


def send(client, body):
    """Asks the client for a message of ours by the method it has for its kind."""
    if body.get("status") == "read":
        send = client.indicate_typing if "typing_indicator" in body else client.mark_message_as_read
        return send(body["message_id"])
    kind, to = body["type"], body.get("recipient") or body["to"]
    content = body[kind]
    said = {"tracker": body.get("biz_opaque_callback_data"),
            "reply_to_message_id": body.get("context", {}).get("message_id")}
    if kind == "text":
        return client.send_message(to, content["body"], preview_url=content["preview_url"], **said)
    if kind == "reaction":
        return client.send_reaction(to, content["emoji"], content["message_id"])
    if kind == "contacts":
        return client.send_contact(to, [types.Contact.from_dict(c) for c in content], **said)
    if kind == "location":
        return client.send_location(to, content["latitude"], content["longitude"], content.get("name"),
                                    content.get("address"), **said)
    if kind == "template":
        language = types.templates.TemplateLanguage(content["language"]["code"])
        return client.send_template(to, content["name"], language, content.get("components", []), **said)
    if kind == "interactive":
        return interactive(client, to, content, said)
    return media(client, to, kind, content, said)


def media(client, to, kind, content, said):
    more = {"caption": content.get("caption")} if kind in ("image", "video", "document") else {}
    if kind == "document":
        more["filename"] = content.get("filename")
    if kind == "audio":
        more["is_voice"] = content.get("voice")
    return getattr(client, f"send_{kind}")(to, content["link"], **more, **said)


def interactive(client, to, content, said):
    text, footer = content["body"]["text"], content.get("footer", {}).get("text")
    header, action = content.get("header", {}), content["action"]
    if content["type"] == "product":
        return client.send_product(to, action["catalog_id"], action["product_retailer_id"], text, footer, **said)
    if content["type"] == "button":
        buttons = [types.Button(b["reply"]["title"], b["reply"]["id"]) for b in action["buttons"]]
    elif content["type"] == "list":
        buttons = types.SectionList(action["button"], [section(s) for s in action["sections"]])
    else:
        buttons = types.URLButton(action["parameters"]["display_text"], action["parameters"]["url"])
    if header.get("type") in (None, "text"):
        return client.send_message(to, text, header.get("text"), footer, buttons, **said)
    kind = header["type"]
    send = getattr(client, f"send_{kind}")
    return send(to, header[kind]["link"], caption=text, footer=footer, buttons=buttons, **said)


def section(s):
    rows = [types.SectionRow(r["title"], r["id"], r.get("description")) for r in s["rows"]]
    return types.Section(s.get("title"), rows)


def signed(sample):
    return utils.webhook_updates_validator(sample.account["app_secret"], sample.body,
                                           sample.header["X-Hub-Signature-256"])


PLANTED = [
    ("text", "text.boddy", "a"),
    ("choice.buttons", "interactive.action.buttons.0.type", "answer"),
    ("choice.list", "interactive.type", "lists"),
    ("media.image", "image.url", "https://media.example.com/a.jpg"),
]
UNSIGNED = {
    "aws_*": "AWS End User Messaging, which SNS signs: functions/channels/internal/aws",
    "handshake*": "a GET with the verify token",
}
