"""X's own SDK, generated from X's OpenAPI document."""
# /// script
# dependencies = ["xdk==0.10.6"]
# ///

import re

from referee import known, same
from xdk import schemas
from xdk.oauth1_auth import OAuth1

MODELS = {
    "POST /2/dm_conversations/with/#/messages": schemas.CreateDirectMessagesByParticipantIdRequest,
    "POST /2/media/upload/initialize": schemas.InitializeMediaUploadRequest,
    "POST /2/media/upload/#/append": schemas.AppendMediaUploadRequest,
}
EMPTY = {"POST /2/media/upload/#/finalize", "DELETE /2/dm_events/#"}


def sent(call):
    if call.header["Authorization"] != authorization(call):
        raise ValueError(f"the SDK signs it as {authorization(call)}")
    name = f"{call.method} {re.sub('/[0-9]{3,}', '/#', call.path)}"
    if name in EMPTY:
        same(call.body or {}, {})
    else:
        known(MODELS[name].model_validate(call.body, strict=True))


def authorization(call):
    """What the SDK writes into the header, given our nonce and time."""
    said = dict(re.findall(r'(\w+)="([^"]*)"', call.header["Authorization"]))
    a = call.account
    auth = OAuth1(a["consumer_key"], a["consumer_secret"], "", a["access_token"], a["access_token_secret"])
    auth._generate_nonce = lambda: said["oauth_nonce"]
    auth._generate_timestamp = lambda: said["oauth_timestamp"]
    return auth._build_oauth_header(call.method, call.url, "")


PLANTED = [
    ("media.image", "media_category", "dm_picture"),
    ("text", "txt", "a"),
    ("text", "text", 7),
    ("media.image", "total_bytes", "33"),
]
