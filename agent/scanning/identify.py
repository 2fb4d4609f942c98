"""What a file is: by its content first, by libmagic in doubt, by the ending of its name last.

The order is: magic bytes (and, for zip and OLE files, the names in their directory), then text by its own look, then
heads of text (HTML, XML, mail), then libmagic where it is installed, then the ending. Content wins over the ending,
so a Word document called ``holiday.jpg`` is read as what it is.
"""

from __future__ import annotations

import codecs
import logging
import re
from functools import cache
from typing import NamedTuple, Protocol, cast

from agent.scanning import formats
from agent.scanning.bare_disks import is_disk
from agent.scanning.bare_pictures import bare_picture
from agent.scanning.directories import ZIP, ends_as_zip, ole_kind, zip_kind
from agent.scanning.formats.base import Source
from agent.scanning.formats.not_read import is_placeholder
from agent.scanning.media_types import EXTENSIONS, LIBMAGIC_KINDS, SIGNATURES, TEXT_EXTENSIONS, XML_ROOTS, Kind

__all__ = ["Identity", "Kind", "identify", "libmagic_available"]

log = logging.getLogger(__name__)

_HEAD = 4096
_IN_DOUBT = 65_536


class Identity(NamedTuple):
    """Media type and kind of one file."""

    media_type: str
    kind: Kind


_STUB = 1024
"""Bytes of a file that may only stand for one in a cloud."""
_PLACEHOLDER = Identity("application/x-cloud-placeholder", Kind.DOCUMENT)
_DISK = Identity("application/x-raw-disk-image", Kind.CONTAINER)
_PDF = Identity("application/pdf", Kind.DOCUMENT)
_TEXT = Identity("text/plain", Kind.TEXT)
_EMPTY = Identity("application/x-empty", Kind.EMPTY)
_UNKNOWN = Identity("application/octet-stream", Kind.BINARY)
_MAIL = Identity("message/rfc822", Kind.DOCUMENT)
_UTF32 = Identity("text/plain; charset=utf-32", Kind.TEXT)

_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\v\f\r\x1a\x1b\b") + b"\x7f"
_NOT_CONTROLS = bytes(byte for byte in range(256) if byte not in _CONTROLS)
_SPEAKS_AS_TEXT = ("application/rtf", "application/postscript", "application/pgp-encrypted")


def _by_first_byte() -> dict[int, list[tuple[bytes, Identity, bool]]]:
    table: dict[int, list[tuple[bytes, Identity, bool]]] = {}
    for magic, media_type, kind in sorted(SIGNATURES, key=lambda row: -len(row[0])):
        # A signature of plain characters could begin a text as well: then the rest must not look like text.
        certain = media_type in _SPEAKS_AS_TEXT or bool(magic.translate(None, _NOT_CONTROLS))
        table.setdefault(magic[0], []).append((magic, Identity(media_type, kind), certain))
    return table


_TABLE = _by_first_byte()


def identify(source: Source, name: str) -> Identity:
    """What this file is. ``name`` is only its last part, and only its ending is looked at, last of all."""
    head = source.head(_HEAD)
    if not head:
        return _EMPTY
    if len(head) < _STUB and is_placeholder(name, head):
        return _PLACEHOLDER
    plain = b"\0" not in head and not head.translate(None, _NOT_CONTROLS)
    found = _by_magic(source, head, plain=plain)
    if found is None:
        if plain:
            return _text_kind(head, name)
        found = _in_doubt(source, name)
    if found.kind in (Kind.BINARY, Kind.PICTURE) and ends_as_zip(source):
        return Identity(*ZIP)
    return found


def _by_magic(source: Source, head: bytes, *, plain: bool) -> Identity | None:
    """``plain``: nothing in it is other than text. Then only a signature that text cannot be taken for counts."""
    first = head[0]
    for magic, identity, certain in _TABLE.get(first, ()):
        if head.startswith(magic) and (certain or not _looks_like_text(head)):
            return identity
    if first == 0x50 and head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return Identity(*zip_kind(source, head))
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return Identity(*ole_kind(source, head))
    if b"%PDF-" in head[:1024] and _is_pdf(head):
        return _PDF
    if not plain:
        return _by_later_magic(source, head)
    bare = first == 0x50 and bare_picture(head, source)
    return Identity(bare, Kind.PICTURE) if bare else None


def _is_pdf(head: bytes) -> bool:
    """A reader takes a PDF with up to 1024 bytes of junk before it; a text that mentions ``%PDF-`` is none."""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n\0").startswith(b"%PDF-") or b" obj" in head


def _by_later_magic(source: Source, head: bytes) -> Identity | None:
    """Signatures that do not stand at the start, or that need a second look. All such files hold control bytes."""
    if head.startswith(b"MZ") and not _looks_like_text(head):
        return Identity("application/vnd.microsoft.portable-executable", Kind.BINARY)
    if head.startswith(b"RIFF"):
        if head[8:11].upper() == b"CDR":  # the letter after it is the version
            return Identity("application/x-coreldraw", Kind.DOCUMENT)
        return Identity(*_RIFF.get(head[8:12], ("application/x-riff", Kind.BINARY)))
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in (12, 40, 52, 56, 64, 108, 124):
        return Identity("image/bmp", Kind.PICTURE)
    if b"E-SafeNet\0" in head[:64]:  # as the programs write that encrypt all files of a house
        return Identity("application/x-transparently-encrypted", Kind.DOCUMENT)
    if head[4:8] == b"ftyp":
        if head[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis"):
            return Identity("image/heif", Kind.PICTURE)
        return Identity("video/mp4", Kind.BINARY)
    if head.startswith(b"\x01\x00\x00\x00") and head[40:44] == b" EMF":
        return Identity("image/emf", Kind.PICTURE)
    if head[60:68] in (b"BOOKMOBI", b"TEXtREAd"):
        return Identity("application/x-mobipocket-ebook", Kind.DOCUMENT)
    if head[2:5] == b"-lh" and head[6:7] == b"-":
        return Identity("application/x-lha", Kind.CONTAINER)
    if head[0] == 0x30 and b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07" in head[:32]:
        return Identity("application/pkcs7-mime", Kind.DOCUMENT)
    if _is_tar(head):
        return Identity("application/x-tar", Kind.CONTAINER)
    if bare := bare_picture(head, source):
        return Identity(bare, Kind.PICTURE)
    if source.size > 0x8800 and head[0] in b"\0\xeb\x33ER" and _at(source, 0x8001, 5) in (b"CD001", b"BEA01"):
        return Identity("application/x-iso9660-image", Kind.CONTAINER)
    return _DISK if is_disk(head, source.size) else None


_RIFF: dict[bytes, tuple[str, Kind]] = {
    b"WEBP": ("image/webp", Kind.PICTURE),
    b"WAVE": ("audio/x-wav", Kind.BINARY),
    b"AVI ": ("video/x-msvideo", Kind.BINARY),
}


def _at(source: Source, offset: int, count: int) -> bytes:
    source.stream.seek(offset)
    data = source.stream.read(count)
    source.stream.seek(0)
    return data


_OCTAL = re.compile(rb"[ \0]*([0-7]{1,7})[ \0]")


def _is_tar(head: bytes) -> bool:
    """By ``ustar``, else by the checksum of the header, as archives of old tar programs have no more."""
    if len(head) < 512:
        return False
    if head[257:262] == b"ustar":
        return True
    said = _OCTAL.match(head, 148, 156)
    if said is None or not head[0]:
        return False
    return int(said.group(1), 8) == sum(head[:512]) - sum(head[148:156]) + 8 * 32


def _looks_like_text(data: bytes) -> bool:
    """No NUL, and next to no control bytes: compressed or compiled bytes have one in ten."""
    if b"\0" in data:
        return False
    return len(data.translate(None, _NOT_CONTROLS)) * 100 <= len(data)


# Text


_MARKUP = re.compile(rb"<(!doctype\s+html|html|head|body|meta|title|script|style|table|div|p|h1|font|span)[\s>/]", re.I)
_OPENDOCUMENT = b"urn:oasis:names:tc:opendocument:xmlns:office:1.0"
_FLAT = re.compile(rb"opendocument\.(text|spreadsheet|presentation|graphics)\b")
_XML_ROOT = re.compile(rb"<\s*(?![?!])(?:[\w.-]+:)?([\w.-]+)")
_HEADER = re.compile(rb"^([A-Za-z][A-Za-z0-9-]{1,40}):[ \t]", re.M)
_EMPTY_LINE = re.compile(rb"\n\r?\n")
_MAIL_ONLY = frozenset(
    {b"mime-version", b"received", b"message-id", b"return-path", b"delivered-to", b"x-mailer", b"dkim-signature",
     b"content-transfer-encoding", b"x-originating-ip", b"references", b"in-reply-to"}
)  # fmt: skip
_MAIL_COMMON = frozenset({b"from", b"to", b"subject", b"date", b"cc", b"sender", b"reply-to", b"content-type"})


def _text_kind(head: bytes, name: str) -> Identity:
    """Which of the kinds of text this is; ``head`` is in an encoding that keeps ASCII as it is."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"{\\rtf"):
        return Identity("application/rtf", Kind.DOCUMENT)
    if start[:1] == b"<":
        return _markup_kind(start, name)
    mail = _mail_kind(start, name)
    if mail is not None:
        return mail
    by_name = TEXT_EXTENSIONS.get(_ending(name))
    return _TEXT if by_name is None else Identity(by_name, Kind.TEXT)


def _markup_kind(start: bytes, name: str) -> Identity:
    if start[:5].lower() == b"<?xml":
        root = _XML_ROOT.search(start)
        name_of_root = root.group(1).lower() if root is not None else b""
        if name_of_root.startswith(b"document") and _OPENDOCUMENT in start:
            said = _FLAT.search(start)
            kind = said.group(1).decode("ascii") if said else "text"
            return Identity(f"application/vnd.oasis.opendocument.{kind}-flat-xml", Kind.DOCUMENT)
        told = XML_ROOTS.get(name_of_root)
        if told is not None and told[0] in start.lower():
            return Identity(told[1], Kind.DOCUMENT)
        is_html = name_of_root == b"html"
        return Identity("text/html" if is_html else "application/xml", Kind.TEXT)
    ending = _ending(name)
    if ending in TEXT_EXTENSIONS and ending not in ("xml", "svg"):
        return Identity(TEXT_EXTENSIONS[ending], Kind.TEXT)
    if _MARKUP.search(start[:1024]):
        return Identity("text/html", Kind.TEXT)
    if start[:7] == b"<mxfile":
        return Identity("application/vnd.jgraph.mxfile", Kind.TEXT)
    if start[:4] == b"<svg":
        return Identity("image/svg+xml", Kind.TEXT)
    return Identity("application/xml", Kind.TEXT) if ending in TEXT_EXTENSIONS else _TEXT


_MAIL_ENDINGS = frozenset({"eml", "mht", "mhtml", "mbox"})


def _mail_kind(start: bytes, name: str) -> Identity | None:
    """A mail or mailbox. Notes that merely begin with ``From:`` and ``Subject:`` stay plain text."""
    ending = _ending(name)
    mailbox = start.startswith(b"From ")
    if ending not in _MAIL_ENDINGS and not mailbox and not _HEADER.match(start):
        return None  # a mail begins with a header
    body = _EMPTY_LINE.search(start)
    headers = {found.lower() for found in _HEADER.findall(start[: body.start()] if body else start)}
    mail = len(headers & _MAIL_COMMON) + len(headers & _MAIL_ONLY) >= 2 and bool(headers & _MAIL_ONLY)
    if mailbox and (mail or ending == "mbox"):
        return Identity("application/mbox", Kind.DOCUMENT)
    if not mail and ending not in ("eml", "mht", "mhtml"):
        return None
    if ending in ("mht", "mhtml") or (b"content-type" in headers and b"multipart/related" in start[:2048].lower()):
        return Identity("multipart/related", Kind.DOCUMENT)
    return _MAIL


def _ending(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""


# In doubt


def _in_doubt(source: Source, name: str) -> Identity:
    """Bytes that no signature claims and that are not plainly text."""
    data = source.head(_IN_DOUBT)
    if data.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")) or _is_utf32(data):
        return _UTF32
    encoding = _utf16(data)
    if encoding is not None:
        text = data[: min(len(data), 2 * _HEAD) & ~1].decode(encoding, "replace").lstrip("\ufeff")
        return _text_kind(text.encode("utf-8", "replace"), name)
    if _is_mostly_text(data) or (b"\x1b$" in data and data.isascii() and b"\0" not in data):
        return _text_kind(data[:_HEAD].replace(b"\0", b""), name)
    said = _libmagic_says(data)
    if said is not None and said.kind is not Kind.BINARY:
        return said
    by_name = EXTENSIONS.get(_ending(name)) or _numbered_part(name)
    if by_name is not None:
        return Identity(*by_name)
    return said or _UNKNOWN


def _numbered_part(name: str) -> tuple[str, Kind] | None:
    """A later part of an archive in several volumes: nothing in its bytes says so."""
    if re.fullmatch(r"(z|r|part)?\d{2,3}", _ending(name)):
        return "application/x-archive-part", Kind.CONTAINER
    return None


def _is_utf32(data: bytes) -> bool:
    sample = data[: min(len(data), 4096) & ~3]
    if len(sample) < 16 or sample.count(0) * 2 < len(sample):
        return False
    for encoding in ("utf-32-le", "utf-32-be"):
        try:
            text = sample.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return True
    return False


_PLAUSIBLE = re.compile(
    "[\t\n\r\x20-\x7e\u00a0-\u017f\u2010-\u2027\u2460-\u2473\u2500-\u266f\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"
)


def _utf16(data: bytes) -> str | None:
    """``utf-16-le`` or ``utf-16-be`` where the bytes are that; by mark, else by what the characters would be."""
    if data.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if data.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    sample = data[: min(len(data), 8192) & ~1]
    if len(sample) < 4:
        return None
    shares = {}
    for encoding in ("utf-16-le", "utf-16-be"):
        text = sample.decode(encoding, "replace")
        shares[encoding] = len(_PLAUSIBLE.findall(text)) / len(text)
    best = max(shares, key=lambda encoding: shares[encoding])
    return best if shares[best] >= 0.9 else None


def _is_mostly_text(data: bytes) -> bool:
    """Text with some damage: a log with a run of NULs, a page with stray control bytes, one wrong character."""
    without = data.replace(b"\0", b"")
    if len(without) < len(data) * 0.5:
        return False
    stray = len(without.translate(None, _NOT_CONTROLS))
    nuls = data.count(b"\0") - _longest_nul_runs(data)
    if stray * 100 > len(without) or nuls * 50 > len(data):
        return False
    return _decodes(without) or stray * 200 <= len(without)


def _longest_nul_runs(data: bytes) -> int:
    """Bytes in runs of at least 16 NULs, as a crash leaves them in a log."""
    return sum(len(run) for run in re.findall(rb"\0{16,}", data))


def _decodes(data: bytes) -> bool:
    """Whether these bytes, possibly cut in a character, are UTF-8, GB18030 or Big5."""
    for encoding in ("utf-8", "gb18030", "big5hkscs"):
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            decoder.decode(data)
        except UnicodeDecodeError:
            continue
        return True
    return False


class _Magic(Protocol):
    def from_buffer(self, buffer: bytes) -> str: ...


@cache
def _libmagic() -> _Magic | None:
    """The library, loaded the first time bytes are in doubt. Without it identification goes on without.

    Raises `formats.NotLoaded` in a caged process that nobody loaded it in.
    """
    formats.still_open("libmagic")
    try:
        import magic

        return cast("_Magic", magic.Magic(mime=True))
    except (ImportError, OSError, AttributeError):
        log.info("libmagic is not installed; unknown bytes are told by the ending of their name")
        return None
    except ValueError:
        return None


def libmagic_available() -> bool:
    """Whether python-magic and its libmagic can be used here. Loads it: call this before a cage closes."""
    return _libmagic() is not None


def _libmagic_says(data: bytes) -> Identity | None:
    library = _libmagic()
    if library is None:
        return None
    try:
        media_type = library.from_buffer(data)
    except Exception as problem:  # noqa: BLE001 - MagicException derives from Exception only
        log.warning("libmagic could not tell: %s", type(problem).__name__)
        return None
    if media_type in ("application/octet-stream", "application/x-empty") or "/" not in media_type:
        return None
    kind = LIBMAGIC_KINDS.get(media_type) or _KNOWN.get(media_type)
    if kind is None:
        kind = Kind.PICTURE if media_type.startswith("image/") else Kind.BINARY
    # Text was ruled out above: what libmagic calls text here has too much else in it.
    return Identity(media_type, kind)


_KNOWN: dict[str, Kind] = {
    **dict(EXTENSIONS.values()),
    **{media_type: kind for _magic, media_type, kind in SIGNATURES},
}
