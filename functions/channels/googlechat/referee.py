"""Google's own client of the Chat API: Protocol Buffers generated from the API's definition."""
# /// script
# dependencies = ["google-apps-chat==0.10.7"]
# ///

import base64
import json

from google.apps import chat_v1
from google.auth import crypt, jwt
from google.oauth2 import service_account
from google.protobuf import json_format
from referee import same

RESOURCES = {"message": chat_v1.Message, "space": chat_v1.Space, "user": chat_v1.User,
             "membership": chat_v1.Membership, "reaction": chat_v1.Reaction}


def strictly(model, doc):
    """Without unknown members, with the enums and the "one of" that the API knows."""
    return json_format.ParseDict(doc, model.pb(model()), ignore_unknown_fields=False)


def sent(call):
    resource = call.path.removeprefix("/v1/")
    if call.host == "oauth2.googleapis.com":
        granted(call)
    elif call.method == "DELETE":
        strictly(chat_v1.DeleteMessageRequest, {"name": resource, **call.query})
    elif call.method == "PATCH":
        strictly(chat_v1.UpdateMessageRequest, {"message": {"name": resource, **call.body}, **call.query})
    else:
        parent = resource.removesuffix("/messages")
        strictly(chat_v1.CreateMessageRequest, {"parent": parent, "message": call.body, **call.query})


def granted(call):
    """Asks google-auth for the assertion it would send with the same key."""
    same({**call.body, "assertion": ""}, {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer"})
    key = json.loads(call.account["service_account_key"])
    ours = jwt.decode(call.body["assertion"], verify=False)
    lender = service_account.Credentials.from_service_account_info(
        {"token_uri": call.url, **key}, scopes=[ours["scope"]])
    theirs = jwt.decode(lender._make_authorization_grant_assertion(), verify=False)
    for claims in ours, theirs:
        claims["life"] = claims.pop("exp") - claims.pop("iat")
    same(ours, theirs)
    signed_part, _, signature = call.body["assertion"].rpartition(".")
    if base64.urlsafe_b64encode(lender.signer.sign(signed_part.encode())).rstrip(b"=").decode() != signature:
        raise ValueError("google-auth signs the assertion otherwise")


def heard(sample):
    """Events are no messages of the client, but the resources in them are."""
    read(json.loads(sample.body))


def read(value):
    if isinstance(value, str) and value.startswith("eyJ"):  # the data of a Pub/Sub push
        value = json.loads(base64.b64decode(value))
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in RESOURCES and isinstance(inner, dict) and "name" in inner:
                strictly(RESOURCES[name], inner)
            else:
                read(inner)
    elif isinstance(value, list):
        for inner in value:
            read(inner)


PLANTED = [
    ("text", "txt", "a"),
    ("text", "text", 7),
    ("choice.buttons", "cardsV2.0.card.sections.0.widgets.0.divider", {}),
    ("choice.buttons", "cardsV2.0.card.header.imageType", "TRIANGLE"),
]
UNHEARD = {
    "message_mistyped": "not of the API's types",
}
