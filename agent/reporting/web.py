"""HTTP as the agent speaks it: only to the collector, no proxies, no redirects, TLS checked, answers bounded."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

import requests

ANSWER_LIMIT = 64 * 1024
"""Bytes of an answer that are read; ours are below 4 KiB."""


class BadAddress(Exception):
    """An address the agent must not speak to. ``str()`` says why."""


def check_address(url: str, *, insecure: bool = False) -> str:
    """The collector's base address, without a slash at the end.

    ``https://`` is required unless the host is this computer itself or ``insecure`` is given. Raises `BadAddress`.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise BadAddress(f"{url!r} is not the address of a collector; it looks like https://collector.example:8443")
    if parts.username or parts.query or parts.fragment:
        raise BadAddress("the collector's address has no user name, no ? and no #")
    if parts.scheme == "http" and not insecure and not _is_loopback(parts.hostname):
        raise BadAddress("http:// is only for this computer itself; use https:// (or --insecure-http for a trial)")
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def session(ca_file: str = "") -> requests.Session:
    """A session that ignores proxies and ``.netrc`` of the environment and trusts ``ca_file`` where given."""
    made = requests.Session()
    made.trust_env = False
    made.verify = ca_file or True
    return made


def post(
    made: requests.Session, url: str, body: bytes, media_type: str, timeout: float
) -> tuple[requests.Response, bytes]:
    """POST and read the whole, bounded answer. Raises `requests.RequestException`, also for an answer too long."""
    with made.post(
        url,
        data=body,
        headers={"Content-Type": media_type, "Accept": "application/json"},
        timeout=(min(timeout, 10), timeout),
        allow_redirects=False,
        stream=True,
    ) as response:
        answer = b""
        for piece in response.iter_content(16 * 1024):
            answer += piece
            if len(answer) > ANSWER_LIMIT:
                raise requests.exceptions.ContentDecodingError("the answer is longer than any of a collector's")
        return response, answer
