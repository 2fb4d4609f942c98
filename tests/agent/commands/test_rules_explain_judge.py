from __future__ import annotations

import json
from typing import Any

import pytest

from agent import cli


def judged(capsys: pytest.CaptureFixture[str], *options: str, marking: str = "机密★10年") -> dict[str, Any]:
    assert cli.main(["--lang", "en", "rules", "explain", marking, "--judge", "--format", "json", *options]) == 0
    return dict(json.loads(capsys.readouterr().out)["judged"])


def test_the_row_that_decides_is_told_with_its_control_clause_and_severity(capsys: pytest.CaptureFixture[str]) -> None:
    (finding,) = judged(capsys, "--class", "internet")["findings"]
    outcome = finding["outcome"]
    assert (outcome["control"], outcome["severity"]) == ("CPC-02", "critical")
    assert outcome["clause"]
    assert outcome["when"] == {"computer": ["internet"], "family": ["state"], "place": ["fixed"]}


def test_each_row_before_it_says_why_it_does_not_fit(capsys: pytest.CaptureFixture[str]) -> None:
    (finding,) = judged(capsys, "--class", "internal", "--place", "medium")["findings"]
    rows = [tried["row"] for tried in finding["tried"]]
    assert rows == list(range(1, finding["outcome"]["row"]))
    first = finding["tried"][0]
    assert (first["control"], first["misfit"], first["wants"]) == ("MEDIA-05", "computer", ["confidential"])


@pytest.mark.parametrize(
    ("options", "control"),
    [
        (("--class", "confidential", "--level", "机密"), None),
        (("--class", "confidential", "--level", "秘密"), "CPC-09"),
        (("--class", "confidential", "--level", "绝密", "--medium", "internal"), "MEDIA-05"),
        (("--class", "confidential", "--level", "机密", "--draft", "--unmarked"), "MARK-16"),
        (("--class", "internal", "--store", "sync"), "NPC-08"),
        (("--class", "internet", "--store", "mail"), "NET-07"),
        (("--class", "internal", "--medium", "internal"), "MEDIA-05"),
    ],
)
def test_class_level_place_and_store_change_the_outcome(
    capsys: pytest.CaptureFixture[str], options: tuple[str, ...], control: str | None
) -> None:
    (finding,) = judged(capsys, *options)["findings"]
    assert finding["outcome"]["control"] == control
    assert finding["outcome"]["row"]


def test_what_the_medium_itself_breaks_is_told_row_by_row(capsys: pytest.CaptureFixture[str]) -> None:
    rows = judged(capsys, "--class", "internal", "--medium", "confidential", "--status", "lost")["medium"]
    assert [row["control"] for row in rows if "when" in row] == ["DISPOSE-08", "MEDIA-06"]
    assert all(row["misfit"] for row in rows if "when" not in row)


def test_documents_left_on_a_medium_for_carrying_are_a_row_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    for options, fits in (("--transfer", "--left"), ["MEDIA-10"]), (("--left",), []), (("--transfer",), []):
        rows = judged(capsys, "--class", "internal", "--medium", "internal", *options)["medium"]
        assert [row["control"] for row in rows if "when" in row] == fits


def test_what_is_broken_besides_once_an_approval_is_over_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    for computer, fits in ("internal", ["NPC-02"]), ("internet", []):
        (finding,) = judged(capsys, "--class", computer, "--lapsed")["findings"]
        assert [row["control"] for row in finding["besides"] if "when" in row] == fits


def test_people_read_it_in_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--lang", "zh", "rules", "explain", "机密★10年", "--judge", "--class", "internet"]) == 0
    shown = capsys.readouterr().out
    assert "CPC-02" in shown
    assert "第 1 行 → MEDIA-05：computer 须为 confidential" in shown.replace(": ", "：")


def test_a_text_that_is_no_marking_has_nothing_to_be_judged(capsys: pytest.CaptureFixture[str]) -> None:
    assert judged(capsys, marking="今天开会")["findings"] == []
