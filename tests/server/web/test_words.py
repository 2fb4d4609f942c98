"""The words for codes."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from protocol.records import ComputerClass, Reason, Severity
from server.intake import admission, enrolment
from server.web import words
from signatures.passages import Zone


def test_every_code_that_can_travel_has_a_word() -> None:
    assert {zone.value for zone in Zone} <= set(words.ZONES)
    assert {reason.value for reason in Reason} <= set(words.REASONS)
    assert {severity.value for severity in Severity} <= set(words.SEVERITIES)
    assert {computer_class.value for computer_class in ComputerClass} <= set(words.CLASSES)


def test_every_reason_for_a_refusal_has_a_word_and_a_remedy() -> None:
    reasons = set(admission.STATUS) | set(enrolment.STATUS) | {"cannot-open", "bomb", "cannot-apply"}
    assert reasons <= set(words.REFUSALS)
    assert reasons <= set(words.REMEDIES)


def test_a_code_without_a_word_is_shown_as_it_is() -> None:
    assert words.word(words.ZONES, "margin") == "margin"
    assert words.word(words.ZONES, None) == ""
    assert words.signal("smoke:kitchen") == "smoke:kitchen"


@pytest.mark.parametrize(
    ("code", "english", "chinese"),
    [
        ("P10Y", "10 years", "10 年"),
        ("P11M", "11 months", "11 个月"),
        ("P3D", "3 days", "3 天"),
        ("LONG", "long-term", "长期"),
        ("DATE:2027-06-30", "until 2027-06-30", "至 2027-06-30"),
        ("COND:启用前", "until a condition is met: 启用前", "条件成就时解密：启用前"),
        ("", "—", "—"),
        (None, "—", "—"),
        ("PxY", "PxY", "PxY"),
    ],
)
def test_a_period_is_told_in_words(code: str | None, english: str, chinese: str) -> None:
    with override("en"):
        assert words.period(code) == english
    with override("zh-hans"):
        assert words.period(code) == chinese


def test_a_place_is_told_in_numbers_only() -> None:
    with override("en"):
        assert words.place({"sheet": 2, "cell": "B3", "part": "header"}) == "sheet 2 · cell B3"
        assert words.place({}) == ""


def test_a_signal_is_a_sentence_with_its_detail() -> None:
    with override("en"):
        assert words.signal("default-route:eth0") == "A default route leads out (eth0)"
        assert words.signal("proxy") == "A proxy is set"
        assert words.signal("default-route6:eth0") == "A default route leads out (eth0)"
        assert words.signal("link:eth0") == "A cable is plugged in (eth0)"
