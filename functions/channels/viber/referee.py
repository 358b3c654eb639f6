"""Viber's own SDK: it reads what we sent as one of its messages, and has to post the same."""
# /// script
# dependencies = ["viberbot==1.0.12"]
# ///

import json

from referee import same
from viberbot import Api
from viberbot.api.bot_configuration import BotConfiguration
from viberbot.api.messages import get_message


def sent(call):
    body = dict(call.body)
    sender, receiver = body.pop("sender"), body.pop("receiver")
    api = Api(BotConfiguration("the SDK repeats it in the body", sender.get("name"), sender.get("avatar")))
    posted = []

    def post(_, payload):
        posted.append(json.loads(payload))
        return {"status": 0, "message_token": 1}

    api._request_sender.post_request = post
    api.send_messages(receiver, get_message(body))
    # Ours is in the header: https://developers.viber.com/docs/api/rest-bot-api/#authentication-token
    del posted[0]["auth_token"]
    same(call.body, posted[0])


def api(sample):
    return Api(BotConfiguration(sample.account["auth_token"], "Shop", ""))


def signed(sample):
    return api(sample).verify_signature(sample.body, sample.header["X-Viber-Content-Signature"])


def heard(sample):
    api(sample).parse_request(sample.body)


PLANTED = [
    ("text", "txt", "a"),
    ("text", "type", "words"),
]
UNHEARD = {
    "message_unknown": "of a type that nobody knows",
    "unknown": "client_status, which the SDK lacks: https://developers.viber.com/docs/api/rest-bot-api/#webhooks",
}
