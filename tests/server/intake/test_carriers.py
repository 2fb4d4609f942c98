"""Media and media sessions, told in any order and more than once."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from django.utils import timezone

from protocol import keys
from protocol.ids import uuid7
from protocol.records import MediaSessionSeen
from server.ledger.models import Computer, MediaSession, Medium

Deliver = Callable[..., Any]
START = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


def told(stick: Any, session: str, ended: bool = False) -> MediaSessionSeen:
    end = {"ended_at": START + timedelta(minutes=9), "ending": "removed"} if ended else {}
    return MediaSessionSeen(id=uuid7(), session=session, medium=stick, mounted_at=START, **end)


def test_a_session_is_entered_at_its_start_and_ended_at_its_end(
    deliver: Deliver, sender: Any, stick: Any, computer: Computer
) -> None:
    session = uuid7()
    deliver(sender.next(told(stick, session)))
    open_one = MediaSession.objects.get()
    assert (open_one.pk, open_one.computer, open_one.ended_at) == (uuid.UUID(session), computer, None)
    deliver(sender.next(told(stick, session, ended=True)))
    ended = MediaSession.objects.get()
    assert (ended.ended_at, ended.ending) == (START + timedelta(minutes=9), "removed")


def test_a_start_that_comes_after_the_end_does_not_open_the_session_again(
    deliver: Deliver, sender: Any, stick: Any
) -> None:
    session = uuid7()
    deliver(sender.next(told(stick, session, ended=True)))
    deliver(sender.next(told(stick, session)))
    assert MediaSession.objects.get().ending == "removed"


def test_start_and_end_in_one_envelope_are_one_ended_session(deliver: Deliver, sender: Any, stick: Any) -> None:
    session = uuid7()
    deliver(sender.next(told(stick, session), told(stick, session, ended=True)))
    assert MediaSession.objects.get().ending == "removed"


def test_no_computer_ends_the_session_of_another(
    deliver: Deliver, sender: Any, stick: Any, make_sender: Callable[..., Any]
) -> None:
    key = keys.Ed25519PrivateKey.generate()
    stranger = Computer.objects.create(
        name="x", computer_class="internet", enrolled_at=timezone.now(), public_key=keys.public_bytes(key)
    )
    session = uuid7()
    deliver(sender.next(told(stick, session)))
    deliver(make_sender(stranger, key).next(told(stick, session, ended=True)))
    assert MediaSession.objects.get().ended_at is None


def test_a_medium_is_entered_once_with_first_and_last_sight(
    deliver: Deliver, sender: Any, stick: Any, file_seen: Callable[..., Any]
) -> None:
    late = START + timedelta(days=2)
    deliver(sender.next(told(stick, uuid7()), file_seen(seen_at=late)))
    medium = Medium.objects.get()
    assert (medium.first_seen_at, medium.last_seen_at) == (START, late)
    assert (medium.vendor, medium.model, medium.serial_tail, medium.capacity) == (
        "Kingston",
        "DataTraveler",
        "7F3C",
        16_000_000_000,
    )


def test_what_people_wrote_and_what_was_known_of_a_medium_is_not_forgotten(
    deliver: Deliver, sender: Any, stick: Any, file_seen: Callable[..., Any], enter: Any
) -> None:
    deliver(sender.next(told(stick, uuid7())))
    Medium.objects.update(holder=enter("李强"), medium_class="internal")
    bare = msgspec.structs.replace(stick, vendor="", capacity=None, label="新标签")
    deliver(sender.next(file_seen(medium=bare, seen_at=START + timedelta(days=1))))
    medium = Medium.objects.get()
    assert (str(medium.holder), medium.medium_class) == ("李强", "internal")
    assert (medium.vendor, medium.capacity, medium.label) == ("Kingston", 16_000_000_000, "新标签")


def held(stick: Any, session: str, hold: str, access: str) -> MediaSessionSeen:
    return msgspec.structs.replace(told(stick, session), hold=hold, access=access)


def standing() -> tuple[str, str, str]:
    row = MediaSession.objects.get()
    return row.hold, row.access, row.standing


def test_how_a_held_medium_was_found_to_stand_is_kept_over_the_end_of_its_session(
    deliver: Deliver, sender: Any, stick: Any
) -> None:
    session = uuid7()
    deliver(sender.next(told(stick, session)))
    assert standing() == ("", "", "")
    deliver(sender.next(held(stick, session, "read-only", "writable")))
    assert standing() == ("read-only", "writable", "not-held")
    deliver(sender.next(held(stick, session, "read-only", "read-only")))
    deliver(sender.next(told(stick, session, ended=True)))
    assert standing() == ("read-only", "read-only", "read-only")
    assert MediaSession.objects.get().ending == "removed"


def test_the_newest_word_on_a_held_medium_counts_in_whatever_order_it_comes(
    deliver: Deliver, sender: Any, stick: Any
) -> None:
    session = uuid7()
    first, second = held(stick, session, "block", "unmounted"), held(stick, session, "", "writable")
    deliver(sender.next(second, told(stick, session), first))
    assert standing() == ("", "writable", "released")
    deliver(sender.next(first))
    assert standing() == ("", "writable", "released")


def test_no_computer_says_how_the_medium_of_another_stands(
    deliver: Deliver, sender: Any, stick: Any, make_sender: Callable[..., Any]
) -> None:
    key = keys.Ed25519PrivateKey.generate()
    stranger = Computer.objects.create(
        name="x", computer_class="internet", enrolled_at=timezone.now(), public_key=keys.public_bytes(key)
    )
    session = uuid7()
    deliver(sender.next(told(stick, session)))
    deliver(make_sender(stranger, key).next(held(stick, session, "read-only", "read-only")))
    assert standing() == ("", "", "")
