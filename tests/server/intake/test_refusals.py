"""What is kept of refusals, and that nobody fills the disk with them."""

from __future__ import annotations

import pytest

from server.intake import refusals
from server.intake.models import Refusal
from server.intake.refusals import PER_REMOTE, remember


def test_one_address_fills_its_own_share_only() -> None:
    stored = [remember("bad-signature", "no", remote="192.0.2.1") for _ in range(PER_REMOTE + 30)]
    assert stored == [True] * PER_REMOTE + [False] * 30
    assert remember("bad-signature", "no", remote="192.0.2.2")
    assert Refusal.objects.count() == PER_REMOTE + 1


def test_the_newest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "KEEP", 150)
    for number in range(400):
        remember("bad-signature", str(number), remote=f"192.0.2.{number % 200}")
    kept = list(Refusal.objects.values_list("message", flat=True))
    assert 150 <= len(kept) <= 250
    assert kept[0] == "399"


def test_addresses_without_end_are_not_remembered_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "MAX_REMOTES", 5)
    stored = [remember("bad-signature", "no", remote=f"192.0.2.{number}") for number in range(9)]
    assert stored == [True] * 5 + [False] * 4


def test_a_stranger_cannot_write_lines_of_its_own_into_the_list() -> None:
    remember("unknown-agent", "no", agent_id="a\nb\x1b[31m\ud800" + "c" * 200)
    row = Refusal.objects.get()
    assert row.agent_id.isprintable() and len(row.agent_id) <= 64
