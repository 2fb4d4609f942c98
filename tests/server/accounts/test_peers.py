"""Whose request it is, where headers can be made up."""

from __future__ import annotations

from typing import Any

import pytest

from server.accounts.peers import client_address

PROXY, CLIENT = "10.0.0.5", "203.0.113.9"


@pytest.mark.parametrize(
    ("trusted", "peer", "header", "expected"),
    [
        ((), CLIENT, "198.51.100.1", CLIENT),
        ((PROXY,), CLIENT, "198.51.100.1", CLIENT),
        ((PROXY,), PROXY, CLIENT, CLIENT),
        ((PROXY,), PROXY, f"198.51.100.1, {CLIENT}", CLIENT),
        (("10.0.0.0/24",), PROXY, f"{CLIENT}, 10.0.0.7", CLIENT),
        ((PROXY,), PROXY, "", PROXY),
        ((PROXY,), PROXY, "not an address", PROXY),
        ((PROXY,), PROXY, f"<script>, {CLIENT}", CLIENT),
        (("fd00::/8",), "fd00::1", "2001:db8::9", "2001:db8::9"),
    ],
)
def test_a_header_counts_only_where_our_own_proxy_wrote_it(
    settings: Any, trusted: tuple[str, ...], peer: str, header: str, expected: str
) -> None:
    settings.MIJIAN_TRUSTED_PROXIES = trusted
    assert client_address({"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": header}) == expected
