"""HTTP as the agent speaks it: only to the collector, no redirects, TLS checked, answers bounded.

A proxy is used only where the settings name one; the environment is never asked.
"""

from __future__ import annotations

import io
import ipaddress
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from agent.settings import CollectorSettings

ANSWER_LIMIT = 64 * 1024
"""Bytes of an answer that are read; ours are below 4 KiB."""
LONGEST_RETRY_AFTER = 3600.0
"""Seconds; a collector that asks for more is asked again after this long."""


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
    """Speaks to the collector. Ignores proxies and ``.netrc`` of the environment; settings alone decide."""

    def __init__(self, settings: CollectorSettings | None = None) -> None:
        import requests  # here: 9 MB and most of a tenth of a second, for nothing where nothing is sent

        settings = settings or CollectorSettings()
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = settings.ca_file or True
        if settings.proxy:
            self._session.proxies = {"http": settings.proxy, "https": settings.proxy}
        if settings.client_certificate:
            self._session.cert = (settings.client_certificate, settings.client_key or settings.client_certificate)

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
        headers = {"Content-Type": media_type, "Accept": "application/json"}
        return self._ask("POST", url, headers, timeout, ANSWER_LIMIT, _Body(body, leaving))

    def get(self, url: str, headers: Mapping[str, str], timeout: float, limit: int = ANSWER_LIMIT) -> Answer:
        """GET and read the whole answer of at most ``limit`` bytes. Raises `NoAnswer`."""
        return self._ask("GET", url, headers, timeout, limit)

    def _ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        timeout: float,
        limit: int,
        body: _Body | None = None,
    ) -> Answer:
        import requests  # known already: `__init__` has loaded it

        try:
            return self._whole(method, url, headers, timeout, limit, body)
        except requests.exceptions.SSLError as error:
            raise NoAnswer(
                "the collector's certificate is not trusted here; name its authority with collector.ca_file"
            ) from error
        except requests.exceptions.ProxyError as error:
            raise NoAnswer("the proxy named with collector.proxy did not answer") from error
        except requests.RequestException as error:
            raise NoAnswer(f"the collector did not answer ({type(error).__name__})") from error
        except OSError as error:  # requests raises it plainly for a ca_file or certificate that is not there
            raise NoAnswer("a file named with collector.ca_file or client_certificate cannot be used") from error

    def _whole(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        timeout: float,
        limit: int,
        body: _Body | None,
    ) -> Answer:
        with self._session.request(
            method,
            url,
            data=body,
            headers=dict(headers),
            timeout=(min(timeout, 10), timeout),
            allow_redirects=False,
            stream=True,
        ) as response:
            answer = bytearray()
            for piece in response.iter_content(16 * 1024):
                answer += piece
                if len(answer) > limit:
                    raise NoAnswer("the answer is longer than any of a collector's")
            return Answer(response.status_code, bytes(answer), response.headers.get("Retry-After", ""))


def retry_after(value: str) -> float:
    """Seconds that a ``Retry-After`` header asks for (RFC 9110 10.2.3); 0 where it cannot be read."""
    try:
        return min(LONGEST_RETRY_AFTER, max(0.0, float(int(value))))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(LONGEST_RETRY_AFTER, max(0.0, moment.timestamp() - time.time()))
