"""Values that stand in a line with others: in data, program text and markup."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.scanning.formats.ooxml_tables import spelled

_QUOTED = re.compile(
    r"""(?:(?<=[=:(\[,{>])|(?<=[=:(\[,{>][ ])|^[ \t]*)(?P<quote>["'`])"""
    r"(?P<quoted>(?:(?!(?P=quote))[^\\\n]|\\.){2,200}+)(?P=quote)(?=\s*(?:[,;)\]}:<>/]|$))"
    r"|>(?P<element>[^<>\n]{2,200}+)</"
    r"|(?<=[A-Za-z*\]])\{(?P<braced>[^{}\n]{2,200}+)\}"
)
"""A value as JSON, SQL, program text, markup and TeX write it; in prose no sign of theirs stands beside a quote."""
_IN_CODE = re.compile(r"""(["'`])((?:(?!\1)[^\\\n]|\\.){0,200}+)\1""")
_CELL_SIDES = re.compile("[│┃║|]")
"""What stands between the cells of a table that is drawn with letters."""
_TAG = re.compile(r"<[^<>]{1,400}>")
_LINE_ENDS = re.compile(r"\\[nrt]")


def values(line: str, *, code: bool = False) -> Iterator[str]:
    """The values that share this line with others; with ``code`` every string in quotes is one."""
    found = [each[2] for each in _IN_CODE.finditer(line)] if code else []
    if not code and (sides := _CELL_SIDES.split(line))[1:]:
        cells = [text for side in sides if (text := side.strip())]
        found += [mark for _, mark in spelled(cells)]
    found += [each["quoted"] or each["element"] or each["braced"] for each in _QUOTED.finditer(line)]
    for value in dict.fromkeys(found):
        plain = _TAG.sub("\n", _LINE_ENDS.sub("\n", value).replace('\\"', '"')).strip()
        if plain and plain != line.strip():
            yield plain
