"""Incidents: opened, worked on, moved on only when what must be known is known, and filed with a hash."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from server.accounts.models import Role, User
from server.audit.log import verify_chain
from server.audit.models import Entry
from server.incidents import actions, states
from server.incidents.actions import IncidentMistakes, Told
from server.incidents.models import Incident, State
from server.incidents.scope import incidents_of, overdue_of
from server.violations.models import Group

pytestmark = pytest.mark.django_db
People = Callable[..., User]


@pytest.fixture
def officer(person: People) -> User:
    return person(Role.OFFICER)


def opened(by: User, **more: Any) -> Incident:
    told = {"title": "涉密U盘接入互联网计算机", "kind": "possible", "discovered_at": timezone.now()}
    return actions.open_incident(Told(**(told | more)), by=by)


KNOWN = {
    "facts": "检查发现U盘接入互联网计算机。",
    "level": "机密",
    "cause_kind": "negligence",
    "cause": "未按规定使用中间机。",
    "responsibility": "使用人负直接责任。",
    "decision": "education",
    "prevention": "全员教育，启用端口管控。",
}


def worked_through(incident: Incident, by: User) -> None:
    """Everything a closing report needs."""
    actions.change(incident, KNOWN, by=by)
    measure = actions.add_measure(incident, text="收回U盘并登记", responsible="周涛", by=by)
    actions.finish_measure(incident, measure.pk, by=by)
    states.verify(incident, by=by)
    states.handle(incident, by=by)
    for duty in incident.duties.all():
        actions.meet_duty(incident, duty.key, at=None, note="书面报告市保密局", by=by)


def test_incidents_are_numbered_within_the_year_of_their_discovery(officer: User) -> None:
    last_year = timezone.now() - timedelta(days=400)
    numbers = [opened(officer).number, opened(officer).number, opened(officer, discovered_at=last_year).number]
    year, before = timezone.localtime().year, timezone.localtime(last_year).year
    assert numbers == [f"SJ-{year}-001", f"SJ-{year}-002", f"SJ-{before}-001"]


def test_a_new_incident_has_its_clock_and_its_first_audit_row(officer: User) -> None:
    incident = opened(officer)
    assert {duty.key for duty in incident.duties.all()} == {"remedy", "leader", "authority", "result"}
    assert all(duty.due_at > incident.discovered_at for duty in incident.duties.all())
    entry = Entry.objects.get(action="incident.open")
    assert (entry.actor, entry.object_id, entry.detail["number"]) == (officer, str(incident.pk), incident.number)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", " "),
        ("title", "x" * 151),
        ("kind", "rumour"),
        ("discovered_at", None),
        ("discovered_at", timezone.now() + timedelta(days=2)),
        ("facts", "x" * 10_001),
    ],
)
def test_an_incident_that_makes_no_sense_is_not_opened(officer: User, field: str, value: Any) -> None:
    with pytest.raises(IncidentMistakes) as caught:
        opened(officer, **{field: value})
    assert field in caught.value.by_field
    assert not Incident.objects.exists()


def test_the_clock_follows_kind_level_and_discovery_and_keeps_what_was_met(officer: User) -> None:
    incident = opened(officer, kind="loss")
    actions.meet_duty(incident, "authority", at=None, note="电话并书面报告", by=officer)
    actions.change(incident, {"level": "绝密", "discovered_at": timezone.now() - timedelta(days=11)}, by=officer)
    found = {duty.key: duty for duty in incident.duties.all()}
    assert set(found) == {"remedy", "leader", "authority", "search-top-secret", "result"}
    assert found["search-top-secret"].overdue
    actions.change(incident, {"kind": "breach"}, by=officer)
    assert {duty.key for duty in incident.duties.all()} == {"remedy", "leader", "authority"}


def test_a_duty_met_after_its_time_is_late_for_ever(officer: User) -> None:
    incident = opened(officer, discovered_at=timezone.now() - timedelta(hours=30))
    in_time = timezone.now() - timedelta(hours=10)
    assert not actions.meet_duty(incident, "authority", at=in_time, note="书面", by=officer).late
    assert actions.meet_duty(incident, "leader", at=None, note="口头", by=officer).late
    with pytest.raises(IncidentMistakes):
        actions.meet_duty(incident, "leader", at=in_time, note="再说一次", by=officer)
    assert Entry.objects.filter(action="incident.duty", detail__late=True).count() == 1


@pytest.mark.parametrize("hours", [-1, 48])
def test_a_duty_is_not_met_before_the_discovery_or_in_the_future(officer: User, hours: int) -> None:
    incident = opened(officer, discovered_at=timezone.now() - timedelta(hours=24))
    with pytest.raises(IncidentMistakes):
        actions.meet_duty(
            incident, "leader", at=incident.discovered_at + timedelta(hours=hours), note="报告", by=officer
        )
    assert incident.duties.get(key="leader").met_at is None


def test_a_duty_that_does_not_arise_needs_a_word_too(officer: User) -> None:
    incident = opened(officer)
    with pytest.raises(IncidentMistakes):
        actions.meet_duty(incident, "authority", at=None, note=" ", by=officer, spared=True)
    duty = actions.meet_duty(incident, "authority", at=None, note="核实不涉密", by=officer, spared=True)
    assert (duty.spared, duty.late) == (True, False)


def test_an_incident_goes_its_whole_way_and_its_report_keeps_its_hash(officer: User) -> None:
    incident = opened(officer)
    worked_through(incident, officer)
    closed = states.close(incident, by=officer)
    assert (closed.state, closed.closed_by) == (State.CLOSED, officer)
    stored = Incident.objects.get()
    assert states.digest(stored) == stored.digest
    assert Entry.objects.get(action="incident.close").detail["digest"] == stored.digest
    assert verify_chain().whole
    Incident.objects.update(responsibility="无人负责")
    assert states.digest(Incident.objects.get()) != stored.digest


@pytest.mark.parametrize("lacking", [name for name in KNOWN if name not in ("facts", "prevention")])
def test_nothing_is_handled_before_cause_responsibility_and_level_are_known(officer: User, lacking: str) -> None:
    incident = opened(officer)
    actions.change(incident, KNOWN | {lacking: ""}, by=officer)
    actions.add_measure(incident, text="收回", by=officer)
    states.verify(incident, by=officer)
    with pytest.raises(IncidentMistakes):
        states.handle(incident, by=officer)
    assert Incident.objects.get().state == State.VERIFIED


def test_each_step_waits_for_what_it_needs(officer: User) -> None:
    incident = opened(officer)
    for act in (states.verify, states.handle, states.close):
        with pytest.raises(IncidentMistakes):
            act(incident, by=officer)
    actions.change(incident, {"facts": KNOWN["facts"]}, by=officer)
    states.verify(incident, by=officer)
    actions.change(incident, KNOWN | {"prevention": ""}, by=officer)
    with pytest.raises(IncidentMistakes):
        states.handle(incident, by=officer)  # no measure yet
    measure = actions.add_measure(incident, text="收回", by=officer)
    states.handle(incident, by=officer)
    ways: list[Callable[[], Any]] = [
        lambda: actions.change(incident, {"prevention": "教育"}, by=officer),
        lambda: [actions.meet_duty(incident, one.key, at=None, note="报", by=officer) for one in incident.duties.all()],
        lambda: actions.finish_measure(incident, measure.pk, by=officer),
    ]
    for way in ways:
        with pytest.raises(IncidentMistakes):
            states.close(incident, by=officer)
        way()
    assert states.close(incident, by=officer).state == State.CLOSED


def test_a_closed_incident_stands_until_it_is_opened_again_with_a_reason(officer: User) -> None:
    incident = opened(officer)
    worked_through(incident, officer)
    states.close(incident, by=officer)
    for act in (
        lambda: actions.change(incident, {"facts": "另述"}, by=officer),
        lambda: actions.add_measure(incident, text="再来", by=officer),
        lambda: actions.comment(incident, note="x", by=officer),
        lambda: states.reopen(incident, by=officer, reason=" "),
    ):
        with pytest.raises(IncidentMistakes):
            act()
    again = states.reopen(incident, by=officer, reason="发现新的当事人")
    assert (again.state, again.digest, again.closed_at) == (State.OPEN, "", None)


def test_what_was_none_is_dismissed_with_a_reason(officer: User) -> None:
    incident = opened(officer)
    with pytest.raises(IncidentMistakes):
        states.dismiss(incident, by=officer, reason="")
    assert states.dismiss(incident, by=officer, reason="演练").state == State.DISMISSED
    assert not overdue_of(officer).exists()


def test_who_may_open_work_on_and_close_an_incident(person: People, officer: User, organise: Any) -> None:
    where = organise("总部/办公室")
    it = person(Role.IT, department=where)
    head = person(Role.DEPARTMENT, department=where)
    for role in (Role.VIEWER, Role.AUDITOR, Role.INSPECTOR):
        with pytest.raises(PermissionDenied):
            opened(person(role))
    incident = opened(it, department=where)
    with pytest.raises(PermissionDenied):
        actions.change(incident, KNOWN, by=it)
    worked_through(incident, head)
    with pytest.raises(PermissionDenied):
        states.close(incident, by=head)
    states.close(incident, by=officer)


def test_an_incident_of_another_department_is_neither_seen_nor_touched(
    person: People, officer: User, organise: Any
) -> None:
    where, beside = organise("总部/办公室"), person(Role.DEPARTMENT, department="总部/财务处")
    incident = opened(officer, department=where, discovered_at=timezone.now() - timedelta(days=2))
    assert not incidents_of(beside).exists()
    assert not overdue_of(beside).exists()
    assert overdue_of(officer).count() == 1
    with pytest.raises(PermissionDenied):
        actions.change(incident, KNOWN, by=beside)
    with pytest.raises(IncidentMistakes):
        opened(beside, department=where)
    with pytest.raises(IncidentMistakes):
        opened(beside)


@pytest.mark.django_db(transaction=True)
def test_violations_computers_and_media_are_linked_within_ones_scope(
    person: People, officer: User, deliver: Any, sender: Any, file_seen: Any, computer: Any, organise: Any
) -> None:
    deliver(sender.next(file_seen()))
    group = Group.objects.get()
    head = person(Role.DEPARTMENT, department="总部/财务处")
    foreign = opened(head, department=organise("总部/财务处"))
    with pytest.raises(PermissionDenied):
        actions.link(foreign, group, by=head)
    incident = opened(officer, groups=(group,), computers=(computer,), media=(group.medium,))
    actions.link(incident, group, by=officer)
    assert (list(incident.groups.all()), list(incident.computers.all())) == ([group], [computer])
    assert list(incident.media.all()) == [group.medium]
    assert Entry.objects.filter(action="incident.link").count() == 3
    actions.unlink(incident, computer, by=officer)
    assert not incident.computers.exists()
