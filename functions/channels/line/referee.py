"""LINE's own SDK, generated from LINE's OpenAPI documents."""
# /// script
# dependencies = ["line-bot-sdk==3.27.0"]
# ///

import inspect

from linebot.v3 import messaging, oauth
from linebot.v3.webhook import SignatureValidator, WebhookParser
from referee import GONE, same

MODELS = {
    "/v2/bot/message/push": messaging.PushMessageRequest,
    "/v2/bot/message/reply": messaging.ReplyMessageRequest,
    "/v2/bot/chat/loading/start": messaging.ShowLoadingAnimationRequest,
}


def sent(call):
    if call.path == "/oauth2/v3/token":
        return issued(**call.body)
    model = MODELS[call.path]
    same(call.body, model.from_dict(call.body).to_dict())


def issued(**form):
    """The token's form stands in the arguments of a method, which takes any others too."""
    method = inspect.signature(oauth.ChannelAccessToken.issue_stateless_channel_token)
    method.bind(None, **form)
    if unknown := set(form) - set(method.parameters):
        raise ValueError(f"the SDK asks for a token without {unknown}")


def signed(sample):
    secret, signature = sample.account["channel_secret"], sample.header["X-Line-Signature"]
    return SignatureValidator(secret).validate(sample.body.decode(), signature)


def heard(sample):
    WebhookParser(sample.account["channel_secret"]).parse(sample.body.decode(), sample.header["X-Line-Signature"])


PLANTED = [
    ("cards.12", "messages.0.contents.type", "carrousel"),
    ("cards.12", "messages.0.contents.contents.0.hero.colour", "#ffffff"),
    ("text", "messages.0.text", 7),
    ("text", "to", GONE),
]
UNHEARD = {
    "malformed_items": "not of LINE's types; the SDK gives up on all of it",
}
