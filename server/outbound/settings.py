"""What ``collector.yaml`` may say about the ways out. All of it is empty at first, and then nothing is ever sent."""

from __future__ import annotations

import ipaddress
from typing import Literal
from urllib.parse import urlsplit

import msgspec

SHORTEST_SECRET = 16
CHATS = ("dingtalk", "wecombot", "feishu")
"""Addresses of Apprise that a chat channel may have: DingTalk, WeCom, Feishu. Their hosts are Apprise's own."""


class Smtp(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The mail server that takes our mail."""

    host: str
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    sender: str
    user: str = ""
    password: str = ""
    ca_file: str = ""
    """PEM file with the authority of the server's certificate; empty: the system's."""


class Channel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way to tell people something: counts, severity and a link, never a path or a marking."""

    kind: Literal["mail", "webhook", "chat"]
    to: tuple[str, ...] = ()
    """Addresses of mail."""
    url: str = ""
    """Where a webhook posts to, or the address of a chat in Apprise's form: ``wecombot://KEY``."""
    secret: str = ""
    """Signs a webhook (HMAC-SHA256)."""
    ca_file: str = ""

    def __post_init__(self) -> None:
        if self.kind == "mail" and not self.to:
            raise ValueError("a channel of mail needs 'to'")
        if self.kind == "webhook":
            check_webhook(self.url, self.secret)
        if self.kind == "chat" and urlsplit(self.url).scheme not in CHATS:
            raise ValueError(f"the url of a chat begins with one of {', '.join(f'{name}://' for name in CHATS)}")


class Siem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where every change of a violation goes at once: CEF over syslog, or signed OCSF events to a webhook."""

    kind: Literal["udp", "tcp", "tls", "webhook"]
    host: str = ""
    port: int = 514
    url: str = ""
    secret: str = ""
    ca_file: str = ""

    def __post_init__(self) -> None:
        if self.kind == "webhook":
            check_webhook(self.url, self.secret)
        elif not self.host or not 0 < self.port < 65536:
            raise ValueError("syslog needs 'host', and a 'port' between 1 and 65535")


def check_webhook(url: str, secret: str) -> None:
    """Raises `ValueError` for an address that is none, or a secret that is too short."""
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username or parts.fragment:
        raise ValueError("the url of a webhook looks like https://host/path")
    if len(secret) < SHORTEST_SECRET:
        raise ValueError(f"a webhook needs a 'secret' of at least {SHORTEST_SECRET} characters")


def check_network(text: str) -> None:
    """Raises `ValueError` for what is neither an address nor a network."""
    ipaddress.ip_network(text)
