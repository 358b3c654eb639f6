"""aiogram's models of the Bot API's methods and updates, generated from its documentation."""
# /// script
# dependencies = ["aiogram==3.31.0"]
# ///

import copy
import json

from aiogram import methods, types
from referee import known


def sent(call):
    name = call.path.rpartition("/")[2]
    method = getattr(methods, name[0].upper() + name[1:])
    body = copy.deepcopy(call.body)
    if call.files:  # a form: its values are JSON, or text
        body = {field: value(text) for field, text in body.items()}
        body |= {field: types.BufferedInputFile(b"", filename) for field, filename in call.files.items()}
    for entity in [e for part in ("entities", "caption_entities") for e in body.get(part, [])]:
        if entity["type"] == "text_mention" and set(entity["user"]) == {"id"}:
            # The Bot API reads nothing but the id of whom we mention; the model wants a whole User:
            # https://github.com/tdlib/telegram-bot-api, Client::get_text_entity_type
            entity["user"] |= {"is_bot": False, "first_name": "whoever"}
    known(method.model_validate(body))


def value(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


def heard(sample):
    known(types.Update.model_validate(json.loads(sample.body)))


PLANTED = [
    ("choice.buttons", "reply_markup.inline_keyboard.0.0.callback", "yes"),
    ("text", "text", 7),
    ("location", "latitude", "north"),
    ("text.entities", "entities.0.offset", "first"),
]
UNHEARD = {
    "malformed*": "not of Telegram's types",
    "unknown*": "of tomorrow",
    "nulls": "with a member of tomorrow",
    "rich_message_unknown": "with a block of tomorrow",
    "generation_stopped": "newer than aiogram: https://core.telegram.org/bots/api#update",
    "group_created": "`all_members_are_administrators`, which Telegram still sends with groups",
    "migrate_to": "`all_members_are_administrators`, which Telegram still sends with groups",
    "video": "`thumb`, the old name of `thumbnail`: https://core.telegram.org/bots/api-changelog#march-9-2023",
}
