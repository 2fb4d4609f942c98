"""What several files together, or a ledger beside them, show of their marks."""

from __future__ import annotations

from datetime import date

import pytest

from protocol.records import Finding, Severity
from signatures.markings import Row, combine, mismatched_copies, not_in_ledger, with_code


def mark(level: str | None = "机密", period: str | None = "P10Y", **changes: object) -> Finding:
    fields: dict[str, object] = {
        "rule": "cn-state.starred", "family": "state", "level": level, "period": period, "zone": "p1_top_left",
        "confidence": 95, "severity": Severity.CRITICAL, "marking": f"{level}★",
    }  # fmt: skip
    return Finding(**(fields | changes))  # type: ignore[arg-type]


def codes(rows: list[Row]) -> list[list[tuple[str, ...]]]:
    return [[finding.codes for finding in findings] for findings in combine(rows)]


def test_a_container_marked_below_its_highest_member_is_told() -> None:
    rows = [Row(None, (mark("秘密"),)), Row("a.docx", (mark("机密"),)), Row("b.docx", (mark("秘密"),))]
    assert codes(rows) == [[("COMPILATION",)], [()], [()]]


def test_a_container_marked_with_a_shorter_period_is_told() -> None:
    rows = [Row(None, (mark("机密", "P5Y"),)), Row("a.docx", (mark("秘密", "P10Y"),))]
    assert codes(rows) == [[("COMPILATION",)], [()]]
    dated = mark("秘密", "DATE:2031-01-01", expires=date(2031, 1, 1))
    rows = [Row(None, (mark("机密", "P5Y", expires=date(2030, 1, 1)),)), Row("a.docx", (dated,))]
    assert codes(rows) == [[("COMPILATION",)], [()]]


def test_a_container_marked_as_high_and_as_long_as_its_members_is_right() -> None:
    rows = [Row(None, (mark("机密", "P10Y"),)), Row("a.docx", (mark("秘密", "P5Y"),)), Row("b", (mark("机密"),))]
    assert codes(rows) == [[()], [()], [()]]


def test_a_container_without_a_period_is_held_to_its_level_alone() -> None:
    assert codes([Row(None, (mark("机密", None),)), Row("a", (mark("秘密", "P5Y"),))]) == [[()], [()]]


def test_a_container_without_a_mark_has_none_that_could_be_wrong() -> None:
    assert codes([Row(None), Row("a.docx", (mark("绝密"),))]) == [[], [()]]


def test_every_container_around_a_member_answers_for_it() -> None:
    rows = [
        Row(None, (mark("机密"),)),
        Row("x/inner.zip", (mark("秘密"),)),
        Row("x/inner.zip!a.docx", (mark("机密"),)),
        Row("other.zip", (mark("秘密"),)),
        Row("x/inner.zip.txt", (mark("秘密"),)),
    ]
    assert codes(rows) == [[()], [("COMPILATION",)], [()], [()], [()]]


def test_nesting_is_followed_through_any_depth_and_names_with_the_joining_sign() -> None:
    rows = [
        Row(None),
        Row("a.zip", (mark("机密"),)),
        Row("a.zip!!b!.zip", (mark("秘密"),)),
        Row("a.zip!!b!.zip!c.zip", (mark("秘密"),)),
        Row("a.zip!!b!.zip!c.zip!d.docx", (mark("机密"),)),
        Row("!x", (mark("秘密"),)),
    ]
    assert codes(rows) == [[], [()], [("COMPILATION",)], [("COMPILATION",)], [()], [()]]


def test_a_container_whose_name_begins_with_the_joining_sign_answers_for_its_members() -> None:
    rows = [Row(None), Row("!a.zip", (mark("秘密"),)), Row("!a.zip!b.docx", (mark("机密"),))]
    assert codes(rows) == [[], [("COMPILATION",)], [()]]


def test_the_highest_of_several_marks_counts_on_both_sides() -> None:
    two = (mark("机密", "P5Y"), mark("秘密", "P10Y", zone="header"))
    assert codes([Row(None, two), Row("a", (mark("机密", "P5Y"),))]) == [[(), ()], [()]]
    assert codes([Row(None, two[::-1]), Row("a", (mark("机密", "P5Y"),))]) == [[(), ()], [()]]
    assert codes([Row(None, (mark("秘密", "P20Y"),)), Row("a", two)])[0] == [("COMPILATION",)]


def test_terms_of_another_scheme_are_not_compared() -> None:
    trade = mark("核心商密", "P30Y", family="commercial")
    assert codes([Row(None, (mark("机密", "P5Y"),)), Row("a", (mark("机密", "P5Y"), trade))])[0] == [()]
    assert codes([Row(None, (mark("机密", "P5Y"), trade)), Row("a", (mark("机密", "P10Y"),))])[0] == [
        ("COMPILATION",),
        (),
    ]


def test_rows_may_come_in_any_order() -> None:
    rows = [Row("a.docx", (mark("机密"),)), Row(None, (mark("秘密"),))]
    assert codes(rows) == [[()], [("COMPILATION",)]]


def test_an_attachment_above_its_letter_is_told_at_the_attachment() -> None:
    rows = [
        Row(None, (mark("秘密"),), letter=True),
        Row("a.docx", (mark("机密"),)),
        Row("b.docx", (mark("秘密"),)),
    ]
    assert codes(rows) == [[()], [("PORTION_HIGHER",)], [()]]
    assert codes([Row(None, (), letter=True), Row("a.docx", (mark("机密"),))]) == [[], [()]]


def test_marks_of_different_schemes_are_not_compared() -> None:
    rows = [Row(None, (mark("SECRET", None, family="us"),)), Row("a", (mark("绝密"),))]
    assert codes(rows) == [[()], [()]]
    rows = [Row(None, (mark("SECRET", None, family="us"),)), Row("a", (mark("TOP SECRET", None, family="us"),))]
    assert codes(rows) == [[("COMPILATION",)], [()]]


def test_a_lone_level_word_is_compared_as_a_state_mark() -> None:
    rows = [Row(None, (mark("秘密", None, family="level_only", zone="filename"),)), Row("a", (mark("机密"),))]
    assert codes(rows) == [[("COMPILATION",)], [()]]


def test_weak_and_dead_marks_take_no_part() -> None:
    for dead in (mark("绝密", confidence=44), mark("绝密", codes=("CHANGED_MARK",))):
        assert codes([Row(None, (mark("秘密"),)), Row("a", (dead,))]) == [[()], [dead.codes]]
    declassified = mark("秘密", codes=("DECLASSIFIED_STAMP",))
    assert codes([Row(None, (declassified,)), Row("a", (mark("机密"),))]) == [[("DECLASSIFIED_STAMP",)], [()]]
    edge = mark("绝密", confidence=45)
    assert codes([Row(None, (mark("秘密"),)), Row("a", (edge,))]) == [[("COMPILATION",)], [()]]


def test_of_a_containers_findings_only_the_marks_of_that_scheme_carry_the_code() -> None:
    other = mark("内部", None, family="internal")
    rows = [Row(None, (mark("秘密", codes=("STAR_VARIANT",)), other)), Row("a", (mark("机密"),))]
    assert codes(rows) == [[("STAR_VARIANT", "COMPILATION"), ()], [()]]


def test_a_container_of_very_many_members_is_compared_with_all_of_their_levels() -> None:
    rows = [Row(None, (mark("机密", "P5Y"),))]
    rows += [Row(f"{n}.docx", (mark("秘密", f"P{n % 5 + 1}Y"),)) for n in range(3000)]
    assert codes(rows)[0] == [()]
    assert codes([*rows, Row("last.docx", (mark("绝密"),))])[0] == [("COMPILATION",)]


def test_copies_that_lost_or_changed_their_mark_are_named() -> None:
    copies = {
        "original": [mark("机密", "P10Y")],
        "same": [mark("机密", "P10Y", zone="header"), mark("秘密", "P20Y")],
        "lower": [mark("秘密", "P10Y")],
        "shorter": [mark("机密", "P5Y")],
        "bare": [mark("机密", None, family="level_only")],
        "none": [],
        "weak": [mark("机密", "P10Y", confidence=30)],
        "other": [mark("内部", None, family="internal")],
    }
    assert mismatched_copies(copies) == ("lower", "shorter", "bare", "none", "weak", "other")


def test_a_copy_without_a_mark_has_lost_even_the_lowest() -> None:
    assert mismatched_copies({"original": [mark("秘密", None)], "copy": []}) == ("copy",)


def test_copies_that_agree_are_right() -> None:
    assert mismatched_copies({"a": [mark()], "b": [mark()]}) == ()
    assert mismatched_copies({"a": [], "b": []}) == ()
    assert mismatched_copies({}) == ()


def test_of_two_periods_of_one_level_the_stronger_finding_counts() -> None:
    both = [mark("机密", "P5Y"), mark("机密", "P10Y", confidence=60)]
    assert mismatched_copies({"a": both, "b": [mark("机密", "P5Y")], "c": [mark("机密", "P10Y")]}) == ("c",)


def test_of_a_mark_and_its_bare_repetition_the_one_with_a_period_is_the_documents() -> None:
    both = [mark("机密", None, family="level_only", zone="footer"), mark("机密", "P10Y")]
    assert mismatched_copies({"a": both, "b": [mark("机密", "P10Y")]}) == ()


def test_a_marked_document_whose_number_the_ledger_lacks_is_told() -> None:
    ledger = ["远政[2024]14号", "远政（2024）第16号", "not a number"]
    assert not_in_ledger([mark()], "远政〔2024〕15号", ledger)[0].codes == ("NOT_IN_LEDGER",)
    assert not_in_ledger([mark()], "远政〔2024〕16号", ledger)[0].codes == ()
    assert not_in_ledger([mark()], "远政〔2024〕15号", [])[0].codes == ("NOT_IN_LEDGER",)


def test_what_has_no_number_cannot_be_looked_up() -> None:
    assert not_in_ledger([mark()], None, ["远政〔2024〕14号"])[0].codes == ()
    assert not_in_ledger([mark()], "某文件", ["远政〔2024〕14号"])[0].codes == ()


def test_a_code_goes_to_live_state_marks_only() -> None:
    internal, weak = mark("内部", None, family="internal"), mark(confidence=30)
    told = with_code([mark(), internal, weak], "COPY_MISMATCH")
    assert [finding.codes for finding in told] == [("COPY_MISMATCH",), (), ()]


@pytest.mark.parametrize(("others", "told"), [(99, True), (100, False)])
def test_a_hundred_different_terms_inside_are_held_against_that_of_the_container(others: int, told: bool) -> None:
    inside = [Row(f"{n}.docx", (mark("秘密", f"P{n}M"),)) for n in range(1, others + 1)]
    rows = [Row(None, (mark("机密", "P20Y"),)), *inside, Row("last.docx", (mark("秘密", "P30Y"),))]
    assert (codes(rows)[0] == [("COMPILATION",)]) is told


def test_of_no_copies_none_differs() -> None:
    assert mismatched_copies({}) == ()
