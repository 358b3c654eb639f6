"""Meta's own SDK, generated from the Graph API: the parameters of the Page's messages
edge, with their types and enums. It does not look into `message`."""
# /// script
# dependencies = ["facebook-business==26.0.3"]
# ///

from edge import checked
from facebook_business.adobjects.page import Page
from facebook_business.api import FacebookAdsApi, FacebookSession
from referee import same


def sent(call):
    session = FacebookSession("1", call.account["app_secret"], call.account["page_token"])
    page = Page("me", api=FacebookAdsApi(session))
    same({"path": call.path, **call.query}, {"path": "/v25.0/me/messages", "appsecret_proof": session.appsecret_proof})
    checked(call.body, page.create_message(pending=True))


PLANTED = [
    ("text", "msg", {"text": "a"}),
    ("text", "messaging_type", "ANSWER"),
    ("act.typing", "sender_action", "typing"),
    ("text", "recipient", "7000000000000001"),
]
EXCEPT = {
    "payload": "an object for `react`, a string for the SDK: "
               "https://developers.facebook.com/docs/messenger-platform/send-messages/message-reactions",
}
