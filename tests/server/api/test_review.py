"""Violations and waivers over the API: the same acts as on the pages, with their rights, history and audit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from server.accounts.models import ApiKey, Role, User
from server.audit.models import Entry
from server.violations.models import Group, State

People = Callable[..., User]


@pytest.fixture
def group(deliver: Any, sender: Any, file_seen: Any) -> Group:
    """A violation that was just told."""
    deliver(sender.next(file_seen()))
    return Group.objects.get()


def test_a_violation_goes_its_whole_way(group: Group, person: People, program: Any) -> None:
    asks = program(person(Role.OFFICER, username="chen"))
    at = f"/violations/{group.pk}"
    told = asks.post(f"{at}/assign", {"person": "chen", "due": "2030-01-02", "note": "please"})
    assert (told["state"], told["assignee"], told["due"]) == ("assigned", "chen", "2030-01-02")
    assert asks.post(f"{at}/rectified", {"note": "shredded"})["state"] == "rectified"
    assert asks.post(f"{at}/close", {}, status=409)["reason"] == "wrong-state"
    Group.objects.update(state=State.VERIFIED)
    assert asks.post(f"{at}/close", {"note": ""})["state"] == "closed"
    assert asks.post(f"{at}/reopen", {"reason": "seen again"})["state"] == "new"
    assert asks.post(f"{at}/comments", {"note": "why"}, status=201)["note"] == "why"
    assert asks.post(f"{at}/false-alarm", {"reason": "a form"})["state"] == "false_alarm"
    whole = asks.get(at)
    assert [step["to_state"] for step in whole["steps"]] == [
        "assigned", "rectified", "closed", "new", "new", "false_alarm",
    ]  # fmt: skip
    assert len(whole["sightings"]) == 1
    assert Entry.objects.filter(action__startswith="violation.", actor=asks.user).count() == 6


def test_a_reason_that_is_missing_is_a_problem_that_says_so(group: Group, person: People, program: Any) -> None:
    problem = program(person()).post(f"/violations/{group.pk}/rectified", {"note": " "}, status=422)
    assert (problem["status"], problem["reason"], problem["title"]) == (422, "note-required", "Unprocessable Entity")
    assert problem["detail"] == "Please give a reason."


def test_a_body_that_does_not_fit_is_told_by_field_and_not_repeated(group: Group, person: People, program: Any) -> None:
    sent = {"person": 7, "due": "soon-天机"}
    problem = program(person()).post(f"/violations/{group.pk}/assign", sent, status=400)
    assert problem["reason"] == "malformed"
    assert any("due" in place for place in problem["errors"])
    assert "天机" not in str(problem)


def test_many_are_done_at_once_and_those_that_cannot_are_left(
    deliver: Any, sender: Any, file_seen: Any, person: People, program: Any
) -> None:
    deliver(sender.next(*(file_seen(str(number)) for number in range(4))))
    first = Group.objects.first()
    assert first is not None
    Group.objects.filter(pk=first.pk).update(state=State.CLOSED)
    asks = program(person())
    sent = {"action": "rectified", "matching": {"severity": ["critical"]}, "note": "all shredded"}
    assert asks.post("/violations/bulk", sent) == {"done": 3, "left": 1, "more": False}
    named = {"action": "false-alarm", "ids": [str(first.pk)], "note": "x"}
    assert asks.post("/violations/bulk", named) == {"done": 0, "left": 1, "more": False}
    assert asks.post("/violations/bulk", {"action": "rectified", "note": "x"}, status=422)["reason"] == "nothing"


def test_a_waiver_is_asked_for_by_one_and_approved_by_another(group: Group, person: People, program: Any) -> None:
    asking, deciding = program(person(Role.OFFICER, "one")), program(person(Role.OFFICER, "two"))
    until = (timezone.localdate() + timedelta(days=9)).isoformat()
    sent = {"scope": "violation", "reason": "approved work", "until": until}
    waiver = asking.post(f"/violations/{group.pk}/waivers", sent, status=201)
    at = f"/waivers/{waiver['id']}/decision"
    assert asking.post(at, {"decision": "approve"}, status=409)["reason"] == "own"
    assert deciding.post(at, {"decision": "approve"})["state"] == "approved"
    assert asking.get("/waivers?state=approved")["waivers"][0]["decided_by"] == "two"
    assert asking.get(f"/violations/{group.pk}")["state"] == "waived"


def test_a_path_is_opened_for_a_reason_and_the_opening_is_logged(group: Group, person: People, program: Any) -> None:
    asks = program(person())
    assert asks.post(f"/violations/{group.pk}/reveal", {"reason": ""}, status=422)["reason"] == "reason-required"
    assert asks.post(f"/violations/{group.pk}/reveal", {"reason": "inspection"})["path"] == "/media/u/合同.docx"
    assert Entry.objects.get(action="place.reveal").detail == {"reason": "inspection"}
    program(person(Role.IT)).post(f"/violations/{group.pk}/reveal", {"reason": "curious"}, status=403)
    assert Entry.objects.filter(action="place.reveal-denied").count() == 1


def test_an_attachment_is_a_name_and_a_hash_and_nothing_more(group: Group, person: People, program: Any) -> None:
    asks = program(person())
    at, sent = f"/violations/{group.pk}/attachments", {"name": "C:\\scans\\sheet.pdf", "sha256": "AB" * 32, "size": 7}
    assert asks.post(at, sent, status=201)["name"] == "sheet.pdf"
    assert asks.post(at, sent, status=409)["reason"] == "known"
    assert asks.post(at, {"name": "x", "sha256": "zz"}, status=422)["reason"] == "sha256"
    (told,) = asks.get(f"/violations/{group.pk}")["attachments"]
    assert (told["sha256"], told["size"]) == ("ab" * 32, 7)


def test_only_what_has_changed_since_is_listed(group: Group, person: People, program: Any) -> None:
    asks = program(person())
    late = (timezone.now() + timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    assert asks.get("/violations?changed_since=2020-01-01T00:00:00Z")["violations"]
    assert asks.get(f"/violations?changed_since={late}")["violations"] == []
    assert asks.get("/violations?open=false")["violations"] == []
    assert len(asks.get("/violations?open=true&severity=critical&q=机密")["violations"]) == 1


def test_a_key_does_only_what_its_scopes_say_and_every_use_is_counted(
    group: Group, person: People, program: Any
) -> None:
    asks = program(person(), ("read",))
    assert asks.post(f"/violations/{group.pk}/rectified", {"note": "x"}, status=403)["reason"] == "scope"
    asks.get("/me")
    key = ApiKey.objects.get(pk=asks.key.pk)
    assert key.uses == 2
    assert key.last_used_at is not None
    assert Group.objects.get().state == State.NEW


def test_a_key_can_no_more_than_its_person(group: Group, person: People, program: Any) -> None:
    asks = program(person(Role.VIEWER))
    assert asks.post(f"/violations/{group.pk}/rectified", {"note": "x"}, status=403)["reason"] == "forbidden"
    assert asks.get("/me")["rights"] == []
    for path in ("/audit", "/users", "/imports", "/health", "/enrolment-tokens", "/imports/refusals"):
        assert asks.get(path, status=403)["reason"] == "forbidden"
