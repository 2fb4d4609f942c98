r"""Characters written as numbers in texts, code, pages, style sheets and addresses."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from agent.scanning.examine import Examiner
from agent.scanning.formats import escapes
from agent.scanning.formats.base import Source

ESCAPED = "\\u673a\\u5bc6\\u260510\\u5e74"
CSS = '.w::before{content:"\\673a\\5bc6\\2605 10\\5e74"}'
BYTES = "".join(f"\\x{byte:02x}" if byte > 127 else chr(byte) for byte in "机密★10年".encode())
OCTAL = "".join(f"\\{byte:o}" if byte > 127 else chr(byte) for byte in "机密★10年".encode())
ADDRESS = quote("机密★10年")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.py", f'x = "{ESCAPED}"'),
        ("a.java", f'String a = "{ESCAPED}";'),
        ("a.txt", f'2024-01-01 INFO {{"msg": "{ESCAPED}"}}'),
        ("a.js", 'x = "\\u{673a}\\u{5bc6}\\u{2605}10\\u{5e74}"'),
        ("a.c", 'x = "\\U0000673a\\U00005bc6\\U0000260510\\U00005e74"'),
        ("b.py", f'x = b"{BYTES}"'),
        ("b.log", f'new file: "{OCTAL}"'),
        ("script.html", f'<html><script>var a="{ESCAPED}";</script><p>a</p></html>'),
        ("json.html", f'<html><script type="application/json">{{"a":"{ESCAPED}"}}</script><p>a</p></html>'),
        ("style.html", f"<html><style>{CSS}</style><p>a</p></html>"),
        ("a.css", CSS),
        ("link.html", f'<html><body><a href="{ADDRESS}.docx">x</a></body></html>'),
        ("a.url", f"[InternetShortcut]\r\nURL=file:///C:/{ADDRESS}.docx\r\n"),
    ],
)
def test_a_marking_written_in_numbers_is_told(examiner: Examiner, name: str, text: str) -> None:
    (row,) = examiner.examine(Source.of(text.encode()), name).rows
    assert [finding.level for finding in row.findings][:1] == ["机密"]


def test_a_marking_far_behind_many_other_backslashes_is_told(examiner: Examiner) -> None:
    text = "C:\\temp\\d\n" * 200_000 + f'x = "{ESCAPED}"\n' + "\\\\a\n" * 1000
    (row,) = examiner.examine(Source.of(text.encode()), "a.txt").rows
    assert row.findings


@pytest.mark.parametrize("text", ["C:\\users\\xray", "\\usepackage{u}", "a\\", "50% of 20%", "\\u12", "\\xzz"])
def test_what_is_no_number_stays_as_it_is(text: str) -> None:
    assert not escapes.numbered(text.encode())
    assert escapes.page(text.encode()) == text.encode()


def test_halves_of_a_character_are_put_together_and_a_lone_half_does_no_harm() -> None:
    assert escapes.plain(b"\\ud83d\\ude00 \\ud83d") == "\U0001f600 \ufffd".encode()


def test_quotes_and_controls_do_not_end_the_string_they_are_in() -> None:
    assert escapes.plain(b'"\\u0022\\u005c\\u000a"') == b'"   "'
