"""Promises that hold for any writing of a marking and for any text (marking-grammar 2 and 3.3)."""

from __future__ import annotations

import re

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from signatures.characters import STARS, TRADITIONAL, ZERO_WIDTH
from signatures.markings import Grammar
from signatures.markings.normalise import Joiner, normalise
from signatures.passages import Passage, Zone
from signatures.rules import load_rules

GRAMMAR = Grammar(load_rules())

LEVELS = st.sampled_from(["绝密", "机密", "秘密"])
COUNTS = st.integers(1, 30).map(lambda n: (f"{n}年", f"P{n}Y")) | st.integers(1, 11).map(
    lambda n: (f"{n}个月", f"P{n}M")
)
TERMS = COUNTS | st.sampled_from(
    [("长期", "LONG"), ("2031年6月1日", "DATE:2031-06-01"), ("2031年6月", "DATE:2031-06-30"), ("启用前", "COND:启用前")]
)
ZONES = st.sampled_from(
    [
        Zone.P1_TOP_LEFT, Zone.P1_BLOCK, Zone.COVER, Zone.TITLE, Zone.HEADER, Zone.FOOTER, Zone.WATERMARK, Zone.STAMP,
        Zone.SHEET_HEADER, Zone.SHEET_TAB, Zone.SLIDE_FOOTER, Zone.SLIDE_MASTER, Zone.CELL, Zone.DOC_PROPERTY,
        Zone.NOTE_END, Zone.BODY,
    ]
)  # fmt: skip
INVISIBLE = st.text(alphabet=sorted(ZERO_WIDTH), max_size=1)
GAP = st.text(alphabet=[*" \t\u00a0\u3000-·", *sorted(ZERO_WIDTH)], max_size=3)
SPACES = st.text(alphabet=" \u00a0\u3000", max_size=3)
TRADITIONAL_OF = {plain: odd for odd, plain in TRADITIONAL.items()}


def letters(plain: str) -> st.SearchStrategy[str]:
    """A character in any of its writings of N1 and N3."""
    wide = [chr(ord(plain) + 0xFEE0)] if plain.isdigit() else []
    return st.sampled_from([plain, *wide, TRADITIONAL_OF.get(plain, plain)])


@st.composite
def variations(draw: st.DrawFn, level: str, term: str) -> str:
    """``level★term`` in any mixture of the writings of N1 to N5."""
    first, second = (draw(letters(c)) for c in level)
    star = draw(st.sampled_from(["★", *sorted(STARS), "*", "＊"]))
    between = draw(GAP)
    before, after = draw(SPACES), draw(SPACES)
    told = "".join(draw(letters(c)) + draw(INVISIBLE) for c in term)
    return f"{first}{between}{second}{before}{star}{after}{told}"


@settings(max_examples=300)
@given(data=st.data(), level=LEVELS, term=TERMS, zone=ZONES)
def test_no_variation_of_its_writing_loses_a_mark_or_changes_what_it_says(
    data: st.DataObject, level: str, term: tuple[str, str], zone: Zone
) -> None:
    text = data.draw(variations(level, term[0]))
    found = GRAMMAR.find([Passage(zone, text)])
    assert [(f.family, f.level, f.period) for f in found] == [("state", level, term[1])]
    assert found[0].marking.startswith(f"{level}★")


@given(data=st.data(), level=LEVELS, term=COUNTS, zone=ZONES)
def test_a_mark_written_top_down_says_the_same(
    data: st.DataObject, level: str, term: tuple[str, str], zone: Zone
) -> None:
    end = data.draw(st.sampled_from(["\n", "\r\n", " \n"]))
    above = data.draw(st.sampled_from(["", "关于演练安排的通知\n"]))
    star = data.draw(st.sampled_from(["★", *sorted(STARS)]))
    text = above + end.join(data.draw(letters(c)) + data.draw(INVISIBLE) for c in f"{level}{star}{term[0]}")
    found = GRAMMAR.find([Passage(zone, text)])
    assert [(f.level, f.period) for f in found] == [(level, term[1])]
    assert "VERTICAL" in found[0].codes


@given(data=st.data(), level=LEVELS, zone=st.sampled_from([Zone.HEADER, Zone.P1_TOP_LEFT, Zone.WATERMARK, Zone.CELL]))
def test_no_variation_of_its_writing_loses_a_lone_level_word(data: st.DataObject, level: str, zone: Zone) -> None:
    first, second = (TRADITIONAL_OF.get(c, c) if data.draw(st.booleans()) else c for c in level)
    opening, closing = data.draw(
        st.sampled_from([("", ""), ("【", "】"), ("（", "）"), ("[", "]"), ("〔", "〕"), (" ", " ")])
    )
    found = GRAMMAR.find([Passage(zone, f"{opening}{first}{data.draw(GAP)}{second}{closing}")])
    assert [(f.family, f.level, f.period) for f in found] == [("level_only", level, None)]


@given(data=st.data(), level=LEVELS, term=COUNTS)
def test_a_field_says_the_same_in_any_writing(data: st.DataObject, level: str, term: tuple[str, str]) -> None:
    colon, inner = data.draw(st.sampled_from([":", "：", "： ", " ："])), data.draw(GAP)
    gap = data.draw(st.sampled_from(["  ", "\u3000", "    ", "；", "，"]))
    value = f"{level[0]}{inner}{level[1]}"
    found = GRAMMAR.find([Passage(Zone.COVER, f"密级{colon}{value}{gap}保密期限{colon}{term[0]}")])
    assert [(f.family, f.level, f.period) for f in found] == [("state", level, term[1])]


TEXT = st.text(
    alphabet=st.one_of(st.characters(), st.sampled_from("机密機绝秘★☆*１０年（）【】 \t\u3000\u200b-·\n内部资料"))
)


@given(TEXT)
def test_the_original_is_found_again_from_every_slice_of_the_view(text: str) -> None:
    joiner = Joiner(("机密", "绝密", "秘密", "内部资料"))
    view = normalise(text, joiner)
    assert view.original == text
    assert len(view.text) == len(view.origin)
    assert all(a <= b for a, b in zip(view.origin, list(view.origin)[1:], strict=False))
    for place in range(len(view.text)):
        first, last = view.span(place, place + 1)
        assert last == first + 1
        assert view.text[place] in normalise(text[first:last]).text
    if view.text:
        first, last = view.span(0, len(view.text))
        assert normalise(text[first:last], joiner).text == view.text


@given(TEXT)
def test_a_view_of_a_view_is_the_view(text: str) -> None:
    joiner = Joiner(("机密", "绝密", "秘密", "内部资料"))
    once = normalise(text, joiner).text
    assume(not re.search(r"[-·\s]", once))
    assert normalise(once, joiner).text == once


WITHOUT_STARS = st.text(
    alphabet=st.sampled_from("绝机秘密级内部资料的是和、，。：（）“”年月日10国家公司文件应当不得 \n第条一二A.□☑")
)


@settings(max_examples=300)
@given(lines=st.lists(WITHOUT_STARS, max_size=6))
def test_body_text_without_a_star_never_holds_a_mark(lines: list[str]) -> None:
    assert GRAMMAR.find([Passage(Zone.BODY, "\n".join(lines))], least=25) == ()


# Score: no bonus of 3.3 ever takes points away.


def confidence(*passages: Passage) -> int:
    return max((f.confidence for f in GRAMMAR.find(passages, least=1) if f.zone == passages[0].zone), default=0)


MARKS = st.sampled_from(
    ["机密★10年", "秘密★", "绝密", "机密 5年", "密级：秘密", "（机密）方案", "关于机密★5年的说明", "例如：机密★5年"]
)
FRONTS = st.sampled_from([Zone.P1_TOP_LEFT, Zone.P1_BLOCK, Zone.COVER, Zone.TITLE])
CUES = ["000012", "特急", "远山市人民政府文件", "远政〔2024〕15号"]


@given(mark=MARKS, zone=ZONES, pages=st.integers(2, 9))
def test_repetition_over_pages_never_weakens_a_mark(mark: str, zone: Zone, pages: int) -> None:
    assert confidence(Passage(zone, mark, pages=pages)) >= confidence(Passage(zone, mark))


@given(mark=MARKS, zone=ZONES)
def test_large_or_red_type_never_weakens_a_mark(mark: str, zone: Zone) -> None:
    assert confidence(Passage(zone, mark, emphasis=True)) >= confidence(Passage(zone, mark))


@given(mark=MARKS, zone=FRONTS, cues=st.lists(st.sampled_from(CUES), unique=True), more=st.sampled_from(CUES))
def test_each_further_element_of_official_paper_never_weakens_a_mark(
    mark: str, zone: Zone, cues: list[str], more: str
) -> None:
    less = Passage(zone, "\n".join([mark, *cues]))
    full = Passage(zone, "\n".join([mark, *cues, more]))
    assert confidence(full) >= confidence(less)


@given(mark=MARKS, zone=FRONTS, name=st.sampled_from(["（机密）方案.docx", "秘密-名单.xlsx", "（绝密）.pdf"]))
def test_a_name_that_agrees_never_weakens_a_mark(mark: str, zone: Zone, name: str) -> None:
    assert confidence(Passage(zone, mark), Passage(Zone.FILENAME, name)) >= confidence(Passage(zone, mark))


@given(mark=st.sampled_from(["机密★10年", "秘密★", "绝密", "机密 5年"]), zone=ZONES)
def test_a_line_of_its_own_never_weakens_a_mark(mark: str, zone: Zone) -> None:
    assert confidence(Passage(zone, mark)) >= confidence(Passage(zone, f"{mark} 材料一"))


@given(level=LEVELS, term=COUNTS, zone=ZONES)
def test_star_and_term_each_strengthen_a_mark(level: str, term: tuple[str, str], zone: Zone) -> None:
    bare, plain = confidence(Passage(zone, level)), confidence(Passage(zone, f"{level} {term[0]}"))
    starred, whole = confidence(Passage(zone, f"{level}★")), confidence(Passage(zone, f"{level}★{term[0]}"))
    assert bare <= plain <= whole
    assert bare <= starred <= whole
