"""HTTP as the agent speaks it: only to the collector, no proxies, no redirects, TLS checked, answers bounded."""

from __future__ import annotations

import io
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
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


class NoAnswer(Exception):
    """The collector did not answer, or not wholly. ``str()`` is a fixed sentence of ours."""


class _Body(io.BytesIO):
    """A body that says when it begins to leave: after the connection, and TLS, have come about."""

    def __init__(self, body: bytes, leaving: Callable[[], object]) -> None:
        super().__init__(body)
        self._leaving: Callable[[], object] | None = leaving

    def read(self, size: int | None = -1) -> bytes:
        """Read on."""
        leaving, self._leaving = self._leaving, None
        if leaving is not None:
            leaving()
        return super().read(size)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, of any status."""

    status: int
    body: bytes
    retry_after: str = ""


class Client:
    """Speaks to the collector. Ignores proxies and ``.netrc`` of the environment; trusts ``ca_file`` where given."""

    def __init__(self, ca_file: str = "") -> None:
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = ca_file or True

    def close(self) -> None:
        """Close connections that are kept open."""
        self._session.close()

    def post(
        self,
        url: str,
        body: bytes,
        media_type: str,
        timeout: float,
        leaving: Callable[[], object] = lambda: None,
    ) -> Answer:
        """POST and read the whole, bounded answer. Raises `NoAnswer`.

        ``leaving`` is called before the first byte of the body leaves this computer; what it raises ends the attempt.
        """
        try:
            return self._post(url, _Body(body, leaving), media_type, timeout)
        except requests.exceptions.SSLError as error:
            raise NoAnswer(
                "the collector's certificate is not trusted here; name its authority with collector.ca_file"
            ) from error
        except requests.RequestException as error:
            raise NoAnswer(f"the collector did not answer ({type(error).__name__})") from error
        except OSError as error:  # requests raises it plainly for a ca_file that is not there
            raise NoAnswer("the file collector.ca_file cannot be used") from error

    def _post(self, url: str, body: _Body, media_type: str, timeout: float) -> Answer:
        with self._session.post(
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
            return Answer(response.status_code, answer, response.headers.get("Retry-After", ""))
