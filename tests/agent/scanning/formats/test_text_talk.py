"""Texts with more level words than anybody reads: what says something else is told all the same."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.scanning.formats import text
from agent.scanning.formats.base import MiB, Reading, Source
from agent.scanning.formats.text_lines import Lines, line_ends
from agent.scanning.formats.text_talk import Said, apart, besides
from agent.scanning.talk import in_bytes, talk_of
from signatures.engine import MANY, LiteralSieve, Span, build
from signatures.literals import Literal
from signatures.markings import Grammar
from signatures.passages import Passage
from signatures.rules import load_rules

RULES = load_rules()
GRAMMAR = Grammar(RULES)
SEARCHED = frozenset({"utf-8", "gb18030", "big5", "utf-16-le", "utf-16-be"})
PROSE = "會議要求各有關部門密切配合，按時完成年度工作計劃。"
TALK = "機密級文件應當在專用計算機上起草，絕密級、機密級和秘密級的都要登記，不得外傳。"


@pytest.fixture(scope="module")
def sieve(compiled: Path) -> LiteralSieve:
    return build(RULES.literals, talk=talk_of(RULES), cache=compiled)


@pytest.fixture(scope="module")
def reading(sieve: LiteralSieve) -> Reading:
    return Reading(sieve, talk=in_bytes(sieve.talk), quiet=sieve)


def passages(data: bytes, reading: Reading) -> list[Passage]:
    return [piece for piece in text.pieces(Source.of(data), reading) if isinstance(piece, Passage)]


def told(data: bytes, encoding: str, sieve: LiteralSieve) -> set[Span]:
    return set(besides(Lines(data, b"\n", encoding), sieve, SEARCHED, Said(), first=True, last=True))


LINES = st.sampled_from(
    [
        PROSE, TALK, "機密", "機密★10年", "機 密 ★ 長期", "密級：秘密", "  絕密★啟用前", "密級\t秘密",
        "| 密級 | 絕密 |", "SECRET//NOFORN", "標注為機密★10年的文件", "級別: 內部", "內部資料 注意保存",
        "部門：★ 秘密", "* 機密", "",
    ]
)  # fmt: skip
CROWDS = st.sampled_from(["秘密★", "秘密", "編號7，密級：秘密", "2024-05-01 12:30 打開 秘密★3年 文件", TALK])


@settings(max_examples=20, deadline=None)
@given(
    crowd=CROWDS,
    lines=st.lists(LINES, min_size=1, max_size=30),
    encoding=st.sampled_from(["utf-8", "gb18030", "big5"]),
    feed=st.sampled_from(["", "\f"]),
)
def test_among_thousands_of_hits_every_line_is_told_that_says_what_is_not_said_hundreds_of_times(
    crowd: str, lines: list[str], encoding: str, feed: str, sieve: LiteralSieve
) -> None:
    many = [crowd] * (MANY // 2 + 200)
    data = "\n".join([*lines, *many, *lines, *many, *lines, feed, PROSE]).encode(encoding)
    every = set(sieve.spans(data, encodings=SEARCHED))
    found = told(data, encoding, sieve)
    assert found <= every
    talk = in_bytes(sieve.talk)
    own = Lines(data, b"\n", encoding)
    marked, _ = apart(own, own.lay([(start, end) for start, end, _ in every]), talk)
    said = Counter(own.text(start) for start in own.between(0, len(data)))
    seldom = {start for start in marked if said[own.text(start)] <= 200}
    assert seldom <= {own.begin(start) for start, _, _ in found}


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "big5"])
@pytest.mark.parametrize("mark", ["機密★10年", "SECRET//NOFORN", "內部資料 注意保存"])
@pytest.mark.parametrize("crowd", ["秘密★", "秘密", "件三，秘密★，"])
def test_in_a_line_without_end_what_is_said_once_is_told(
    crowd: str, mark: str, encoding: str, sieve: LiteralSieve
) -> None:
    head = (crowd * (MANY + 500)).encode(encoding)
    data = head + mark.encode(encoding) + head
    every = sieve.spans(data, encodings=SEARCHED)
    own = {span for span in every if len(head) <= span[0] and span[1] <= len(head) + len(mark.encode(encoding))}
    assert own
    assert own <= told(data, encoding, sieve)


@pytest.mark.parametrize(
    ("crowd", "encoding"),
    [*(("秘密★", encoding) for encoding in sorted(SEARCHED)), ("秘密", "utf-8"), ("秘密", "big5"), ("秘密★\n", "big5")],
)
def test_however_long_level_words_go_on_no_more_of_them_is_read(crowd: str, encoding: str, reading: Reading) -> None:
    def read(size: int) -> int:
        data = crowd.encode(encoding)
        return sum(len(passage.text) for passage in passages(data * (size // len(data)), reading))

    once = read(MiB * 5 // 4)
    assert once < MiB // 10
    assert read(MiB * 17 // 8) < once + 5000


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16-le"])
def test_a_mark_of_another_level_deep_in_thousands_of_the_same_is_found_with_its_line(
    encoding: str, reading: Reading
) -> None:
    lines = ["秘密★5年"] * 75_000
    lines[70_000] = "绝密★长期"
    found = GRAMMAR.find(passages("\n".join(lines).encode(encoding), reading))
    assert {(one.level, one.period) for one in found} == {("秘密", "P5Y"), ("绝密", "LONG")}
    assert [one.place.line for one in found if one.level == "绝密"] == [70_001]


def test_of_a_sort_of_lines_two_thousand_are_read_and_every_other_sort_besides() -> None:
    listed = [f"秘密★5年 {chr(0x4E00 + number)}" for number in range(2600)]
    data = "\n".join([*listed, "绝密★5年", *listed]).encode()
    own = Lines(data, b"\n", "utf-8")
    hits = own.lay([(start, start + 6) for start in own.following(0, 6000)])
    kept = Said().seldom(own, hits, hits)
    assert [own.text(start) for start in kept] == [*listed[:2000], "绝密★5年"]


def test_words_that_are_looked_for_are_told_among_thousands_of_level_words(compiled: Path) -> None:
    sieve = build(RULES.literals, words=[Literal("天河")], talk=talk_of(RULES), cache=compiled)
    data = ("秘密★\n" * (MANY + 500) + "天河工程\n" + "秘密★\n" * 500).encode()
    where = data.index("天河".encode())
    assert (where, where + 6, "utf-8") in told(data, "utf-8", sieve)


@given(st.lists(st.text(alphabet="a秘 ", max_size=200), max_size=200), st.integers(0, 50), st.integers(0, 500))
def test_line_ends_are_counted_whether_lines_are_long_or_short(lines: list[str], start: int, less: int) -> None:
    data = "\n".join(lines).encode()
    end = max(start, len(data) - less)
    assert line_ends(data, b"\n", start, end) == data[start:end].count(b"\n")
