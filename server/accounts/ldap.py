"""Asks a directory whether a name and a password fit: an LDAP bind (RFC 4511 4.2) over TLS, and nothing else.

Two messages each way, written and read here; see docs/dependencies.md for why. A password never travels in clear: an
``ldap://`` address is turned into TLS (StartTLS, RFC 4511 4.14) before anything is said.
"""

from __future__ import annotations

import socket
import ssl
from urllib.parse import urlsplit

from server.home import Ldap

SECONDS = 10.0
"""How long the directory may take for each step."""
LONGEST = 65_536
"""Bytes of an answer that are read."""
_START_TLS = b"1.3.6.1.4.1.1466.20037"
_SUCCESS = 0
_NO = frozenset({32, 34, 48, 49, 50, 53})
"""Codes that say no: no such object, no DN, not so, wrong, may not, unwilling (an account that was shut)."""
_BIND_REQUEST, _BIND_RESPONSE, _EXTENDED_REQUEST, _EXTENDED_RESPONSE = 0x60, 0x61, 0x77, 0x78
_SEQUENCE, _INTEGER, _OCTETS, _ENUMERATED, _CONTEXT_0 = 0x30, 0x02, 0x04, 0x0A, 0x80


class DirectoryError(Exception):
    """The directory could not be asked; ``str()`` says why, without name or password."""


def fits(directory: Ldap, name: str, password: str) -> bool:
    """Whether the directory takes this password for this name. Raises `DirectoryError`."""
    # An empty password is an anonymous bind, which succeeds for every name (RFC 4513 5.1.2).
    if not password or not name or not name.isprintable():
        return False
    try:
        with _connected(directory) as wire:
            code = _ask(wire, 2, _bind(_bind_name(directory.bind_as, name), password), _BIND_RESPONSE)
    except (OSError, ValueError) as error:
        raise DirectoryError(type(error).__name__ + ": " + str(error)) from error
    if code not in _NO | {_SUCCESS}:
        raise DirectoryError(f"the directory answered with code {code}")
    return code == _SUCCESS


def _connected(directory: Ldap) -> ssl.SSLSocket:
    parts = urlsplit(directory.url)
    host, secure = parts.hostname or "", parts.scheme == "ldaps"
    context = ssl.create_default_context(cafile=directory.ca_file)
    plain = socket.create_connection((host, parts.port or (636 if secure else 389)), timeout=SECONDS)
    try:
        if not secure:
            request = _told(_EXTENDED_REQUEST, _told(_CONTEXT_0, _START_TLS))
            if code := _ask(plain, 1, request, _EXTENDED_RESPONSE):
                raise ValueError(f"the directory refuses TLS with code {code}")
        return context.wrap_socket(plain, server_hostname=host)
    except BaseException:
        plain.close()
        raise


def _bind_name(pattern: str, name: str) -> str:
    """Whom to bind as; a name put into a DN is escaped (RFC 4514 2.4)."""
    if "=" not in pattern:
        return pattern.replace("{name}", name)
    escaped = "".join(f"\\{char}" if char in ',+"\\<>;=' else char for char in name)
    if escaped[0] in " #":
        escaped = "\\" + escaped
    if escaped[-1] == " ":
        escaped = escaped[:-1] + "\\ "
    return pattern.replace("{name}", escaped)


def _bind(name: str, password: str) -> bytes:
    parts = _told(_INTEGER, b"\x03") + _told(_OCTETS, name.encode()) + _told(_CONTEXT_0, password.encode())
    return _told(_BIND_REQUEST, parts)


def _ask(wire: socket.socket, number: int, operation: bytes, answer: int) -> int:
    """Send one message and read its answer's result code. Raises `ValueError` for an answer of another kind."""
    wire.sendall(_told(_SEQUENCE, _told(_INTEGER, bytes([number])) + operation))
    message = _read(wire)
    tag, body, _rest = _part(message)
    if tag != _SEQUENCE:
        raise ValueError("the answer is no LDAP message")
    tag, told, rest = _part(body)
    if (tag, told) != (_INTEGER, bytes([number])):
        raise ValueError("the answer belongs to another message")
    tag, result, _rest = _part(rest)
    kind, code, _rest = _part(result)
    if tag != answer or kind != _ENUMERATED or not 1 <= len(code) <= 4:
        raise ValueError("the answer is of another kind")
    return int.from_bytes(code, "big", signed=True)


def _read(wire: socket.socket) -> bytes:
    """One whole message. Raises `ValueError` where it is too long or broken off."""
    head = _exactly(wire, 2)
    if head[1] & 0x80:
        count = head[1] & 0x7F
        if not 1 <= count <= 4:
            raise ValueError("the answer has no length")
        more = _exactly(wire, count)
        head, length = head + more, int.from_bytes(more, "big")
    else:
        length = head[1]
    if length > LONGEST:
        raise ValueError("the answer is too long")
    return head + _exactly(wire, length)


def _exactly(wire: socket.socket, count: int) -> bytes:
    got = b""
    while len(got) < count:
        piece = wire.recv(count - len(got))
        if not piece:
            raise ValueError("the answer was broken off")
        got += piece
    return got


def _told(tag: int, content: bytes) -> bytes:
    """One value of BER, its length in definite form (RFC 4511 5.1)."""
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes(4, "big").lstrip(b"\0")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _part(data: bytes) -> tuple[int, bytes, bytes]:
    """Tag and content of the first value, and what follows it. Raises `ValueError`."""
    if len(data) < 2:
        raise ValueError("the answer was broken off")
    start, length = 2, data[1]
    if length & 0x80:
        start = 2 + (length & 0x7F)
        length = int.from_bytes(data[2:start], "big")
    if len(data) < start + length:
        raise ValueError("the answer was broken off")
    return data[0], data[start : start + length], data[start + length :]
