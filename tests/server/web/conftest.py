"""Fixtures for the pages: an office whose computers have reported, through the collector's own fan-out."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from protocol import keys, places
from protocol.ids import uuid7
from protocol.records import (
    FileEvidence,
    Finding,
    MediaSessionSeen,
    Medium,
    NetworkEvidence,
    Place,
    Severity,
    ViolationSeen,
)
from server.accounts.models import User
from server.intake.carriers import store_media, store_sessions
from server.intake.records import delivery_of
from server.intake.sightings import store_sightings
from server.intake.sql import Prepared
from server.keys import collector_keys
from server.ledger.models import Computer
from server.violations.models import Group, Occurrence

STICK = Medium(
    key="5d" * 32,
    bus="usb",
    vendor="Kingston",
    model="DataTraveler",
    serial_tail="7F2A",
    filesystem="exfat",
    label="会议材料",
    capacity=31_000_000_000,
)
SECRET_PATH = "/run/media/wang/会议材料/二季度/干部任免方案(机密).docx"


class Office:
    """Makes computers and what they report, as records that go through the collector's own tables."""

    def __init__(self, organise: Callable[..., Any], enter: Callable[..., Any]) -> None:
        self._organise, self._enter = organise, enter

    def computer(self, name: str = "zhangsan-pc", computer_class: str = "internal", **more: Any) -> Computer:
        """An enrolled computer."""
        fields: dict[str, Any] = {
            "id": uuid.uuid4(),
            "enrolled_at": timezone.now() - timedelta(days=40),
            "last_seen_at": timezone.now() - timedelta(minutes=3),
            "public_key": b"\1" * 32,
            "machine_id_hash": "ab" * 32,
            "agent_version": "0.1.0",
            "cage": "full",
        }
        if isinstance(more.get("department"), str):
            more["department"] = self._organise(more["department"])
        if isinstance(more.get("person"), str):
            more["person"] = self._enter(more["person"], department=more.get("department"))
        return Computer.objects.create(name=name, computer_class=computer_class, **(fields | more))

    def file(
        self,
        computer: Computer,
        marking: str = "机密★10年",
        *,
        control: str = "MEDIA-05",
        severity: str = "critical",
        family: str = "state",
        level: str | None = "机密",
        period: str | None = "P10Y",
        zone: str = "header",
        place: Place | None = None,
        confidence: int = 95,
        codes: tuple[str, ...] = (),
        content: str = "",
        path: str = SECRET_PATH,
        member: str | None = None,
        extension: str = ".docx",
        media_type: str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        size: int = 48_213,
        medium: Medium | None = STICK,
        seen_at: datetime | None = None,
        times: int = 1,
        session: str | None = None,
    ) -> Group:
        """A marked file that was seen; the violation it became."""
        seen_at = seen_at or timezone.now() - timedelta(minutes=5)
        key = collector_keys()
        finding = Finding(
            rule=f"cn-{family}.starred",
            family=family,
            level=level,
            period=period,
            zone=zone,
            confidence=confidence,
            severity=Severity(severity),
            marking=marking,
            codes=codes,
            place=place or Place(page=1),
        )
        evidence = FileEvidence(
            content_hash=keys.keyed_hash(key.organisation, (content or marking + path).encode()),
            path_hash=keys.keyed_hash(key.organisation, path.encode()),
            sealed_place=places.seal(places.SealedPlace(path, member or None), keys.public_bytes(key.reveal)),
            extension=extension,
            media_type=media_type,
            size=size,
            modified=seen_at - timedelta(days=12),
            depth=1 if member else 0,
            findings=(finding,),
        )
        return self.report(
            computer,
            [
                ViolationSeen(
                    id=uuid7(),
                    seen_at=seen_at - timedelta(days=number),
                    control=control,
                    severity=Severity(severity),
                    evidence=evidence,
                    medium=medium,
                    session=session,
                )
                for number in range(times)
            ],
        )

    def network(self, computer: Computer, seen_at: datetime | None = None) -> Group:
        """A classified computer with a way out; the violation it became."""
        signals = ("default-route:eth0", "peer:public:firefox", "resolver:public")
        seen_at = seen_at or timezone.now() - timedelta(minutes=2)
        record = ViolationSeen(
            id=uuid7(),
            seen_at=seen_at,
            control="NET-03",
            severity=Severity.CRITICAL,
            evidence=NetworkEvidence(signals=signals, interfaces=("eth0",), since=seen_at),
        )
        return self.report(computer, [record])

    def session(self, computer: Computer, medium: Medium = STICK) -> str:
        """An insertion of a medium that ended; its id."""
        session, now = uuid7(), timezone.now()
        record = MediaSessionSeen(
            id=uuid7(),
            session=session,
            medium=medium,
            mounted_at=now - timedelta(minutes=9),
            ended_at=now - timedelta(minutes=1),
            ending="unmounted",
        )
        delivery = delivery_of(1, computer.pk, now, (record,), Prepared(Occurrence))
        store_sessions([delivery], store_media([(medium, now)]))
        return session

    def report(self, computer: Computer, records: list[ViolationSeen]) -> Group:
        """Take records in as the fan-out does; the violation of the first."""
        media = store_media([(r.medium, r.seen_at) for r in records if r.medium is not None])
        store_sightings([delivery_of(1, computer.pk, timezone.now(), tuple(records), Prepared(Occurrence))], media)
        return Group.objects.get(occurrences__id=records[0].id)


@pytest.fixture
def office(organise: Callable[..., Any], enter: Callable[..., Any]) -> Office:
    """Makes computers and violations."""
    return Office(organise, enter)


@pytest.fixture
def seat() -> Callable[..., Client]:
    """Signs somebody in at a browser of their own: ``seat(user)``, in English unless told otherwise."""

    def sit(user: User | None = None, language: str = "en") -> Client:
        client = Client(headers={"accept-language": language})
        client.cookies["django_language"] = language
        if user is not None:
            client.force_login(user)
        return client

    cache.clear()
    return sit
