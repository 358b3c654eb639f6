"""pysignalclirestapi, a client of signal-cli-rest-api: we hand it what we sent, and it has to
post the same."""
# /// script
# dependencies = ["pysignalclirestapi==0.3.25"]
# ///

import base64
import re

from pysignalclirestapi import SignalCliRestApi
from referee import GONE, Unjudged, same

WHOLE = "https://bbernhard.github.io/signal-cli-rest-api/"


class Recorder(SignalCliRestApi):
    """A server with all that version 2 can, as the client's way out."""

    def about(self):
        everything = {"v2/send": ["mentions", "quotes"]}
        return {"versions": ["v1", "v2"], "mode": "json-rpc", "capabilities": everything}

    def _requester(self, method, url, data=None, **_):
        self.posted = {"method": method.upper(), "url": url, "body": data}
        return type("Answer", (), {"content": "{}"})


def sent(call):
    kind, body = call.path.split("/")[2], dict(call.body)
    client = Recorder(f"https://{call.host}", call.account["number"])
    if kind in ("typing-indicator", "remote-delete"):
        raise Unjudged(f"the client does not know {kind}: {WHOLE}")
    if kind == "send":
        same(body.pop("number"), client._number)
        body["attachments_as_bytes"] = [attached(a) for a in body.pop("base64_attachments", [])] or None
        client.send_message(**body)
        client.posted["body"]["base64_attachments"] = call.body.get("base64_attachments")  # read by attached
        if call.body.get("text_mode") is None:  # normal is what the server does without it
            del client.posted["body"]["text_mode"]
    elif kind == "reactions":
        client.add_reaction(**body)
    else:
        client.send_receipt(**body)
    same({"method": call.method, "url": call.url, "body": call.body}, client.posted)


def attached(text):
    """The bytes of a data URL, in the form that carries a type and a name."""
    kind = re.fullmatch(r"data:[\w.+-]+/[\w.+-]+(;filename=[^;]+)?;base64,(?P<bytes>.*)", text)
    return base64.b64decode(kind["bytes"], validate=True)


PLANTED = [
    ("text", "text", "a"),
    ("text", "recipients", GONE),
    ("act.read", "kind", "read"),
    ("media.file", "base64_attachments.0", "YSBmaWxl?"),
]
EXCEPT = {
    "edit_timestamp": WHOLE,
}
