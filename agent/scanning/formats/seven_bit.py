"""Chinese, Japanese and Korean in bytes below 128: HZ (RFC 1843), UTF-7 (RFC 2152), ISO-2022-CN, -JP and -KR.

To a search such a text is nothing but ASCII. Each is known by signs that other texts hardly have, and only what can
be nothing else is put into characters: all other bytes stay as they are.
"""

from __future__ import annotations

import base64
import re

_ESCAPE = b"\x1b$"
_HZ = re.compile(rb"~\{((?:[!-w][!-~])+)(?:~\}|(?=\r?\n))")
_UTF_7 = re.compile(rb"\+([A-Za-z0-9+/]{3,})-?")
_UTF_7_SIGN = re.compile(rb"\+[T-Za-n][A-Za-z0-9+/]{4,}-?")
"""A run that begins with a Chinese character."""
_MOST_LOOKED_AT = 64
"""Runs that may be UTF-7 and that are looked at before a text is taken for something else."""
_EAST_ASIAN = re.compile(
    "[\u2010-\u2027\u2460-\u2473\u2500-\u266f\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7af\uff00-\uffef]+"
)
_SHIFTS = re.compile(rb"\x1b\$([@AB])|\x1b\$\(([@A-C])|\x1b\$\)([A-Z])|\x1b\([A-Z]|[\x0e\x0f\n]")
_SETS = {b"A": "gb2312", b"@": "euc_jp", b"B": "euc_jp", b"C": "euc_kr"}
_HIGH = bytes(each | 0x80 if 0x20 < each < 0x7F else each for each in range(256))


def plain(data: bytes) -> bytes | None:
    """The text in UTF-8; None where it is in none of these encodings, as nearly none is."""
    if not data.isascii():
        return None
    found = data
    # One byte is looked for many times faster than two.
    if b"\x1b" in data and _ESCAPE in data:
        found = iso_2022(data).encode("utf-8", "replace")
    elif b"~" in data and b"~{" in data and _HZ.search(data):
        found = _HZ.sub(_from_hz, data)
    elif b"+" in data and _is_utf_7(data):
        found = _UTF_7.sub(_from_utf_7, data)
    return None if found.isascii() else found


def iso_2022(data: bytes) -> str:
    """A text with sets of characters that escape sequences choose (ISO/IEC 2022; RFC 1468, 1557, 1922)."""
    found: list[str] = []
    shifted, here, beside = False, "", ""
    """Whether the second set holds, and what the first and the second are."""
    at = 0
    for sign in _SHIFTS.finditer(data):
        found.append(_in_set(data[at : sign.start()], beside if shifted else here))
        at = sign.end()
        if sign[0] == b"\n":
            shifted, here = False, ""
            found.append("\n")
        elif sign[0] in (b"\x0e", b"\x0f"):
            shifted = sign[0] == b"\x0e"
        elif sign[3]:
            beside = _SETS.get(sign[3], "")
        else:
            here = _SETS.get(sign[1] or sign[2] or b"", "")
    found.append(_in_set(data[at:], beside if shifted else here))
    return "".join(found)


def _in_set(data: bytes, codec: str) -> str:
    return data.translate(_HIGH).decode(codec, "replace") if codec else data.decode("ascii", "replace")


def _from_hz(run: re.Match[bytes]) -> bytes:
    return run[1].translate(_HIGH).decode("gb2312", "replace").encode()


def _is_utf_7(data: bytes) -> bool:
    for number, run in enumerate(_UTF_7_SIGN.finditer(data)):
        if _said(run[0].strip(b"+-")):
            return True
        if number == _MOST_LOOKED_AT:
            break
    return False


def _from_utf_7(run: re.Match[bytes]) -> bytes:
    return _said(run[1]).encode() or run[0]


def _said(letters: bytes) -> str:
    """What a run of letters says in UTF-7; empty where that is not plainly East Asian."""
    if len(letters) * 6 % 16 >= 6:  # bits left over are fewer than a letter
        return ""
    raw = base64.b64decode(letters + b"A" * (-len(letters) % 4))
    text = raw[: len(letters) * 6 // 16 * 2].decode("utf-16-be", "replace")
    return text if _EAST_ASIAN.fullmatch(text) else ""
