"""Tencent's own SDK for agents: its types of what is sent, which mirror botgo's."""
# /// script
# dependencies = ["qqbot-agent-sdk==1.2.2", "pydantic==2.13.5"]
# ///

import json

from pydantic import ConfigDict, TypeAdapter
from qqbot_agent_sdk import dto
from referee import Unjudged, same

for kind in (dto.MessageToCreate, dto.MarkdownContent, dto.MediaInfo, dto.MessageReference, dto.InputNotify,
             dto.RichMediaMessage):
    kind.__pydantic_config__ = ConfigDict(extra="forbid", strict=True)
MODELS = {"messages": TypeAdapter(dto.MessageToCreate), "files": TypeAdapter(dto.RichMediaMessage)}


def sent(call):
    if call.method == "DELETE":
        raise Unjudged("the SDK deletes nothing")
    if call.path == "/app/getAppAccessToken":
        raise Unjudged("the SDK has no model of it")
    same(call.body, MODELS[call.path.rpartition("/")[2]].validate_json(json.dumps(call.body)).to_dict())


PLANTED = [
    ("text", "text", "a"),
    ("text", "msg_type", "0"),
    ("media.image", "media", {"file_uuid": "a"}),
    ("act.typing", "input_notify.input_second", "20"),
]
EXCEPT = {
    "is_wakeup": "a message to whom has not written lately: "
                 "https://bot.q.qq.com/wiki/develop/api-v2/server-inter/message/send-receive/send.html",
    "keyboard": "https://bot.q.qq.com/wiki/develop/api-v2/server-inter/message/trans/msg-btn.html",
}
