"""The period of a mark in a document with dates, as `Grammar.find` tells it."""

from __future__ import annotations

from datetime import date

import pytest

from protocol.records import Finding, Severity
from signatures.markings import Circumstances, Extension, Grammar
from signatures.passages import Passage, Zone

TODAY = date(2026, 11, 21)


def document(grammar: Grammar, mark: str, issued: str | None, **known: object) -> Finding:
    passages = [Passage(Zone.P1_TOP_LEFT, mark)]
    if issued is not None:
        passages.append(Passage(Zone.BODY, f"远山市人民政府\n{issued}"))
    about = Circumstances(today=TODAY, **known)  # type: ignore[arg-type]
    return grammar.find(passages, about=about)[0]


@pytest.mark.parametrize(
    ("mark", "issued", "expires", "status"),
    [
        ("绝密★30年", "1996年2月29日", date(2026, 2, 28), "due-for-review"),
        ("秘密★2027年6月", "2024年1月1日", date(2027, 6, 30), "valid"),
        ("机密★启用前", "2024年1月1日", None, "unknown"),
        ("机密★长期", "2024年1月1日", None, "valid"),
        ("秘密★3年", "2023年12月1日", date(2026, 12, 1), "expires-soon"),
        ("机密★240个月", "2024年1月1日", date(2044, 1, 1), "valid"),
        ("秘密★", "2010年5月1日", date(2020, 5, 1), "due-for-review"),
        ("机密★10年", None, None, "unknown"),
    ],
)
def test_a_mark_is_told_with_its_last_day_and_how_it_stands(
    grammar: Grammar, mark: str, issued: str | None, expires: date | None, status: str
) -> None:
    found = document(grammar, mark, issued)
    assert (found.expires, found.status) == (expires, status)
    assert found.assumed == (mark == "秘密★")
    assert found.issued_from == ("document-date" if issued else "")


def test_an_expired_mark_stays_a_finding_one_step_less_severe(grammar: Grammar) -> None:
    found = document(grammar, "秘密★5年", "2015年1月1日")
    assert (found.severity, found.codes) == (Severity.HIGH, ("EXPIRED_REVIEW",))
    assert found.confidence >= 70


def test_without_a_day_to_judge_by_the_finding_carries_dates_and_no_status(grammar: Grammar) -> None:
    (found,) = grammar.find([Passage(Zone.P1_TOP_LEFT, "秘密★5年"), Passage(Zone.BODY, "2015年1月1日")])
    assert (found.status, found.expires, found.issued) == ("", date(2020, 1, 1), date(2015, 1, 1))
    assert (found.severity, found.codes) == (Severity.CRITICAL, ())


def test_the_ledger_and_the_file_help_where_the_document_is_silent(grammar: Grammar) -> None:
    ledger = document(grammar, "秘密★5年", None, ledger_date=date(2020, 1, 1), file_time=date(2024, 1, 1))
    assert (ledger.expires, ledger.issued_from) == (date(2025, 1, 1), "ledger")
    weak = document(grammar, "秘密★5年", None, file_time=date(2024, 1, 1))
    assert (weak.expires, weak.issued_from, weak.issued) == (date(2029, 1, 1), "file-time", date(2024, 1, 1))


def test_an_extension_in_time_keeps_a_mark_valid_and_one_too_late_does_not(grammar: Grammar) -> None:
    in_time = Extension(decided=date(2019, 12, 1), until=date(2030, 1, 1))
    found = document(grammar, "秘密★5年", "2015年1月1日", extension=in_time)
    assert (found.expires, found.status, found.codes) == (date(2030, 1, 1), "valid", ())
    late = Extension(decided=date(2020, 1, 2), until=date(2030, 1, 1))
    found = document(grammar, "秘密★5年", "2015年1月1日", extension=late)
    assert (found.expires, found.status) == (date(2020, 1, 1), "due-for-review")
    assert found.codes == ("EXPIRED_REVIEW", "EXTENSION_LATE")


@pytest.mark.parametrize(
    ("mark", "codes"),
    [
        ("秘密★2034年3月15日", ()),
        ("秘密★2034年3月16日", ("PERIOD_TOO_LONG",)),
        ("机密★2044年3月15日", ()),
        ("机密★2044年3月16日", ("PERIOD_TOO_LONG",)),
        ("绝密★2054年3月16日", ("PERIOD_TOO_LONG",)),
        ("秘密★2024年3月15日", ("EXPIRED_REVIEW",)),
        ("秘密★2024年3月14日", ("DATE_PAST_AT_ISSUE", "EXPIRED_REVIEW")),
    ],
)
def test_a_date_of_declassification_is_held_against_the_date_of_issue(
    grammar: Grammar, mark: str, codes: tuple[str, ...]
) -> None:
    assert document(grammar, mark, "2024年3月15日").codes == codes


def test_a_year_alone_calls_no_date_wrong_that_may_be_right(grammar: Grammar) -> None:
    number = Passage(Zone.P1_BLOCK, "远政〔2024〕15号")
    for mark, codes in (
        ("秘密★2024年1月1日", ()),
        ("秘密★2023年12月31日", ("DATE_PAST_AT_ISSUE",)),
        ("秘密★2034年12月31日", ()),
        ("秘密★2035年1月1日", ("PERIOD_TOO_LONG",)),
    ):
        assert grammar.find([Passage(Zone.P1_TOP_LEFT, mark), number])[0].codes == codes


def test_the_time_of_a_copy_calls_no_date_wrong(grammar: Grammar) -> None:
    found = document(grammar, "秘密★2027年6月1日", None, file_time=date(2028, 1, 1))
    assert found.codes == ()
    assert document(grammar, "秘密★2027年6月1日", None, created=date(2010, 1, 1)).codes == ()


def test_a_mark_that_holds_no_more_has_no_status(grammar: Grammar) -> None:
    passages = [Passage(Zone.P1_TOP_LEFT, "秘密★5年", struck=True), Passage(Zone.BODY, "2015年1月1日")]
    (found,) = grammar.find(passages, about=Circumstances(today=TODAY))
    assert (found.status, found.expires, found.codes) == ("", None, ("DECLASSIFIED_STAMP",))


def test_a_changed_mark_has_the_period_that_holds_now(grammar: Grammar) -> None:
    found = document(grammar, "机密★20年（变更为秘密★5年）", "2015年1月1日")
    assert (found.expires, found.status) == (date(2020, 1, 1), "due-for-review")


def test_other_families_have_an_end_where_they_name_one_and_none_is_assumed(grammar: Grammar) -> None:
    assert document(grammar, "核心商密★5年", "2015年1月1日").expires == date(2020, 1, 1)
    bare = document(grammar, "核心商密", "2015年1月1日")
    assert (bare.expires, bare.assumed, bare.status) == (None, False, "")
    late = document(grammar, "核心商密★2035年1月1日", "2015年1月1日")
    assert "PERIOD_TOO_LONG" not in late.codes


def test_a_declassified_mark_has_no_status_although_nothing_is_struck(grammar: Grammar) -> None:
    passages = [Passage(Zone.P1_TOP_LEFT, "秘密★5年"), Passage(Zone.STAMP, "解密"), Passage(Zone.BODY, "2015年1月1日")]
    (found,) = grammar.find(passages, about=Circumstances(today=TODAY))
    assert (found.status, found.expires, found.codes) == ("", None, ("DECLASSIFIED_STAMP",))


def test_of_a_struck_mark_and_its_successor_only_the_later_has_a_last_day(grammar: Grammar) -> None:
    passages = [
        Passage(Zone.P1_TOP_LEFT, "机密★10年", struck=True),
        Passage(Zone.P1_TOP_LEFT, "秘密★5年"),
        Passage(Zone.BODY, "2024年1月1日"),
    ]
    found = grammar.find(passages, about=Circumstances(today=TODAY))
    assert {f.level: f.expires for f in found} == {"秘密": date(2029, 1, 1), "机密": None}
