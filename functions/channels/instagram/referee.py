"""Meta's own SDK, generated from the Graph API: the parameters of the messages edge of an
Instagram user, with their types and enums. It does not look into `message`."""
# /// script
# dependencies = ["facebook-business==26.0.3"]
# ///

from edge import checked
from facebook_business.adobjects.iguserforigonlyapi import IGUserForIGOnlyAPI
from facebook_business.api import FacebookAdsApi, FacebookSession
from referee import Unjudged, same

USER = IGUserForIGOnlyAPI("me", api=FacebookAdsApi(FacebookSession()))


def sent(call):
    if call.path == "/refresh_access_token":
        raise Unjudged("the SDK does not know Instagram's own tokens")
    same(call.path, "/v25.0/me/messages")
    checked(call.body, USER.create_message(pending=True))


PLANTED = [
    ("text", "msg", {"text": "a"}),
    ("act.react", "sender_action", "reaction"),
    ("text", "recipient", "8000000000000002"),
]
EXCEPT = {
    "payload": "an object for `react`, a string for the SDK: https://developers.facebook.com/docs/"
               "instagram-platform/instagram-api-with-instagram-login/messaging-api",
}
