"""XML that no writer should have written, read as far as it goes."""

from __future__ import annotations

import pytest

from agent.scanning.formats.careful_xml import in_utf8, parsed


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        ("<a>机密&#xD800;★10年</a>".encode(), "机密\ufffd★10年"),
        ("<a>机密&#56320;★10年</a>".encode(), "机密\ufffd★10年"),
        ("<a>机密".encode() + b"\xed\xa0\x80" + "★</a>".encode(), "机密\ufffd\ufffd\ufffd★"),
        (b"<a>&#x673A;&#23494;&#xDFFF;</a>", "机密\ufffd"),
    ],
)
def test_half_a_character_is_told_as_one_that_is_not_known(xml: bytes, text: str) -> None:
    root, broken = parsed(xml)
    assert root is not None
    assert (root.text, broken) == (text, True)


def test_half_a_character_in_a_value_spoils_no_other() -> None:
    root, _ = parsed("<a b='&#xDBFF;' c='机密'>绝密</a>".encode())
    assert root is not None
    assert (root.get("b"), root.get("c"), root.text) == ("\ufffd", "机密", "绝密")


def test_what_is_whole_is_not_called_broken() -> None:
    root, broken = parsed("<a>机密&#x2605;</a>".encode())
    assert root is not None
    assert (root.text, broken) == ("机密★", False)


@pytest.mark.parametrize("xml", [b"", b" \n", b"\0\0\0", b"&#xD800;"])
def test_what_is_no_xml_has_no_root(xml: bytes) -> None:
    assert parsed(xml)[0] is None


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
def test_sixteen_bits_a_character(codec: str) -> None:
    root, broken = parsed(in_utf8('<?xml version="1.0" encoding="UTF-16"?><a>机密</a>'.encode(codec)))
    assert root is not None
    assert (root.text, broken) == ("机密", False)
