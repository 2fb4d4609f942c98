"""Names that computers and people made up, on every page that shows them: text, never markup, never a query."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from server.accounts.models import Department, Factor, OutsideAccount, Role, User
from server.campaigns import actions as campaigns
from server.campaigns.attestations import Given, sign
from server.campaigns.models import Campaign
from server.campaigns.questions import questions_of
from server.incidents.actions import Told, add_measure, change, meet_duty, open_incident
from server.incidents.actions import comment as note
from server.incidents.models import Incident
from server.ledger.models import Computer, MediaSession, Medium, Note, Person
from server.violations import waivers
from server.violations.models import DroppedReport, Group, SavedView

pytestmark = pytest.mark.django_db
PASSWORD = "对马海峡-correct-horse"
MARKUP = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
INJECTIONS = [
    "' OR '1'='1",
    "1; DROP TABLE ledger_computer; --",
    '" UNION SELECT password FROM accounts_user --',
    "%' --",
]


@pytest.fixture
def hostile(office: Any, person: Callable[..., User], organise: Any) -> User:
    """An administrator of a house in which every word is markup."""
    admin, officer = person(Role.ADMIN), person(Role.OFFICER, last_name=MARKUP)
    department = organise("x")
    Department.objects.update(name=MARKUP)
    somebody = Person.objects.create(name=MARKUP, number=MARKUP[:60], post=MARKUP, department=department)
    now = timezone.now()
    words = {"number": MARKUP[:64], "place": MARKUP, "serial": MARKUP, "registered_at": now}
    pc = office.computer(MARKUP, person=somebody, department=department, platform=MARKUP, agent_version=MARKUP, **words)
    group = office.file(pc, MARKUP)
    Medium.objects.update(label=MARKUP, vendor=MARKUP, model=MARKUP, kind=MARKUP[:64], holder=somebody, **words)
    stick = Medium.objects.get()
    MediaSession.objects.create(id=uuid.uuid4(), computer=pc, medium=stick, mounted_at=now)
    DroppedReport.objects.create(id=uuid.uuid4(), computer=pc, seen_at=now, counts={MARKUP: 3})
    Note.objects.create(kind="computers", entry_id=str(pc.pk), at=now, author=officer, text=MARKUP)
    until = timezone.localdate() + timedelta(days=3)
    waivers.ask(group, scope="violation", reason=MARKUP, expires_on=until, by=officer)
    _hostile_round_and_incident(officer, department, group)
    SavedView.objects.create(name=MARKUP[:60], query="q=1", owner=officer, shared=True, created_at=now)
    words = {"issuer": MARKUP, "subject": MARKUP, "shown": MARKUP, "first_seen_at": now, "last_seen_at": now}
    OutsideAccount.objects.create(road="oidc", **words)
    Factor.objects.create(user=admin, kind=Factor.Kind.APP, name=MARKUP[:60], secret=b"")
    return admin


def _hostile_round_and_incident(officer: User, department: Department, group: Group) -> None:
    """A round and an incident whose every word is markup."""
    today = timezone.localdate()
    plan = campaigns.Plan(title=MARKUP, classes=["internal"], starts_on=today, deadline=today)
    campaign = campaigns.save(None, plan, by=officer)
    campaigns.exempt(campaign, group.computer, reason=MARKUP, by=officer)
    given = {one.control: Given("no", MARKUP) for one in questions_of(campaign)}
    sign(campaign, department, given, by=officer, password=PASSWORD)
    told = Told(title=MARKUP, kind="loss", discovered_at=timezone.now(), facts=MARKUP, groups=(group,))
    incident = open_incident(told, by=officer)
    change(incident, dict.fromkeys(("harm", "cause", "responsibility", "prevention"), MARKUP), by=officer)
    add_measure(incident, text=MARKUP, responsible=MARKUP, by=officer)
    meet_duty(incident, "remedy", at=None, note=MARKUP, by=officer)
    note(incident, note=MARKUP, by=officer)


def test_no_page_takes_a_word_for_markup(hostile: User, seat: Callable[..., Client]) -> None:
    client, group = seat(hostile), Group.objects.get()
    plain = [
        "start", "violations", "computers", "media", "people", "departments", "reconcile", "waivers", "imports",
        "campaigns", "campaign-new", "incidents", "incident-new",
        "audit", "users", "outside", "account", "health", "computer-new", "medium-new", "person-new", "user-new",
    ]  # fmt: skip
    addresses = [reverse(f"web:{name}") for name in plain]
    addresses += [reverse("web:ledger-import", args=[name]) for name in ("computers", "media", "people")]
    addresses += [reverse("web:labels", args=[name]) for name in ("computers", "media")]
    for name, model in (("computer", Computer), ("medium", Medium), ("person", Person)):
        pk = model.objects.values_list("pk", flat=True).get()
        addresses += [reverse(f"web:{name}", args=[pk]), reverse(f"web:{name}-edit", args=[pk])]
    addresses.append(reverse("web:department", args=[Department.objects.get().pk]))
    addresses += [
        reverse(f"web:{name}", args=[group.pk])
        for name in ("violation", "assign", "waive", "rectify", "false-alarm", "reopen", "close")
    ]
    campaign, incident = Campaign.objects.get(), Incident.objects.get()
    addresses += [
        reverse(f"web:{name}", args=[campaign.pk])
        for name in ("campaign", "campaign-edit", "campaign-close", "campaign-sheet")
    ]
    addresses.append(reverse("web:campaign-members", args=[campaign.pk]) + "?standing=all")
    addresses.append(reverse("web:campaign-exempt", args=[campaign.pk, group.computer_id]))
    addresses.append(reverse("web:campaign-answers", args=[campaign.pk, Department.objects.get().pk]))
    addresses += [
        reverse(f"web:{name}", args=[incident.pk]) for name in ("incident", "incident-edit", "incident-report")
    ]
    shown = 0
    for address in addresses:
        answer = client.get(address)
        page = answer.content.decode()
        assert answer.status_code == 200, address
        assert "<script>alert" not in page, address
        assert "<img src=x" not in page, address
        shown += "&lt;script&gt;" in page
    assert shown > 20  # the words are there, as words


@pytest.mark.parametrize(
    "name",
    [
        "violations",
        "campaigns",
        "incidents",
        "computers",
        "media",
        "people",
        "audit",
        "reconcile",
        "waivers",
    ],
)
def test_no_filter_is_ever_part_of_a_query(name: str, hostile: User, seat: Callable[..., Client]) -> None:
    keys = ("q", "state", "severity", "control", "family", "computer", "department", "status", "class", "question")
    client = seat(hostile)
    for text in INJECTIONS:
        for key in (*keys, "after", "before", "sort", "since", "tab", "registered", "due", "standing"):
            answer = client.get(reverse(f"web:{name}"), {key: text})
            assert answer.status_code == 200, (key, text)
            assert "argon2" not in answer.content.decode(), (key, text)
        assert Computer.objects.count() == 1, text


@pytest.mark.parametrize("text", INJECTIONS)
def test_no_word_of_an_agent_is_ever_part_of_a_query(text: str, client: Client, db: None) -> None:
    request = {"token": text, "public_key": text, "hostname": text, "machine_id_hash": text, "agent_version": text}
    answer = client.post(reverse("api:enroll"), request | {"proof": text}, content_type="application/json")
    assert answer.status_code in (400, 403)
    assert client.post(reverse("api:envelopes"), text.encode(), content_type="text/plain").status_code == 400
    assert (
        client.get(reverse("programs:violations"), {"state": text}, headers={"Authorization": text}).status_code == 401
    )
    assert client.get(reverse("api:policy"), headers={"Mijian-Agent": text}).status_code == 400
    assert User.objects.count() == 0
