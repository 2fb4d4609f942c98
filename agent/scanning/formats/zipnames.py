"""What the bytes of a name in a zip say: the format has two encodings, the world has used five."""

from __future__ import annotations

UTF8_FLAG = 0x800
_UNICODE_PATH = 0x7075


def decoded(raw: bytes, flags: int = 0, extra: bytes = b"") -> str:
    """The name as text: flag 11 or the Unicode path field where they hold, else UTF-8, GB18030, Big5, cp437.

    Never fails: code page 437 gives every byte a character.
    """
    if raw.isascii() and b"up" not in extra:
        return raw.decode("ascii")
    told = _told(extra)
    if told is not None:
        return told
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    if flags & UTF8_FLAG:
        return raw.decode("utf-8", "replace")
    return _east_asian(raw) or raw.decode("cp437")


def _told(extra: bytes) -> str | None:
    """The Unicode path field (0x7075) that Info-ZIP writes beside a name in a local encoding."""
    for kind, body in fields(extra):
        if kind == _UNICODE_PATH and len(body) > 5:
            try:
                return body[5:].decode("utf-8")
            except UnicodeDecodeError:
                return None
    return None


def _east_asian(raw: bytes) -> str | None:
    """GB or Big5: simplified text is always in GB 2312, traditional text in GBK is never in Big5's common half."""
    for encoding, fits in (("gb2312", None), ("big5", _common_big5), ("gb18030", _some_gb2312)):
        if fits is not None and not fits(raw):
            continue
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _some_gb2312(raw: bytes) -> bool:
    """Whether a name that GB 18030 can decode has a common character or several: "naïve" in cp437 has one rare one."""
    characters = [each for each in raw.decode("gb18030", "replace") if not each.isascii()]
    return len(characters) > 2 or any(each.encode("gb2312", "ignore") for each in characters)


def _common_big5(raw: bytes) -> bool:
    """Whether every lead byte is one of symbols or of the 5,401 common characters (A1–C6)."""
    at = 0
    while at < len(raw):
        if raw[at] < 0x80:
            at += 1
            continue
        if not 0xA1 <= raw[at] <= 0xC6:
            return False
        at += 2
    return True


def fields(extra: bytes) -> list[tuple[int, bytes]]:
    """The (kind, body) pairs of an extra field, as far as they hold together."""
    found: list[tuple[int, bytes]] = []
    at = 0
    while at + 4 <= len(extra):
        kind = int.from_bytes(extra[at : at + 2], "little")
        size = int.from_bytes(extra[at + 2 : at + 4], "little")
        found.append((kind, extra[at + 4 : at + 4 + size]))
        at += 4 + size
    return found
