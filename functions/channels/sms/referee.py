"""Twilio's own SDK, generated from Twilio's OpenAPI documents: we hand it what we
sent, and it has to post the same form."""
# /// script
# dependencies = ["twilio==9.13.0"]
# ///

import json
import re
import urllib.parse

from referee import GONE, same
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client


class Recorder(HttpClient):
    """Twilio, as the SDK's way out."""

    def request(self, method, uri, params=None, data=None, **_):
        self.posted = method, uri, {name: value for name, value in data.items()}
        return Response(201, json.dumps({"sid": "SM1"}))


def argument(field):
    """MediaUrl is media_url for the SDK."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", field).lower()
    return "from_" if name == "from" else name


def sent(call):
    account = call.path.split("/")[3]
    recorder = Recorder(None, False)
    client = Client("AC0", "token", account, http_client=recorder)
    client.messages.create(**{argument(name): value for name, value in call.body.items()})
    method, url, form = recorder.posted
    same({"method": call.method, "url": call.url, "form": call.body}, {"method": method, "url": url, "form": form})


def signed(sample):
    text = sample.body.decode()
    params = text if "bodySHA256" in sample.url else dict(urllib.parse.parse_qsl(text, keep_blank_values=True))
    validator = RequestValidator(sample.account["auth_token"])
    return validator.validate(sample.url, params, sample.header["X-Twilio-Signature"])


PLANTED = [
    ("text", "MediaURL", "https://media.example.com/a.jpg"),
    ("text", "To", GONE),
]
UNSIGNED = {"aws_*": "AWS End User Messaging, which SNS signs: functions/channels/internal/aws"}
