"""Whose request it is: the peer's own address, or what a trusted proxy of ours says of it.

Anybody can write an ``X-Forwarded-For``. It counts only as far as our own proxies wrote it: read from the right, the
first address that is none of them is the client (RFC 7239 section 5.2 has the same order).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.conf import settings

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def client_address(meta: Mapping[str, Any]) -> str:
    """The address a request came from, given its WSGI environment; what cannot be an address is never returned."""
    peer = str(meta.get("REMOTE_ADDR") or "")
    networks = _networks(tuple(settings.MIJIAN_TRUSTED_PROXIES))
    if not networks or not _within(peer, networks):
        return peer
    for told in reversed(str(meta.get("HTTP_X_FORWARDED_FOR") or "").split(",")):
        address = told.strip()
        if not _is_address(address):
            return peer
        peer = address
        if not _within(address, networks):
            return address
    return peer


@lru_cache(maxsize=8)
def _networks(named: tuple[str, ...]) -> tuple[_Network, ...]:
    return tuple(ipaddress.ip_network(name) for name in named)


def _within(address: str, networks: tuple[_Network, ...]) -> bool:
    return _is_address(address) and any(ipaddress.ip_address(address) in network for network in networks)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
