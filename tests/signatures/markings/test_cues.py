from __future__ import annotations

import pytest

from signatures.markings.cues import COPY_NUMBER, DOCUMENT_NUMBER, RED_HEAD, URGENCY, cues_in, cues_of, lacks_mark
from signatures.passages import Passage, Zone


@pytest.mark.parametrize(
    ("line", "cue"),
    [
        ("000012", COPY_NUMBER),
        (" ０００１２３ ", COPY_NUMBER),
        ("份号：000012", COPY_NUMBER),
        ("№ 000012", COPY_NUMBER),
        ("特急", URGENCY),
        ("紧急程度：加 急", URGENCY),
        ("远山市人民政府文件", RED_HEAD),
        ("远 山 市 财 政 局", RED_HEAD),
        ("远政〔2024〕15号", DOCUMENT_NUMBER),
        ("远政办(2024) 第 15 号", DOCUMENT_NUMBER),
    ],
)
def test_the_elements_of_official_paper_are_known_by_their_form(line: str, cue: str) -> None:
    assert cues_in(["说明", line]) == {cue: 1}


@pytest.mark.parametrize(
    "line",
    [
        "",
        "12345",
        "1234567",
        "电话：000012",
        "内部文件",
        "保密委员会",
        "涉密人员管理办公室",
        "特急件请速办",
        "远政2024年15号",
        "甲" * 58 + "文件",
    ],
)
def test_what_only_looks_a_little_like_them_is_none(line: str) -> None:
    assert cues_in([line]) == {}


def test_of_the_same_element_twice_the_first_counts() -> None:
    assert cues_in(["000001", "特急", "000002"]) == {COPY_NUMBER: 0, URGENCY: 1}


def test_only_the_front_of_a_document_is_looked_at() -> None:
    assert cues_of([Passage(Zone.BODY, "000012"), Passage(Zone.FOOTER, "000012")]) == {}
    assert cues_of([Passage(Zone.P1_BLOCK, "特急"), Passage(Zone.TITLE, "无\n000012")]) == {URGENCY: 0, COPY_NUMBER: 2}
    assert cues_of([Passage(Zone.P1_BLOCK, "无\n" * 60 + "000012")]) == {}
    assert cues_of([Passage(Zone.P1_BLOCK, "无\n" * 60), Passage(Zone.P1_BLOCK, "特急")]) == {}


def test_a_copy_number_above_a_red_head_asks_for_a_mark() -> None:
    assert lacks_mark({COPY_NUMBER: 0, RED_HEAD: 3})
    assert not lacks_mark({COPY_NUMBER: 3, RED_HEAD: 0})
    assert not lacks_mark({COPY_NUMBER: 0})
    assert not lacks_mark({RED_HEAD: 0})


@pytest.mark.parametrize(("length", "cue"), [(60, {URGENCY: 0}), (61, {})])
def test_a_cue_fills_a_short_line(length: int, cue: dict[str, int]) -> None:
    assert cues_in(["特急".ljust(length)]) == cue
