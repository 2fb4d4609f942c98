"""Webhooks: signed, verified TLS, no redirects."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import pytest

from server.outbound import web
from server.outbound.addresses import NotSent

HERE = ("127.0.0.1",)
SECRET = "sixteen characters or more"
Takes = Callable[..., Any]


def test_the_other_side_can_tell_that_it_was_us(takes: Takes) -> None:
    taker = takes("web")
    web.post(f"http://127.0.0.1:{taker.port}/hook?x=1", b'{"a":1}', secret=SECRET, event="e-1", allowed=HERE)
    ((path, headers, body),) = taker.got
    seconds, _comma, told = headers["Mijian-Signature"].partition(",")
    message = f"{seconds.removeprefix('t=')}.".encode() + body
    assert told.removeprefix("v1=") == hmac.new(SECRET.encode(), message, hashlib.sha256).hexdigest()
    assert (path, headers["Mijian-Event"], body) == ("/hook?x=1", "e-1", b'{"a":1}')


def test_a_redirect_is_not_followed(takes: Takes) -> None:
    taker, elsewhere = takes("web"), takes("web")
    taker.status, taker.moved_to = 307, f"http://127.0.0.1:{elsewhere.port}/"
    with pytest.raises(NotSent, match="status 307"):
        web.post(f"http://127.0.0.1:{taker.port}/", b"{}", secret=SECRET, allowed=HERE)
    assert elsewhere.got == []


def test_nothing_goes_to_an_address_of_the_house_that_nobody_named(takes: Takes) -> None:
    taker = takes("web")
    with pytest.raises(NotSent, match="outbound"):
        web.post(f"http://127.0.0.1:{taker.port}/", b"{}", secret=SECRET)
    assert taker.got == []


def test_a_certificate_is_verified_and_an_authority_of_the_house_can_be_named(takes: Takes) -> None:
    taker = takes("web", tls=True)
    url = f"https://127.0.0.1:{taker.port}/"
    with pytest.raises(NotSent, match="not trusted"):
        web.post(url, b"{}", secret=SECRET, allowed=HERE)
    assert taker.got == []
    web.post(url, b"{}", secret=SECRET, allowed=HERE, ca_file=taker.ca_file)
    assert len(taker.got) == 1
