"""Which kinds of violations there are."""

from __future__ import annotations

from typing import Any

import pytest

from server.violations.kinds import kinds
from server.violations.models import Group

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_kind_is_told_once_and_none_that_is_not_there(deliver: Any, sender: Any, file_seen: Any) -> None:
    assert kinds() == set()
    deliver(
        sender.next(
            file_seen("a"),
            file_seen("b"),
            file_seen("c", control="NPC-01"),
            file_seen("d", control="NPC-14"),
        )
    )
    Group.objects.filter(control="NPC-14").update(family="")
    assert kinds() == {("MEDIA-05", "state"), ("NPC-01", "state"), ("NPC-14", "")}
