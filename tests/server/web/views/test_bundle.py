"""The pages of a signed bundle of rules: brought, looked at, released to some first and then to all, withdrawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from protocol import keys
from server.accounts.models import Role, User
from server.rules.models import AgentState, RuleBundle
from signatures.bundles import build
from signatures.rules import PACKS

pytestmark = pytest.mark.django_db
RULES, TAKE = reverse("web:rules"), reverse("web:bundle-take")
KEY = keys.Ed25519PrivateKey.generate()
Seat = Callable[..., Client]
People = Callable[..., User]


def signed(version: int, key: keys.Ed25519PrivateKey = KEY) -> SimpleUploadedFile:
    packs = {"tlp.yaml": (PACKS / "tlp.yaml").read_bytes()}
    return SimpleUploadedFile(f"{version}.bundle", build(packs, key, version=version, created=timezone.now()))


@pytest.fixture(autouse=True)
def trusting(settings: Any) -> None:
    settings.MIJIAN_RULES_KEYS = (keys.b64(keys.public_bytes(KEY)),)


def test_a_bundle_is_brought_looked_at_and_released_step_by_step(
    person: People, seat: Seat, office: Any, organise: Any
) -> None:
    client, pc = seat(person()), office.computer("canary-pc", department="总部/财务处")
    office.computer("other-pc", department="总部/办公室")
    taken = client.post(TAKE, {"file": signed(7)})
    row = RuleBundle.objects.get()
    page = reverse("web:bundle", args=[row.pk])
    assert taken["Location"] == page
    shown = client.get(page).content.decode()
    assert "Rules that go" in shown
    assert "cn-state.starred" in shown  # a bundle of one pack takes the others away: it is told before
    release = reverse("web:bundle-release", args=[row.pk])
    assert client.post(release, {"to": "some"}).status_code == 422
    assert client.post(release, {"to": "some", "departments": "9999"}).status_code == 422
    assert client.post(release, {"to": "some", "departments": str(organise("总部/财务处").pk)}).status_code == 302
    shown = client.get(page).content.decode()
    assert "canary-pc" in shown
    assert "other-pc" not in shown
    AgentState.objects.create(computer=pc, seen_at=timezone.now(), health="well", rules_version=7)
    assert "canary-pc" not in client.get(page).content.decode()
    assert "bundle 7" in client.get(reverse("web:computer", args=[pc.pk])).content.decode()
    assert "some departments first" in client.get(RULES).content.decode()
    assert client.post(release, {"to": "all", "note": "after a week"}).status_code == 302
    shown = client.get(page).content.decode()
    assert "after a week" in shown
    assert "other-pc" in shown
    assert client.post(reverse("web:bundle-withdraw", args=[row.pk])).status_code == 302
    assert client.post(reverse("web:bundle-withdraw", args=[row.pk])).status_code == 422


def test_what_is_refused_says_why_and_is_not_kept(person: People, seat: Seat) -> None:
    client = seat(person())
    told = client.post(TAKE, {"file": signed(7, keys.Ed25519PrivateKey.generate())}, follow=True).content.decode()
    assert "not trusted here" in told
    assert "Please choose a file" in client.post(TAKE, follow=True).content.decode()
    assert not RuleBundle.objects.exists()


def test_with_separated_duties_each_office_is_offered_its_own_part(person: People, seat: Seat, settings: Any) -> None:
    settings.MIJIAN_SEPARATION = True
    admin, officer = seat(person(Role.ADMIN, username="a")), seat(person(Role.OFFICER, username="o"))
    auditor = seat(person(Role.AUDITOR, username="u"))
    assert admin.post(TAKE, {"file": signed(7)}).status_code == 302
    page, release = (reverse(f"web:bundle{part}", args=[RuleBundle.objects.get().pk]) for part in ("", "-release"))
    assert release not in admin.get(page).content.decode()
    assert release not in auditor.get(page).content.decode()
    assert release in officer.get(page).content.decode()
    assert [one.post(release, {"to": "all"}).status_code for one in (admin, auditor, officer)] == [403, 403, 302]


def test_who_sees_one_department_reads_versions_and_no_more(person: People, seat: Seat) -> None:
    seat(person(username="boss")).post(TAKE, {"file": signed(7)})
    client = seat(person(Role.DEPARTMENT, department="总部/办公室"))
    page = reverse("web:bundle", args=[RuleBundle.objects.get().pk])
    shown = client.get(RULES).content.decode()
    assert "<b>7</b>" in shown
    assert page not in shown
    assert TAKE not in shown
    assert client.get(page).status_code == 403


def test_without_a_trusted_key_the_page_says_where_to_name_one(person: People, seat: Seat, settings: Any) -> None:
    settings.MIJIAN_RULES_KEYS = ()
    shown = seat(person()).get(RULES).content.decode()
    assert "rules_keys in collector.yaml" in shown
    assert TAKE not in shown


def test_the_number_of_queries_does_not_grow_with_the_bundles(
    person: People, seat: Seat, django_assert_max_num_queries: Any
) -> None:
    client = seat(person())
    for version in range(7, 12):
        client.post(TAKE, {"file": signed(version)})
    for row in RuleBundle.objects.all():
        client.post(reverse("web:bundle-release", args=[row.pk]), {"to": "all"})
    with django_assert_max_num_queries(14):
        assert client.get(RULES).status_code == 200
    with django_assert_max_num_queries(16):
        assert client.get(reverse("web:bundle", args=[row.pk])).status_code == 200
