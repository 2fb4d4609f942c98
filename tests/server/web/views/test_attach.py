"""Proofs by hash alone: name and SHA-256 are stored, a file never is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from server.accounts.models import Role, User
from server.audit.models import Entry
from server.violations.models import Attachment, Group

pytestmark = pytest.mark.django_db
Seat = Callable[..., Client]
People = Callable[..., User]
HASH = "c0ffee" * 10 + "0123"


@pytest.fixture
def group(office: Any) -> Group:
    made: Group = office.file(office.computer())
    return made


def test_a_proof_stands_on_the_violation_with_its_hash_and_who_named_it(
    group: Group, person: People, seat: Seat
) -> None:
    client = seat(person(Role.OFFICER, username="chen"))
    form = {"name": "D:\\scans\\销毁登记表.pdf", "sha256": HASH.upper(), "size": "2048"}
    client.post(reverse("web:attach", args=[group.pk]), form)
    page = client.get(reverse("web:violation", args=[group.pk])).content.decode()
    assert "销毁登记表.pdf" in page
    assert "D:\\scans" not in page
    assert Attachment.objects.get().sha256 == HASH
    assert Entry.objects.get(action="violation.attach").detail == {"sha256": HASH}


def test_a_wrong_hash_is_told_and_what_was_typed_stays(group: Group, person: People, seat: Seat) -> None:
    answer = seat(person()).post(reverse("web:attach", args=[group.pk]), {"name": "a.pdf", "sha256": "12"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "A SHA-256 has 64 digits" in page
    assert 'value="a.pdf"' in page
    assert Attachment.objects.count() == 0


def test_a_file_that_is_sent_all_the_same_is_stored_nowhere(
    group: Group, person: People, seat: Seat, collector_home: Any
) -> None:
    form = {"name": "a.pdf", "sha256": HASH, "file": SimpleUploadedFile("a.pdf", "天机".encode() * 50)}
    seat(person()).post(reverse("web:attach", args=[group.pk]), form)
    assert Attachment.objects.count() == 1
    kept = [path for path in collector_home.rglob("*") if path.is_file() and "天机天机".encode() in path.read_bytes()]
    assert kept == []


def test_who_may_not_work_on_violations_names_no_proof(group: Group, person: People, seat: Seat) -> None:
    client = seat(person(Role.VIEWER))
    assert client.post(reverse("web:attach", args=[group.pk]), {"name": "a", "sha256": HASH}).status_code == 403
    assert "web:attach" not in client.get(reverse("web:violation", args=[group.pk])).content.decode()
    assert Attachment.objects.count() == 0
