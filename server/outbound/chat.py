"""Telling a chat of DingTalk, WeCom or Feishu through Apprise, which is an extra (``mijian[notify]``)."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

from server.outbound.addresses import NotSent, pinned


def send(url: str, title: str, text: str, *, allowed: Collection[str] = ()) -> None:
    """Send a short text. Raises `NotSent`. The host is Apprise's own for each kind of chat, never one of the url."""
    try:
        from apprise import Apprise, NotifyFormat
    except ImportError as error:
        raise NotSent("chats need the extra: pip install 'mijian[notify]'") from error
    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its lines may hold the key that stands in the url
    target: Any = Apprise.instantiate(url)
    if target is None:
        raise NotSent("the url of this chat is not one that Apprise understands")
    host = urlsplit(str(target.notify_url)).hostname or ""
    pinned(host, 443, allowed)
    if not target.notify(body=text, title=title, body_format=NotifyFormat.TEXT):
        raise NotSent("the chat did not take it")
