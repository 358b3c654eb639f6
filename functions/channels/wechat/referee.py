"""wechatpy: we hand it what we sent, and it has to post the same; it verifies, decrypts and
reads our samples."""
# /// script
# dependencies = ["odoo-wechatpy==2.0.0.5"]
# ///

import json
import urllib.parse

from referee import Unjudged, same
from wechatpy import WeChatClient, parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import check_signature

CUSTOM = "https://developers.weixin.qq.com/doc/service/api/customer/message/api_sendcustommessage"


def sent(call):
    posted = []

    class Client(WeChatClient):
        def _request(self, method, url_or_endpoint, data=None, params=None, **_):
            path = "/cgi-bin/" + url_or_endpoint
            posted.append({"method": method.upper(), "path": path, "body": data, "query": params})

    client = Client(call.account["app_id"], "secret", access_token="token")
    path, query = call.path, {name: value for name, value in call.query.items() if name != "access_token"}
    if path == "/cgi-bin/stable_token":
        raise Unjudged("wechatpy asks for a token the old way: "
                       "https://developers.weixin.qq.com/doc/service/api/base/api_getstableaccesstoken")
    if path == "/cgi-bin/message/custom/typing":
        raise Unjudged("wechatpy does not know it: "
                       "https://developers.weixin.qq.com/doc/service/api/customer/message/api_sendtyping")
    if path == "/cgi-bin/media/upload":
        client.media.upload(query["type"], b"")
        ours = {"method": call.method, "path": path, "body": call.body, "query": query}
        return same(ours, {**posted[0], "body": {}})
    send(client, call.body)
    same({"method": call.method, "path": path, "body": call.body, "query": query}, posted[0])


def send(client, body):
    kind, to = body["msgtype"], body["touser"]
    if kind == "msgmenu":
        raise Unjudged(f"wechatpy has no msgmenu: {CUSTOM}")
    content = body[kind]
    if kind == "text":
        return client.message.send_text(to, content["content"])
    if kind == "news":
        return client.message.send_articles(to, content["articles"])
    if kind == "video":
        return client.message.send_video(to, content["media_id"], content.get("title"), content.get("description"))
    return getattr(client.message, f"send_{kind}")(to, content["media_id"])


def opened(sample):
    """What wechatpy decrypts. It verifies both signatures on the way."""
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(sample.path).query))
    asked = query["timestamp"], query["nonce"]
    check_signature(sample.account["token"], query["signature"], *asked)
    crypto = WeChatCrypto(sample.account["token"], sample.account["encoding_aes_key"], sample.account["app_id"])
    envelope = json.loads(sample.body) if sample.body.startswith(b"{") else sample.body
    return crypto.decrypt_message(envelope, query["msg_signature"], *asked)


def signed(sample):
    return bool(opened(sample))


def heard(sample):
    text = opened(sample)
    text = text.decode() if isinstance(text, bytes) else text
    if text.startswith("<"):  # wechatpy does not read mini programs' JSON
        message = parse_message(text)
        if message.type == "unknown":
            raise ValueError(f"wechatpy does not know {text[:80]}")


PLANTED = [
    ("text", "text.contents", "a"),
    ("text", "msgtype", "words"),
    ("link", "news.articles.0.pic", "https://media.example.com/a.jpg"),
]
EXCEPT = {
    "video.thumb_media_id": CUSTOM,
}
UNSIGNED = {
    "handshake": "a GET without a body",
}
UNHEARD = {
    "handshake": "a GET without a body",
    "unknown_*": "what nobody knows",
}
