"""The characters of markings: what is folded, what may stand between, what gets confused (marking-grammar 2).

Shared by the rules, which must know every raw form a marking may take, and by the normalisation, which undoes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

ZERO_WIDTH = frozenset(
    "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\u00ad"
)
"""Characters without width, bidi controls and the soft hyphen: deleted (N2)."""

GAPS = " \t\u00a0\u3000-\u2010\u2011\u00b7\u30fb"
"""Separators of which up to three may stand between the characters of a word (N5)."""

LONG_DASHES = frozenset("\u2013\u2014\u2015\u2500")
"""En dash, em dash, horizontal bar, and the ruling that stands in for them: read as a hyphen, but of a sentence, so
that they never close up into a word (``有机——密度``)."""

DASHES = LONG_DASHES | frozenset("\u2010\u2011\u2012\u2212")
"""Everything that is read as a hyphen; its small and full-width forms come to these by compatibility."""

STARS = frozenset("★☆⭐⭑⭒✩✪✫✬✭✮✯✰✶✱✲∗﹡⋆\uf0ab")
"""Everything that stands for the ★ of a state mark (N4); the plain asterisk is judged by its company instead.

U+F0AB is the star of Wingdings as documents keep it that were converted without telling the font."""

SECRET_SIGN = "㊙"
"""The sign for 秘密: no level of the law's, and meant as one where it stands like one."""

TRADITIONAL: dict[str, str] = {
    "絕": "绝", "機": "机", "祕": "秘", "級": "级", "長": "长", "開": "开", "啟": "启", "啓": "启", "佈": "布",
    "內": "内", "資": "资", "業": "业", "務": "务", "標": "标", "誌": "志", "會": "会", "議": "议", "時": "时",
    "間": "间", "發": "发", "僅": "仅", "參": "参", "傳": "传", "嚴": "严", "請": "请", "閱": "阅", "國": "国",
    "變": "变", "調": "调", "為": "为", "試": "试", "結": "结", "實": "实", "個": "个", "項": "项",
    "屬": "属", "與": "与", "權": "权", "據": "据", "條": "条", "貳": "贰",
}  # fmt: skip
"""Traditional → simplified, for the alphabet of markings only (N3)."""

CONFUSIONS: dict[str, str] = {"密": "蜜宓窑", "机": "枳杌朹", "绝": "艳纯绐", "秘": "泌枈"}
"""Character → what optical recognition makes of it (N8)."""

_VARIANTS: dict[str, str] = {"-": "\u2011\u2013\u2014"}
for _odd, _plain in TRADITIONAL.items():
    _VARIANTS[_plain] = _VARIANTS.get(_plain, "") + _odd


def written_forms(word: str) -> Iterator[str]:
    """Every way to write a word: simplified and traditional characters, the usual dashes; the plain way first."""
    for letters in product(*(letter + _VARIANTS.get(letter, "") for letter in word)):
        yield "".join(letters)


def confused_forms(word: str) -> Iterator[str]:
    """A level word with exactly one character misread; the word itself is not among them."""
    for number, letter in enumerate(word):
        for wrong in CONFUSIONS.get(letter, ""):
            yield word[:number] + wrong + word[number + 1 :]
