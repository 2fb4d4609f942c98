"""What is said of a file in which words of a list stand."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.records import Finding, Place, Severity
from signatures.engine import build
from signatures.keywords import parse
from signatures.keywords.folding import letter_forms
from signatures.passages import Passage, Zone

WORDS = ("天河计划", "发展规划", "项目(一)", "Project X-9", "研发R&D中心", "皇后号", "里程碑")
LIST = parse("\n".join(WORDS).encode(), Path("projects.txt"))
ENCODINGS = ("utf-8", "gb18030", "utf-16-le", "utf-16-be", "big5")
SIEVES = [build((), words=LIST.literals, prefer=prefer) for prefer in ("hyperscan", "portable")]


def found(settings: str, text: str, *, least: int = 1, zone: Zone = Zone.BODY) -> tuple[Finding, ...]:
    return parse(settings.encode(), Path("list.yaml")).find([Passage(zone, text)], least=least)


def test_a_finding_is_a_family_of_its_own_and_never_an_alert() -> None:
    (finding,) = LIST.find([Passage(Zone.HEADER, "见天河計劃", Place(page=3))])
    assert (finding.rule, finding.family, finding.level, finding.period) == ("keyword.projects", "keyword", None, None)
    assert (finding.zone, finding.place, finding.severity) == ("header", Place(page=3), Severity.LOW)
    assert finding.confidence == 45
    (finding,) = LIST.find([Passage(Zone.HEADER, " ".join(WORDS))])
    assert finding.confidence == 69


def test_the_word_itself_and_what_stands_around_it_are_kept_out_unless_asked_for() -> None:
    text = "前文 天河计划 长城 后文"
    words = "words: [天河计划, {word: 长城, label: 甲}]\n"
    (quiet,) = found(words, text)
    (loud,) = found("show: true\n" + words, text)
    assert quiet.marking == "list: #1 甲"
    assert loud.marking == "list: 天河计划 长城"


def test_of_many_words_the_heaviest_five_are_named() -> None:
    words = "words: [甲一, 甲二, 甲三, 甲四, 甲五, 甲六, {word: 甲七, weight: 9}]\n"
    (finding,) = found(words, "甲一甲二甲三甲四甲五甲六甲七")
    assert finding.marking == "list: #7 #1 #2 #3 #4 +2"


def test_weights_add_up_over_different_words_and_passages_to_the_threshold() -> None:
    words = parse("threshold: 3\nwords: [甲方, {word: 乙方, weight: 2}]\n".encode(), Path("a.yaml"))
    one = [Passage(Zone.BODY, "甲方甲方甲方")]
    assert words.find(one) == ()
    assert words.find(one, least=25)[0].confidence < 45
    assert words.find([*one, Passage(Zone.FOOTER, "乙方")])[0].confidence == 45


def test_the_place_is_that_of_the_heaviest_word_with_its_line() -> None:
    words = parse("words: [甲方, {word: 乙方, weight: 2}]\n".encode(), Path("a.yaml"))
    passages = [Passage(Zone.TITLE, "甲方"), Passage(Zone.BODY, "一\n二\n乙方", Place(line=11))]
    (finding,) = words.find(passages)
    assert (finding.zone, finding.place) == ("body", Place(line=13))


@pytest.mark.parametrize(
    ("whole", "text", "seen"),
    [
        ("null", "mail", False),
        ("null", "用AI做", True),
        ("null", "AI_2", False),
        ("null", "ＡＩ２", False),
        ("null", "AI-2", True),
        ("null", "大天河市", True),
        ("true", "大天河市", False),
        ("true", "（天河）", True),
        ("true", "看AI与天河", True),
        ("true", "看AIX与天河", False),
        ("true", "在 天河 上", True),
        ("true", "mail", False),
        ("false", "mail", True),
    ],
)
def test_whole_words_have_no_letter_beside_them(whole: str, text: str, seen: bool) -> None:
    assert bool(found(f"whole_word: {whole}\nwords: [AI, 天河]\n", text)) is seen


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("长城汽车", False),
        ("汽車：長城", False),
        ("长城" + "一" * 9 + "汽车", True),
        ("长城汽车" + "一" * 30 + "长城", True),
        ("登长城", True),
    ],
)
def test_a_word_near_another_that_speaks_against_it_is_not_meant(text: str, seen: bool) -> None:
    assert bool(found("distance: 8\nwords: [{word: 长城, not_near: [汽车]}]\n", text)) is seen


def test_a_word_of_two_parts_is_found_over_a_line_end_and_any_blank() -> None:
    assert LIST.find([Passage(Zone.BODY, "project\nx-9")])
    assert LIST.find([Passage(Zone.BODY, "ＰＲＯＪＥＣＴ　Ｘ－９")])


def test_nothing_is_found_where_nothing_stands() -> None:
    assert LIST.find([]) == ()
    assert LIST.find([Passage(Zone.BODY, "天河 计划 projectx-9")], least=1) == ()


def test_text_dense_with_words_is_read_in_linear_time() -> None:
    same_start = parse("\n".join(f"秘密{number:04}" for number in range(5000)).encode(), Path("a.txt"))
    assert same_start.find([Passage(Zone.BODY, "秘密" * 200_000)], least=1) == ()


letters = st.sampled_from("天河计划，。 aZ9\n里后")


@st.composite
def varied_words(draw: st.DrawFn) -> str:
    """A word of the list, each character in any of its widths, cases and scripts."""
    written = ""
    for letter in draw(st.sampled_from(WORDS)):
        forms = letter_forms(letter)
        if letter.isascii() and letter != " ":
            wide = chr(ord(letter) + 0xFEE0)
            forms = f"{letter}{letter.lower()}{letter.upper()}{wide}{wide.lower()}{wide.upper()}"
        elif letter == " ":
            forms = " \u3000\xa0\t\n"
        written += draw(st.sampled_from(forms))
    return written


@settings(max_examples=150, deadline=None)
@given(st.text(letters, max_size=12), varied_words(), st.text(letters, max_size=12), st.sampled_from(ENCODINGS))
def test_no_way_to_write_a_word_is_lost_between_sieve_and_list(
    before: str, word: str, after: str, encoding: str
) -> None:
    text = f"{before} {word} {after}"
    assert LIST.find([Passage(Zone.BODY, text)])
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        return
    for sieve in SIEVES:
        assert sieve.worth(data, encodings=frozenset({encoding}))
        assert sieve.spans(data, encodings=frozenset(ENCODINGS))


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=60))
def test_text_without_any_of_the_words_is_never_a_finding(text: str) -> None:
    plain = parse("不存在的词甲\n不存在的词乙".encode(), Path("a.txt"))
    assert plain.find([Passage(Zone.BODY, text)], least=1) == () or "不存在的" in text
