"""Media sessions over the API: narrowed as asked, and none of a computer that is not one's own."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from protocol.ids import uuid7
from server.accounts.models import User
from server.ledger.models import Computer, MediaSession, Medium

People = Callable[..., User]


def session(computer: Computer, medium: Medium, **more: Any) -> str:
    made = MediaSession.objects.create(
        id=uuid.UUID(uuid7()), computer=computer, medium=medium, mounted_at=timezone.now(), **more
    )
    return str(made.pk)


def test_sessions_are_told_with_how_they_were_held_and_narrowed(person: People, program: Any) -> None:
    asks = program(person())
    one, other = (Computer.objects.create(name=name, computer_class="internal") for name in ("pc-1", "pc-2"))
    stick = Medium.objects.create(key="k1", bus="usb")
    ended = session(one, stick, ended_at=timezone.now(), ending="removed", hold="block", access="unmounted")
    lasting = session(other, stick)
    told = {row["id"]: row for row in asks.get("/media-sessions")["sessions"]}
    assert told.keys() == {ended, lasting}
    assert (told[ended]["ending"], told[ended]["hold"], told[ended]["access"]) == ("removed", "block", "unmounted")
    for query, wanted in (
        (f"?computer={one.pk}", {ended}),
        (f"?medium={stick.pk}&open=true", {lasting}),
        ("?open=false", {ended}),
        (f"?medium={stick.pk + 1}", set()),
    ):
        assert {row["id"] for row in asks.get(f"/media-sessions{query}")["sessions"]} == wanted


def test_sessions_of_another_department_s_computer_are_not_told(person: People, program: Any, organise: Any) -> None:
    own, foreign = organise("甲"), organise("乙")
    stick = Medium.objects.create(key="k1", bus="usb")
    here, there = (
        Computer.objects.create(name=name, computer_class="internal", department=where)
        for name, where in (("pc-1", own), ("pc-2", foreign))
    )
    mine, _ = session(here, stick), session(there, stick)
    asks = program(person(department=own))
    assert [row["id"] for row in asks.get("/media-sessions")["sessions"]] == [mine]
