"""Sealed files brought to the Imports page: a verdict and a receipt for each, and what is carried back."""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from protocol import keys, policy
from protocol.receipts import Answer, open_receipt
from server.accounts.models import Role, User
from server.intake.fanout import drain
from server.intake.spool import spool
from server.keys import collector_keys
from server.violations.models import Occurrence

URL = reverse("web:imports-take")
RECEIPTS = reverse("web:imports-receipts")
Seat = Callable[..., Client]
People = Callable[..., User]


@pytest.fixture(autouse=True)
def clean_slate(transactional_db: None) -> Iterator[None]:
    """Envelopes are stored by a thread of its own: it must see what a test has committed."""
    yield
    spool.stop()


def files(*contents: bytes) -> list[SimpleUploadedFile]:
    return [SimpleUploadedFile(f"第{number}.mijian", content) for number, content in enumerate(contents, 1)]


def receipts_of(page: str) -> list[str]:
    return [html.unescape(told) for told in re.findall(r'name="receipt" value="([^"]+)"', page)]


def test_each_file_gets_its_verdict_and_what_can_be_read_is_stored_once(
    sender: Any, file_seen: Any, person: People, seat: Seat
) -> None:
    first, second = sender.next(file_seen("a")), sender.next(file_seen("b"))
    page = seat(person(Role.IT)).post(URL, {"file": files(first, second, first, b"<script>alert(1)</script>")})
    told = page.content.decode()
    assert page.status_code == 200
    for verdict in ("taken", "came before, not stored twice", "refused", "第4.mijian"):
        assert verdict in told
    assert len(receipts_of(told)) == 4
    drain()
    assert Occurrence.objects.count() == 2


def test_the_receipts_come_back_as_one_file_that_computers_believe(
    sender: Any, file_seen: Any, person: People, seat: Seat
) -> None:
    client = seat(person(Role.IT))
    told = client.post(URL, {"file": files(sender.next(file_seen("a")), b"x")}).content.decode()
    answer = client.post(RECEIPTS, {"receipt": receipts_of(told)})
    assert answer.headers["Content-Type"] == "application/zip"
    public = keys.public_bytes(collector_keys().signing)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = archive.namelist()
        answers = {open_receipt(archive.read(name), public).answer for name in names}
    assert answers == {Answer.ACCEPTED, Answer.REFUSED}
    assert all(re.fullmatch(r"[0-9a-z-]+\.receipt", name) for name in names)


def test_what_is_no_receipt_of_ours_is_never_handed_on(person: People, seat: Seat) -> None:
    client = seat(person(Role.IT))
    for forged in ("", "bm9uc2Vuc2U=", "../../etc/passwd", "e30="):
        answer = client.post(RECEIPTS, {"receipt": forged}, follow=True)
        assert "There was no receipt of this collector among them." in answer.content.decode()


def test_the_script_of_the_page_gets_the_rows_alone(sender: Any, file_seen: Any, person: People, seat: Seat) -> None:
    client = seat(person(Role.IT))
    form = {"file": files(sender.next(file_seen("a")))}
    told = client.post(URL, form, headers={"Mijian-Rows": "1"}).content.decode()
    assert told.startswith("<tr")
    assert "<html" not in told


def test_who_only_reads_is_offered_no_form_and_can_take_nothing_in(person: People, seat: Seat) -> None:
    client = seat(person(Role.AUDITOR))
    assert URL not in client.get(reverse("web:imports")).content.decode()
    assert client.post(URL, {"file": files(b"x")}).status_code == 403


def test_policies_are_carried_to_the_computers_that_report_by_file(
    sender: Any, file_seen: Any, person: People, seat: Seat, office: Any
) -> None:
    office.computer("by-network")
    client = seat(person(Role.IT))
    assert client.post(reverse("web:imports-policies"), follow=True).status_code == 200
    client.post(URL, {"file": files(sender.next(file_seen("a")))})
    answer = client.post(reverse("web:imports-policies"))
    public = keys.public_bytes(collector_keys().signing)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        (name,) = archive.namelist()
        told = policy.open_policy(archive.read(name), public, agent=sender.computer_id)
    assert (name, told.agent) == (f"{sender.computer_id}.policy", sender.computer_id)
