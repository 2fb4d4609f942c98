"""Mail and saved web pages: .eml, .mht, .mhtml: subject, headers, bodies with their zones, attachments as members."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

from agent.scanning.formats import html, mime, text
from agent.scanning.formats.base import Member, MiB, NotExamined, Piece, Reading, Source
from protocol.records import Place, Reason
from signatures.passages import Passage, Zone

NAME = "eml"
MEDIA_TYPES = ("message/rfc822", "multipart/related")
LIMITS = {"message bytes": 128 * MiB, "parts": mime.MOST_PARTS, "parts in parts": mime.DEEPEST}
LIMITATIONS = (
    "Pictures that a mail or saved page shows in its text are not read; those that are attached are handed on.",
    "Encrypted mail (S/MIME, PGP) is told as encrypted; style sheets and scripts of saved pages are not read.",
)

_UTF8 = frozenset({"utf-8"})
_ROUTING = re.compile(
    r"received|return-path|delivered-to|dkim|arc-|authentication|message-id|references|in-reply-to|date|from|to|cc|bcc|"
    r"sender|reply-to|mime-version|content-(?!description|class)|x-(?:ms-exchange|forefront|google|spam|originating)|subject"
)
_PGP = b"-----BEGIN PGP MESSAGE-----"
SHOWN_ALONG = re.compile(r"(?:image|font|audio|video)/|text/(?:css|javascript)|application/(?:x-)?(?:javascript|font)")
"""Media types of what a text or page is only dressed with."""
_ENDINGS = {"message/rfc822": "eml", "text/html": "html", "text/plain": "txt", "text/calendar": "ics"}
_SUMMARY = re.compile(r"^SUMMARY[^:\r\n]{0,200}:([^\r\n]+)", re.MULTILINE)
_ENRICHED = re.compile(r"(?is)<param>.{0,200}?</param>|</?[a-z-]{1,60}>")
"""Signs of enriched text (RFC 1896)."""
_LONGEST = 400
_PART_OF_LABELS = re.compile(r"([^=; ]{1,200})=([^;]{0,400})(?:;|$)")


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield subject, headers and bodies where a rule's literal is in them, and every attachment as a `Member`."""
    raw = source.read(LIMITS["message bytes"])
    head, body = mime.split(raw.removeprefix(b"\xef\xbb\xbf"))
    yield from headers(head, reading)
    if head and (stray := mime.strays(raw)):
        yield from text.pieces(Source.of(stray), reading)
    walk = mime.Walk()
    encrypted = False
    for number, part in enumerate(walk.parts(head, body), 1):
        if part.media_type.startswith("text/") and not part.is_attached:
            encrypted |= _PGP in part.raw
            yield from _body(part, reading)
        elif not _is_shown_along(part):
            yield _member(part, number, reading)
    for outside in walk.beside:
        yield from text.pieces(Source.of(outside), reading)
    if walk.encrypted or encrypted:
        raise NotExamined(Reason.ENCRYPTED, "the mail is encrypted")
    if walk.too_deep:
        raise NotExamined(Reason.TOO_DEEP, f"parts nested more than {mime.DEEPEST} deep")
    if walk.too_many:
        raise NotExamined(Reason.TOO_LARGE, "the mail has too many parts")


def headers(head: list[tuple[str, bytes]], reading: Reading) -> Iterator[Passage]:
    """The subject, and what else in the head speaks of classification."""
    for name, value in head:
        if name != "subject" and is_routing(name):
            continue
        line = mime.decoded_header(value)
        if not line or not reading.worth(line.encode("utf-8", "replace"), encodings=_UTF8):
            continue
        if name == "subject":
            yield Passage(Zone.SUBJECT, line, Place(part="subject"))
            continue
        if name.startswith("msip_label"):
            yield from labels(line)
        yield Passage(Zone.DOC_PROPERTY, line[:_LONGEST], Place(part="header-field"), name=name)


def is_routing(name: str) -> bool:
    """Whether a header only tells how a mail came here, and from whom."""
    return _ROUTING.match(name.lower()) is not None


def labels(line: str) -> Iterator[Passage]:
    """What an ``msip_labels`` header says, one property for each of its parts."""
    for key, said in _PART_OF_LABELS.findall(line[:65536]):
        yield Passage(Zone.DOC_PROPERTY, said, Place(part="header-field"), name=key)


def _body(part: mime.Part, reading: Reading) -> Iterator[Piece]:
    """A text that is shown, through the reader of its kind, in UTF-8 whatever it was in."""
    if part.media_type in ("text/css", "text/javascript"):
        return
    if part.media_type == "text/rfc822-headers":  # of the mail that a notice is about
        yield from headers(mime.split(part.decoded() + b"\n\n")[0], reading)
        return
    shown = part.text()
    if part.media_type in ("text/enriched", "text/richtext"):
        shown = _ENRICHED.sub("", shown)
    data = shown.encode("utf-8", "replace")
    reading.budget.spend(len(data))
    if part.media_type == "text/html":
        # The mark at the start tells the encoding, whatever the page itself declares.
        data = b"\xef\xbb\xbf" + data
        yield from html.pieces(Source(io.BytesIO(data), len(data)), reading)
        return
    if part.media_type == "text/calendar":
        for summary in _SUMMARY.findall(shown):
            if reading.worth(summary.encode("utf-8", "replace"), encodings=_UTF8):
                yield Passage(Zone.SUBJECT, summary.strip(), Place(part="calendar"))
    yield from text.pieces(Source(io.BytesIO(data), len(data)), reading)
    if b"\nbegin " in data or data.startswith(b"begin "):
        for name, inside in mime.uuencoded(part.decoded()):
            reading.budget.spend(len(inside))
            yield Member(name, inside, len(inside))


def _is_shown_along(part: mime.Part) -> bool:
    """Whether a part is only what a page is dressed with: its pictures, styles and scripts."""
    inside = part.related or "content-id" in part.headers
    attached = part.headers.get("content-disposition", "").lower().startswith("attachment")
    return inside and not attached and SHOWN_ALONG.match(part.media_type) is not None


def _member(part: mime.Part, number: int, reading: Reading) -> Member:
    name = part.file_name or f"part-{number}.{_ENDINGS.get(part.media_type, 'bin')}"
    if part.media_type == "message/rfc822" and "." not in name[-5:]:
        name += ".eml"
    try:
        reading.budget.spend(len(part.raw))
    except NotExamined as problem:
        return Member(name, None, len(part.raw), problem)
    data = part.decoded()
    return Member(name, data, len(data))
