"""HTTP as the agent speaks it: only to the collector, no proxies, no redirects, TLS checked, answers bounded."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import NewConnectionError

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

    def __init__(self, message: str, *, never_connected: bool = False) -> None:
        super().__init__(message)
        self.never_connected = never_connected
        """Whether it is certain that no byte left this computer."""


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

    def post(self, url: str, body: bytes, media_type: str, timeout: float) -> Answer:
        """POST and read the whole, bounded answer. Raises `NoAnswer`."""
        try:
            return self._post(url, body, media_type, timeout)
        except requests.exceptions.SSLError as error:
            raise NoAnswer(
                "the collector's certificate is not trusted here; name its authority with collector.ca_file",
                never_connected="CERTIFICATE_VERIFY_FAILED" in str(error),  # in the handshake, before any byte of ours
            ) from error
        except requests.RequestException as error:
            raise NoAnswer(
                f"the collector did not answer ({type(error).__name__})", never_connected=_never_connected(error)
            ) from error
        except OSError as error:  # requests raises it plainly for a ca_file that is not there
            raise NoAnswer("the file collector.ca_file cannot be used", never_connected=True) from error

    def _post(self, url: str, body: bytes, media_type: str, timeout: float) -> Answer:
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


def _never_connected(error: requests.RequestException) -> bool:
    if isinstance(error, requests.ConnectTimeout):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.ConnectionError) and isinstance(reason, NewConnectionError)
