"""What was stored in English is told in the reader's language, with its numbers."""

from __future__ import annotations

import uuid

import pytest
from django.utils.translation import override

from protocol.envelope import EnvelopeError, parse
from server.intake.senders import UNKNOWN
from server.intake.sequence import Row, decide
from server.outbound.addresses import NotSent, pinned
from server.web.stored import _SENTENCES, told
from tests.server.conftest import Sender


def said_when(act: str, sender: Sender) -> str:
    """What the collector itself says when this happens."""
    envelope = parse(sender.build(sequence=5))
    if act == "gap":
        return decide(Row(0, "0" * 64), envelope).message
    if act == "reused":
        return decide(Row(8, "0" * 64), envelope).message
    if act == "broken":
        return decide(Row(4, "ab" * 32), envelope).message
    if act == "unknown":
        return UNKNOWN.message
    with pytest.raises((EnvelopeError, NotSent)) as caught:
        if act == "garbage":
            parse(b"garbage")
        else:
            pinned("127.0.0.1", 443, ())
    return str(caught.value)


@pytest.mark.parametrize(
    ("act", "chinese"),
    [
        ("gap", "已保存，等待第 1 份报告到达后入库"),
        ("reused", "第 5 份报告此前已收到，但内容不同；应为第 9 份"),
        ("broken", "第 5 份报告与上一份衔接不上"),
        ("unknown", "没有以此编号注册的计算机：请先注册"),
        ("garbage", "不是密检的报告文件"),
        ("private", "127.0.0.1 不是公网地址：请在 collector.yaml 的 outbound 中写明该地址或其网段"),
    ],
)
@pytest.mark.django_db
def test_what_the_collector_says_is_known_to_the_pages(act: str, chinese: str, sender: Sender) -> None:
    english = said_when(act, sender)
    with override("zh-hans"):
        assert told(english) == chinese
    with override("en"):
        assert told(english) == english


def test_every_sentence_has_a_translation_and_others_stay_as_they_are() -> None:
    with override("zh-hans"):
        for sentence in _SENTENCES:
            filled = sentence % dict.fromkeys(
                ("number", "next", "held", "size", "told", "most", "error", "status", "address"), "7"
            )
            assert any("一" <= character <= "鿿" for character in told(filled)), sentence
        assert told("something new %(x)s") == "something new %(x)s"
        assert told(str(uuid.UUID(int=0))) == str(uuid.UUID(int=0))
