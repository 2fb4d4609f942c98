"""Every address of the collector, asked for by nobody, by the wrong department and by an auditor.

The walk starts from the address table itself: a new page is in it without being named here. Whoever adds one with a
new kind of key is told to say what the key stands for.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from protocol import keys
from server.accounts import api_keys
from server.accounts.models import ApiKey, ApiScope, Factor, Role, User
from server.api.urls import api
from server.campaigns import attestations
from server.campaigns.attestations import Given
from server.campaigns.models import Campaign
from server.incidents.actions import Told, open_incident
from server.incidents.models import Incident
from server.intake.sql import connection_of
from server.ledger.models import Computer, Medium, Person
from server.reports import shelf
from server.reports.models import Report
from server.rules.models import RuleBundle, RulesRelease
from server.violations import waivers
from server.violations.models import Group, SavedView
from signatures import bundles
from signatures.rules import PACKS

pytestmark = pytest.mark.django_db
Seat = Callable[..., Client]
People = Callable[..., User]

PUBLIC = {
    "web:sign-in", "web:second-factor", "web:outside-begin", "web:outside-back", "web:language", "health",
    "web:saml-begin", "web:saml-done", "web:saml-metadata",
    "programs:openapi-json", "programs:api-root",
}  # fmt: skip
"""Addresses that anybody may ask for; they tell nothing of what the collector holds."""
OWN_PROOF = {"api:enroll", "api:envelopes", "api:policy", "api:rules", "web:saml-answer"}
"""Addresses that take a token or a signature instead of a session."""
CANARY = "天机不可泄露"
"""Stands in everything that belongs to the other department: a page of ours that says it has leaked."""
OWN = {"web:account-password", "web:factor-app", "web:factor-passkey", "web:factor-codes", "web:factor-remove"}
"""Forms about one's own account: its password and second factors."""
MEANT_FOR_ALL = {"web:sign-out", "web:language", "web:save-view", "web:keys"} | OWN
"""Forms that even an auditor may send: they change nothing but one's own account, session, language and filters."""


def walk(patterns: list[URLPattern | URLResolver], space: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every address of the table with its full name."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, f"{pattern.namespace}:" if pattern.namespace else space)
        else:
            yield f"{space}{pattern.name}", pattern


ADDRESSES = dict(walk(get_resolver().url_patterns))
NAMES = sorted(ADDRESSES)
PAGES = [name for name in NAMES if name.startswith("web:")]


@pytest.fixture
def foreign(office: Any, person: People, enter: Any, make_round: Any) -> dict[str, Any]:
    """One of everything, all of it belonging to the department 总部/财务处."""
    pc: Computer = office.computer(f"{CANARY}-pc", department="总部/财务处", person=f"{CANARY}-责任人", number="F-1")
    group: Group = office.file(pc, f"{CANARY}★10年")
    medium = Medium.objects.get()
    medium.department, medium.number, medium.label = pc.department, "F-2", CANARY
    medium.kind = CANARY
    medium.registered_at = pc.registered_at = timezone.now()
    medium.save()
    pc.save()
    boss = person(username="boss")
    until = timezone.localdate() + timedelta(days=9)
    waiver = waivers.ask(group, scope="violation", reason=CANARY, expires_on=until, by=boss)
    factor = Factor.objects.create(user=boss, kind=Factor.Kind.PASSKEY, name=CANARY, secret=b"")
    view = SavedView.objects.create(name=CANARY, query="q=1", owner=boss, created_at=timezone.now())
    assert pc.department is not None
    campaign = make_round(boss, title=CANARY, departments=[pc.department])
    attestations.save_draft(campaign, pc.department, {"SITE-05": Given("no", CANARY)}, by=boss)
    told = Told(title=CANARY, kind="loss", discovered_at=timezone.now(), department=pc.department, groups=(group,))
    incident = open_incident(told, by=boss)
    return {
        "incident": incident.pk,
        "campaign": campaign.pk,
        "violation": group.pk,
        "computer": pc.pk,
        "medium": medium.pk,
        "person": Person.objects.get(name__contains=CANARY).pk,
        "department": pc.department.pk,
        "waiver": waiver.pk,
        "view": view.pk,
        "user": boss.pk,
        "key": api_keys.mint(boss, note=CANARY)[0].pk,
        "factor": factor.pk,
        "report": foreign_report(pc).pk,
        "bundle": foreign_bundle(pc).pk,
    }


def foreign_report(pc: Computer) -> Report:
    """A report about the other department, with a file."""
    today = timezone.localdate()
    made = Report.objects.create(
        year=2026, sequence=1, kind="ledger", forms="pdf", department=pc.department, since=today, until=today,
        state="done", problem=CANARY, requested_at=timezone.now(),
    )  # fmt: skip
    shelf.put(made, "pdf", CANARY.encode())
    return made


def foreign_bundle(pc: Computer) -> RuleBundle:
    """A bundle of rules, released to the other department's computers."""
    key = keys.Ed25519PrivateKey.generate()
    raw = bundles.build({"tlp.yaml": (PACKS / "tlp.yaml").read_bytes()}, key, version=7, created=timezone.now())
    made = RuleBundle.objects.create(
        version=7, digest="sha256:7", rules="sha256:8", key=keys.b64(keys.public_bytes(key)), raw=raw, size=len(raw),
        created_at=timezone.now(), taken_at=timezone.now(), pack_count=1, rule_count=1,
    )  # fmt: skip
    given = RulesRelease.objects.create(bundle=made, released_at=timezone.now(), note=CANARY)
    assert pc.department is not None
    given.departments.add(pc.department)
    return made


def arguments(name: str, foreign: dict[str, Any]) -> list[dict[str, Any]]:
    """What to fill an address with, so that it names something of the other department."""
    wanted = ADDRESSES[name].pattern.converters
    if not wanted:
        return [{}]
    if "ledger" in wanted:
        ledgers = [{"ledger": ledger} for ledger in ("computers", "media", "people")]
        keys = {"computers": foreign["computer"], "media": foreign["medium"], "people": foreign["person"]}
        extra = {"form": "csv", "draft": 1}
        return [
            told | {key: extra[key] if key in extra else str(keys[told["ledger"]]) for key in wanted if key != "ledger"}
            for told in ledgers
        ]
    if name == "web:pack":
        return [{"name": "cn-state"}]
    if name == "programs:policy-class":
        return [{"computer_class": "internal"}]
    if name in ("web:report-file", "programs:report-file"):
        return [{"pk": foreign["report"], "form": "pdf"}]
    if "form" in wanted:
        return [{"form": "csv"}]
    told = (
        name.removeprefix("web:")
        .removeprefix("programs:")
        .removeprefix("saved-")
        .removeprefix("drop-")
        .removeprefix("open-")
        .removeprefix("notify-")
    )
    more = {"campaign-exempt": {"computer": "computer"}, "campaign-answers": {"department": "department"}}
    also = {key: foreign[kind] for key, kind in more.get(told, {}).items()}
    also |= {"key": "report"} if told == "incident-duty" else {}
    also |= {"measure": 1} if told == "incident-measure-done" else {}
    kinds = ("incident", "campaign", "computer", "medium", "person", "department", "waiver", "view", "user")
    for kind in (*kinds, "key", "factor", "report", "bundle"):
        if told == kind or told.startswith(f"{kind}-"):
            return [{"pk": foreign[kind], **also}]
    if set(wanted) == {"pk"} and str(ADDRESSES[name].pattern).startswith("violations/<"):
        return [{"pk": foreign["violation"]}]
    pytest.fail(f"say in this test what the key of {name} stands for")


def addresses(name: str, foreign: dict[str, Any]) -> list[str]:
    return [reverse(name, kwargs=told) for told in arguments(name, foreign)]


def state() -> str:
    """A digest over every table, sessions and the log of acts aside: whether anything was changed."""
    told = hashlib.sha256()
    skipped = {"django_session", "audit_entry", "intake_refusal", "accounts_signinfailure", "accounts_apikey"}
    models = {model._meta.db_table: model for model in apps.get_models()}
    for table in sorted(models.keys() - skipped):
        with connection_of(models[table]).cursor() as cursor:
            cursor.execute(f'SELECT * FROM "{table}" ORDER BY 1')  # noqa: S608 (names are our models')
            told.update(repr((table, cursor.fetchall())).encode())
    return told.hexdigest()


FOR_ALL = {"web:pack"}
"""Pages about one of something that belongs to no department."""

FORM = {
    "note": "x",
    "reason": "x",
    "preset": "x",
    "text": "x",
    "name": "x",
    "until": "2026-12-01",
    "decision": "approve",
    "action": "false-alarm",
    "confirm": "1",
    "all": "1",
    "query": "state=all",
    "role": "admin",
    "status": "lost",
    "username": "x",
    "password": "长长的口令-12345",
    "title": "x",
    "act": "note",
    "kind": "leak",
    "sign": "1",
    "to": "all",
}
"""A form that would do something everywhere, if it were let."""


def test_nobody_gets_anything_without_signing_in(foreign: dict[str, Any], seat: Seat) -> None:
    before, wrong = state(), []
    for name in NAMES:
        for address in addresses(name, foreign):
            for answer in (seat().get(address), seat().post(address, FORM)):
                shown = "" if answer.streaming else answer.content.decode(errors="replace")
                to_the_door = answer.status_code == 302 and "sign-in" in answer["Location"]
                turned_away = to_the_door or answer.status_code in (401, 405) or name in PUBLIC | OWN_PROOF
                if CANARY in shown or not turned_away:
                    wrong.append((name, answer.status_code))
    assert wrong == []
    assert state() == before


@pytest.mark.parametrize("role", [Role.DEPARTMENT, Role.ADMIN, Role.VIEWER])
def test_another_department_s_things_are_neither_shown_nor_changed(
    role: Role, foreign: dict[str, Any], person: People, seat: Seat
) -> None:
    # Nothing else would be told from it: what this person sees of the own department is empty.
    somebody = person(role, username="somebody", department="总部/办公室")
    before, wrong = {kind: stored(kind, foreign) for kind in foreign}, []
    for name in PAGES:
        pattern = ADDRESSES[name].pattern
        keyed = "<" in str(pattern) and "ledger" not in pattern.converters and name not in FOR_ALL
        for address in addresses(name, foreign):
            form = FORM | {"id": str(foreign["violation"])}
            for answer in (seat(somebody).get(address), seat(somebody).post(address, form)):
                shown = "" if answer.streaming else answer.content.decode(errors="replace")
                refused = answer.status_code in (403, 404, 405)
                if CANARY in shown or answer.status_code >= 500 or (keyed and not refused):
                    wrong.append((name, answer.status_code))
    assert wrong == []
    assert {kind: stored(kind, foreign) for kind in foreign} == before


OPERATIONS = [
    (method, operation.url_name, f"programs:{operation.url_name}")
    for bound in api._get_bound_routers()
    for view in bound.path_operations.values()
    for operation in view.operations
    for method in operation.methods
]
"""Method and address of every operation of the API."""
SENT = {
    "note": "x",
    "reason": "x",
    "person": "somebody",
    "scope": "violation",
    "until": "2026-12-01",
    "name": "x",
    "sha256": "ab" * 32,
    "action": "false-alarm",
    "matching": {},
    "decision": "refuse",
    "values": {"place": "x"},
    "text": "x",
    "query": "",
    "class": "internal",
    "title": "x",
    "starts_on": "2026-12-01",
    "deadline": "2026-12-20",
    "classes": ["internal"],
    "answers": {"SITE-05": {"answer": "yes"}},
    "kind": "leak",
    "discovered": "2026-11-01T08:00:00Z",
    "facts": "x",
    "step": "dismiss",
    "forms": ["pdf"],
    "since": "2026-01-01",
    "role": "admin",
    "username": "x",
    "password": "长长的口令-12345",
    "holidays": [],
    "everywhere": True,
}
"""A body that would do something everywhere, if it were let."""


def asked(
    user: User | None, foreign: dict[str, Any], scopes: tuple[str, ...], without: Collection[str] = ()
) -> Iterator[tuple[str, str, Any]]:
    """Every operation of the API, asked for by a program of this person: method, name and answer."""
    text = "mjk-wrong" if user is None else api_keys.mint(user, scopes=scopes)[1]
    client = Client(headers={"authorization": f"Bearer {text}"})
    for method, _url_name, name in OPERATIONS:
        for address in addresses(name, foreign) if name not in without else ():
            body = b"" if method == "GET" else json.dumps(SENT).encode()
            yield method, name, client.generic(method, address, body, content_type="application/json")


def test_a_program_without_a_key_gets_nothing(foreign: dict[str, Any]) -> None:
    before = state()
    told = [(name, answer.status_code) for _method, name, answer in asked(None, foreign, ())]
    assert len(told) > 40
    assert [one for one in told if one[1] != 401] == []
    assert state() == before


@pytest.mark.parametrize("role", [Role.DEPARTMENT, Role.ADMIN, Role.VIEWER])
def test_a_program_of_another_department_neither_sees_nor_changes(
    role: Role, foreign: dict[str, Any], person: People
) -> None:
    somebody = person(role, username="somebody", department="总部/办公室")
    before, wrong = {kind: stored(kind, foreign) for kind in foreign}, []
    for method, name, answer in asked(somebody, foreign, tuple(ApiScope.values)):
        keyed = "pk" in ADDRESSES[name].pattern.converters
        if CANARY in answer.getvalue().decode() or answer.status_code >= 500 or (keyed and answer.status_code < 400):
            wrong.append((method, name, answer.status_code))
    assert wrong == []
    assert {kind: stored(kind, foreign) for kind in foreign} == before


@pytest.mark.parametrize(("role", "scopes"), [(Role.AUDITOR, tuple(ApiScope.values)), (Role.ADMIN, ("read",))])
def test_a_program_that_only_reads_changes_nothing(
    role: Role, scopes: tuple[str, ...], foreign: dict[str, Any], person: People
) -> None:
    user = person(role)
    before, wrong = "", []
    for method, name, answer in asked(user, foreign, scopes, PROGRAMS_MEANT_FOR_ALL):
        before = before or state()
        done = method != "GET" and answer.status_code < 400
        if answer.status_code >= 500 or done:
            wrong.append((method, name, answer.status_code))
    assert wrong == []
    SavedView.objects.filter(owner=user).delete()  # one's own filters are all that anybody may keep
    assert state() == before


PROGRAMS_MEANT_FOR_ALL = {"programs:saved-view-keep", "programs:saved-view-drop"}
"""What even an auditor's program may do: keep filters for oneself."""


def stored(kind: str, foreign: dict[str, Any]) -> str:
    """The foreign row of a kind, as it stands."""
    models: dict[str, Any] = {
        "violation": Group,
        "computer": Computer,
        "medium": Medium,
        "person": Person,
        "department": apps.get_model("accounts", "Department"),
        "waiver": apps.get_model("violations", "Waiver"),
        "view": SavedView,
        "user": User,
        "key": ApiKey,
        "factor": Factor,
        "campaign": Campaign,
        "incident": Incident,
        "report": Report,
        "bundle": RuleBundle,
    }
    return repr(sorted(models[kind].objects.filter(pk=foreign[kind]).values().get().items(), key=lambda pair: pair[0]))


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.INSPECTOR])
def test_who_only_reads_reads_everything_and_changes_nothing(
    role: Role, foreign: dict[str, Any], person: People, seat: Seat
) -> None:
    client = seat(person(role))
    before, wrong = state(), []
    for name in PAGES:
        for address in addresses(name, foreign):
            if client.get(address).status_code not in (200, 302, 403, 404, 405):
                wrong.append((name, "GET"))
            if name not in MEANT_FOR_ALL and client.post(address, FORM).status_code not in (302, 403, 404, 405):
                wrong.append((name, "POST"))
    assert wrong == []
    assert state() == before


@pytest.mark.parametrize(
    "name",
    [
        "start",
        "violations",
        "campaigns",
        "incidents",
        "computers",
        "media",
        "people",
        "waivers",
        "reconcile",
        "audit",
        "health",
        "imports",
    ],
)
def test_an_auditor_reads_every_department(name: str, foreign: dict[str, Any], person: People, seat: Seat) -> None:
    answer = seat(person(Role.AUDITOR, department="总部/办公室")).get(reverse(f"web:{name}"))
    assert answer.status_code == 200
    if name in ("violations", "campaigns", "incidents", "computers", "media", "people", "waivers"):
        assert CANARY in answer.content.decode()


def test_the_own_department_and_all_below_it_are_seen(foreign: dict[str, Any], person: People, seat: Seat) -> None:
    above = seat(person(Role.DEPARTMENT, username="above", department="总部"))
    same = seat(person(Role.DEPARTMENT, username="same", department="总部/财务处"))
    below = seat(person(Role.DEPARTMENT, username="below", department="总部/财务处/一科"))
    listed = [
        len(re.findall(r'id="v-', client.get(reverse("web:violations")).content.decode()))
        for client in (above, same, below)
    ]
    assert listed == [1, 1, 0]


def test_a_department_officer_without_a_department_sees_nothing(
    foreign: dict[str, Any], person: People, seat: Seat
) -> None:
    client = seat(person(Role.DEPARTMENT))
    assert CANARY not in client.get(reverse("web:violations")).content.decode()
    assert client.get(reverse("web:violation", args=[foreign["violation"]])).status_code == 404


def test_every_address_is_walked() -> None:
    assert len(NAMES) > 45
    assert {"web:violations", "programs:violations", "web:bulk", "web:user-edit", "health"} <= set(NAMES)
