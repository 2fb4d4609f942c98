"""XML from anywhere, made UTF-8 and parsed without entities, network or trust: what is broken, as far as it goes."""

from __future__ import annotations

import re

from lxml import etree

_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_NO_CHARACTER = frozenset({etree.ErrorTypes.ERR_INVALID_ENCODING, etree.ErrorTypes.ERR_INVALID_CHAR})
"""What lxml passes over when it recovers, and leaves in the text."""
_REFERENCE = re.compile(r"&#(?:[xX]0*([0-9A-Fa-f]{1,6})|0*([0-9]{1,7}));")


def in_utf8(xml: bytes | bytearray) -> bytes | bytearray:
    """XML in UTF-8, whatever it was in: UTF-16 by its first bytes, anything else by what it declares."""
    head = bytes(xml[:256])
    codec = ""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        codec = "utf-16"
    elif head[:2] == b"<\0":
        codec = "utf-16-le"
    elif head[:2] == b"\0<":
        codec = "utf-16-be"
    elif (declared := _DECLARED.match(head)) and declared[1].lower() not in (b"utf-8", b"utf8", b"us-ascii", b"ascii"):
        codec = declared[1].decode("ascii")
    if not codec:
        return xml
    try:
        text = bytes(xml).decode(codec, "replace")
    except LookupError:
        return xml
    # The declaration is no longer true, and lxml would believe it.
    return re.sub(r"^\s*\ufeff?<\?xml.*?\?>", "", text, count=1, flags=re.DOTALL).encode("utf-8", "replace")


def parsed(xml: bytes | bytearray) -> tuple[etree._Element | None, bool]:
    """The root of this XML, and whether any of it is broken; None where nothing of it can be parsed, or it is empty."""
    if not xml or xml.isspace():
        return None, False
    parser = safe_parser()
    try:
        root = etree.fromstring(bytes(xml), parser)
        fatal = parser.error_log.filter_from_fatals() if len(parser.error_log) else ()
        if any(error.type in _NO_CHARACTER for error in fatal):
            # What is no character would be handed out with the text, and nobody could read that.
            whole = _REFERENCE.sub(_readable, bytes(xml).decode("utf-8", "replace"))
            root = etree.fromstring(whole.encode("utf-8"), safe_parser())
    except etree.XMLSyntaxError:
        return None, True
    return root, root is None or bool(len(fatal))


def _readable(reference: re.Match[str]) -> str:
    """A numeric reference, or what stands for one to half a character."""
    code = int(reference[1], 16) if reference[1] else int(reference[2])
    return "\ufffd" if 0xD800 <= code <= 0xDFFF else reference[0]


def safe_parser() -> etree.XMLParser:
    """A parser that resolves no entity, loads nothing, allows no giant tree, and goes on where XML is broken."""
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=True,
        remove_comments=True,
        remove_pis=True,
    )
