"""What HTML and XML have in common for us: tags out of the way of the sieve, references, the declared encoding."""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterator

from agent.scanning import formats
from agent.scanning.formats.base import MiB, Reading, Source
from agent.scanning.formats.charset import byte_order_mark, decode, plausibility, rank
from agent.scanning.formats.lines import Table, foot_start, head_end, hit_lines, ranges
from protocol.records import Place
from signatures.passages import Passage, Zone

LONGEST = 32 * MiB
"""Bytes of markup that are read as a whole; what is longer is searched as plain text."""

SEARCHED = frozenset({"utf-8", "gb18030", "big5", "ent"})
"""The encodings that tag-stripped bytes are searched in; UTF-16 is turned into UTF-8 before."""

_WITH_REFERENCES = frozenset({"utf-8", "ent"})
_XML = re.compile(rb"\s*<(?:\?xml[\s?]|[A-Za-z_][\w.-]*:[A-Za-z_])")
_XML_ENDINGS = frozenset(
    {"xml", "mm", "opml", "kml", "gpx", "ttml", "rss", "atom", "xsl", "xslt", "xsd", "wsdl", "xmp", "plist", "dita"}
)
_BETWEEN_TAGS = re.compile(rb">([^<]+)")
_BLANK_REFERENCE = re.compile(
    rb"&(?:nbsp|ensp|emsp|thinsp|zwnj|zwj|shy|lrm|rlm|#160|#[xX][aA]0|#12288|#[xX]3000|#820[2-7]|#173);?"
)
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_:-]{3,20})""", re.IGNORECASE)
_CODECS = {
    "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "x-gbk": "gb18030", "hz-gb-2312": "hz",
    "utf-8": "utf-8", "utf8": "utf-8", "big5": "big5", "big5-hkscs": "big5", "x-x-big5": "big5",
}  # fmt: skip


def is_xml(head: bytes, name: str = "") -> bool:
    """Whether a text begins as XML does, or as a file of this name does that is XML."""
    _, mark = byte_order_mark(head)
    plain = head.replace(b"\0", b"")[mark:] if b"\0" in head else head[mark:]
    if _XML.match(plain) is not None:
        return True
    return plain.lstrip()[:1] == b"<" and name.rpartition(".")[2].lower() in _XML_ENDINGS


def plain_bytes(raw: bytes) -> bytes:
    """UTF-16 turned into UTF-8; any other bytes as they are."""
    marked, _ = byte_order_mark(raw[:4])
    if marked.startswith("utf-16") or (not marked and b"\0" in raw[:512]):
        encoding = marked or next(name for name in rank(raw[:4096]) if name.startswith("utf-16"))
        return decode(raw, encoding).encode("utf-8")
    return raw


def stripped(raw: bytes) -> bytes:
    """Markup without its tags, each stretch of blanks one space: what the sieve can see a split marking in."""
    text = b"".join(_BETWEEN_TAGS.findall(b">" + raw))
    if b"&" in text:
        text = _BLANK_REFERENCE.sub(b" ", text)
    return b" ".join(text.split())


def worth(raw: bytes, reading: Reading) -> bool:
    """Whether markup has a literal: in its attributes and comments, or in its text with the tags taken out."""
    if reading.worth(raw, encodings=SEARCHED):
        return True
    text = stripped(raw)
    if reading.worth(text, encodings=SEARCHED):
        return True
    if b"&" not in text or text.isascii():
        return False
    # Characters and references may be mixed; the sieve knows mixtures only in UTF-8.
    return reading.worth(html.unescape(to_text(raw, text)).encode("utf-8", "replace"), encodings=frozenset({"utf-8"}))


def to_text(raw: bytes, part: bytes | None = None) -> str:
    """Markup (or ``part`` of it) as text, in the encoding it is marked with, declares, or most likely has."""
    part = raw if part is None else part
    marked, mark = byte_order_mark(raw[:4])
    if marked:
        return decode(part[mark:] if part is raw else part, marked)
    declared = _DECLARED.search(raw[:2048])
    name = declared[1].decode("ascii").lower() if declared else ""
    sample = _sample(raw)
    ranked = rank(sample)[0]
    encoding = _CODECS.get(name, ranked)
    if encoding != ranked and encoding != "hz":
        # Declarations lie often enough: pages are turned into another encoding and keep their head.
        told, guessed = (plausibility(decode(sample, one)) for one in (encoding, ranked))
        if guessed > told + 0.1:
            encoding = ranked
    return decode(part, encoding)


def _sample(raw: bytes) -> bytes:
    """The first text of a page by which its encoding is judged; of one without any, its first bytes."""
    for size in (2 * _SAMPLE, 8 * _SAMPLE):
        text = stripped(raw[:size])
        if len(text) > _SAMPLE + _CUT:
            break
    return text[:_SAMPLE] or raw[:_SAMPLE]


_SAMPLE = 8192
_CUT = 64
"""Bytes at the end of a stretch of markup in which a reference or a blank may have been cut."""
_INLINE = frozenset(
    {"r", "t", "span", "tspan", "b", "i", "u", "s", "em", "strong", "font", "sub", "sup", "a", "proofErr"}
)
"""Elements (without their prefix) that mark a run of letters and end no line."""
_RUN_STYLE = re.compile(r"<((?:\w{1,16}:)?rPr)>.{0,4000}?</\1>", re.DOTALL)
_NAME = re.compile(r"</?(?:[\w.-]{1,40}:)?([\w.-]{1,40})")


def xml_lines(text: str) -> list[str]:
    """The text of XML in lines: a tag ends a line, but for those that only mark a run of letters."""
    text = _RUN_STYLE.sub("", text)
    parts: list[str] = []
    place = 0
    while (tag := text.find("<", place)) >= 0:
        parts.append(html.unescape(text[place:tag]))
        literal = text.startswith("<![CDATA[", tag)
        closing = "]]>" if literal else "-->" if text.startswith("<!--", tag) else ">"
        end = text.find(closing, tag)
        end = len(text) if end < 0 else end
        if literal:
            parts.append(text[tag + 9 : end])
        else:
            name = _NAME.match(text, tag, end)
            parts.append("" if name and name[1] in _INLINE else "\n")
            if closing == "-->" and end < len(text):
                parts.append(f"{text[tag + 4 : end]}\n")
        place = end + len(closing)
    parts.append(html.unescape(text[place:]))
    return [line.strip() for line in "".join(parts).split("\n") if line.strip()]


def without(text: str, elements: Collection[str]) -> str:
    """Markup without the elements of these names and all that is in them; one that never ends goes on to the end."""
    opening = re.compile(rf"<({'|'.join(sorted(elements))})\b", re.IGNORECASE)
    closing = {name: re.compile(f"</{name}", re.IGNORECASE) for name in elements}
    parts, place = [], 0
    while found := opening.search(text, place):
        parts.append(text[place : found.start()])
        end = closing[found[1].lower()].search(text, found.end())
        if end is None:
            return "".join(parts)
        place = end.start()
    return "".join([*parts, text[place:]])


def xml_passages(source: Source, reading: Reading) -> Iterator[Passage]:
    """The passages of XML of no format we know, as a text of lines; nothing where there is no literal."""
    formats.load("html")  # with it is loaded what the sieve takes for references, and plain text does not
    raw = plain_bytes(source.read(LONGEST))
    if not worth(raw, reading):
        return
    text = to_text(raw)
    lines = xml_lines(text)
    hits = hit_lines(reading.sieve, lines)
    yield from line_passages(lines, hits)
    for declared in _DECLARATION.finditer(text):
        value = html.unescape(declared[1] or declared[2] or declared[3]).strip()
        if reading.worth(value.encode("utf-8", "replace"), encodings=_WITH_REFERENCES):
            yield Passage(Zone.BODY, value, Place(part="setting"))
    for tag in re.finditer(r"<(?![!?/])[^<>]{1,4000}>", text):
        if not reading.worth(tag[0].encode("utf-8", "replace"), encodings=_WITH_REFERENCES):
            continue
        for name, value in _ATTRIBUTE.findall(tag[0]):
            value = html.unescape(value)
            if value and reading.worth(value.encode("utf-8", "replace"), encodings=frozenset({"utf-8"})):
                field = Table.field(f"{name.rsplit(':', 1)[-1]}={value}")
                yield Passage(Zone.TABLE_FIELD if field else Zone.BODY, field or value, Place(part="attribute"))


_DECLARATION = re.compile(
    r"""<!ENTITY\s[^<>"']{1,200}(?:"([^"<>]{1,400})"|'([^'<>]{1,400})')|<\?(?!xml\b)[\w.-]{1,80}\s([^?]{1,400})\?>"""
)
"""The value of an entity, or an instruction to some program."""
_ATTRIBUTE = re.compile(r"""(?<![\w:.-])([\w:.-]+)\s*=\s*["']([^"'<>]{1,400})["']""")


def line_passages(lines: list[str], hits: set[int]) -> Iterator[Passage]:
    """Lines of text with their zones: the head, the last line, and the body around the hits."""
    if not hits:
        return
    low, high = head_end(lines[:60]), len(lines)
    if min(hits) < low:
        yield Passage(Zone.P1_TOP_LEFT, "\n".join(lines[:low]), Place(paragraph=1))
    foot = foot_start(lines)
    if foot in hits and foot >= low:
        yield Passage(Zone.FOOTER, lines[foot], Place(paragraph=foot + 1))
        high = foot
    for start, end in ranges((hit for hit in hits if low <= hit < high), len(lines)):
        yield Passage(
            Zone.BODY, "\n".join(lines[max(start, low) : min(end, high)]), Place(paragraph=max(start, low) + 1)
        )
