"""``mijian-server purge`` and ``revoke`` as an administrator types them."""

from __future__ import annotations

import argparse
import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.utils import timezone

from server.audit.models import Entry
from server.commands import purge, revoke
from server.commands.base import CommandError
from server.ledger.models import Computer
from server.retention.settings import SHORTEST, Retention
from server.violations.models import DroppedReport

pytestmark = pytest.mark.django_db
Typed = Callable[..., Any]


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], collector_home: Path) -> Typed:
    """Runs a subcommand in the home and the database of the tests; what it prints as JSON."""

    def run(command: ModuleType, *arguments: str) -> Any:
        monkeypatch.setattr(command, "open_home", lambda _options: collector_home)
        parser = argparse.ArgumentParser()
        command.add_parser(parser.add_subparsers(), argparse.ArgumentParser(add_help=False))
        options = parser.parse_args(
            [command.__name__.rpartition(".")[2], *arguments], argparse.Namespace(format="json")
        )
        assert options.run(options) == 0
        return json.loads(capsys.readouterr().out)

    return run


def test_a_purge_is_first_counted_and_then_done_once(typed: Typed, computer: Computer, settings: Any) -> None:
    settings.MIJIAN_RETENTION = Retention(scans=400)
    old = timezone.now() - timedelta(days=401)
    DroppedReport.objects.create(id=uuid.uuid4(), computer=computer, seen_at=old)
    counted = typed(purge, "--dry-run")
    assert (counted["due"], counted["purged"]) == ({"scans": 1}, {})
    assert DroppedReport.objects.exists()
    assert typed(purge)["purged"] == {"scans": 1}
    assert typed(purge)["purged"] == {"scans": 0}
    assert "by" in Entry.objects.get(action="retention.purge").detail


def test_a_collector_without_a_policy_purges_nothing_and_says_so(typed: Typed, settings: Any) -> None:
    settings.MIJIAN_RETENTION = Retention()
    told = typed(purge)
    assert (told["purged"], told["kept_days"]) == ({}, dict.fromkeys(SHORTEST))


def test_a_computer_is_withdrawn_by_name_number_or_id_with_a_reason(typed: Typed, computer: Computer) -> None:
    assert typed(revoke, computer.name, "--reason", "报废")["revoked"] == str(computer.pk)
    computer.refresh_from_db()
    assert computer.revoked_at is not None
    entry = Entry.objects.get(action="computer.revoke")
    assert (entry.actor, entry.detail["reason"]) == (None, "报废")
    with pytest.raises(CommandError, match=r"not enrolled|未"):
        typed(revoke, str(computer.pk), "--reason", "x")


@pytest.mark.parametrize("name", ["nobody", "twins", str(uuid.UUID(int=7))])
def test_a_name_that_is_none_or_two_is_told(typed: Typed, computer: Computer, name: str) -> None:
    for _ in range(2):
        Computer.objects.create(id=uuid.uuid4(), name="twins", computer_class="internal")
    with pytest.raises(CommandError, match=r"no computer has|several computers|没有|多台"):
        typed(revoke, name, "--reason", "x")
    assert not Entry.objects.filter(action="computer.revoke").exists()
