"""Mailboxes: every message a member, whatever stands between them."""

from __future__ import annotations

from typing import Any

import pytest

from agent.scanning.formats import mbox


def test_each_message_is_a_member(read_pieces: Any) -> None:
    box = b"From a Mon\nSubject: 1\n\n>From here on\n\nFrom b Tue\nSubject: 2\n\nx\nFrom now on\n"
    members = read_pieces(mbox, box).members
    assert [(member.name, member.data) for member in members] == [
        ("1.eml", b"Subject: 1\n\nFrom here on\n\n"),
        ("2.eml", b"Subject: 2\n\nx\nFrom now on\n"),
    ]


def test_an_empty_box_and_one_without_a_boundary_are_read(read_pieces: Any) -> None:
    assert read_pieces(mbox, b"").members == []
    assert read_pieces(mbox, b"Subject: 1\n\nx").members[0].data == b"Subject: 1\n\nx"


def test_a_message_that_is_too_large_keeps_its_number_and_the_next_is_read(
    read_pieces: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(mbox.LIMITS, "message bytes", 100)
    box = b"From a\n" + b"x" * 50 + b"\n" + b"y" * 90 + b"\n\nFrom b\nSubject: 2\n\n"
    first, second = read_pieces(mbox, box).members
    assert (first.data, str(first.problem.reason), first.size) == (None, "too-large", 143)
    assert second.data == b"Subject: 2\n\n"
