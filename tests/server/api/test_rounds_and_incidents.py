"""Rounds, incidents, reports, the policy and accounts over the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from server.accounts.models import Role, User
from server.campaigns.models import Campaign
from server.ledger.models import Computer
from server.reports.models import Report
from server.reports.workshop import work
from server.rules.models import ClassPolicy

People = Callable[..., User]


def days(count: int) -> str:
    return (timezone.localdate() + timedelta(days=count)).isoformat()


def test_a_round_is_opened_followed_and_closed(
    person: People, program: Any, desk_pc: Callable[..., Computer], self_check: Any
) -> None:
    asks = program(person())
    done, missing = desk_pc("pc-1"), desk_pc("pc-2")
    spared = desk_pc("pc-3")
    plan = {"title": "四季度自查", "starts_on": days(-9), "deadline": days(-2), "classes": ["internal"]}
    made = asks.post("/campaigns", plan, status=201)
    at = f"/campaigns/{made['id']}"
    self_check(done, 5)
    asks.post(f"{at}/exempt/{spared.pk}", {"reason": "lent to the archive"}, status=204)
    whole = asks.get(at)
    assert {name: count for name, count in whole["total"]["standings"].items() if count} == {
        "done": 1, "missing": 1, "exempt": 1,
    }  # fmt: skip
    late = asks.get(f"{at}/computers?standing=missing")["computers"]
    assert [row["computer"] for row in late] == [str(missing.pk)]
    assert asks.ask("PUT", at, plan | {"title": "年终自查"}, status=200)["title"] == "年终自查"
    assert asks.post(f"{at}/remind")["departments"] == 1
    kept = asks.ask("PUT", f"{at}/answers/0", {"answers": {"SITE-05": {"answer": "yes"}}}, status=200)
    assert kept["signed"] is None
    problem = asks.post(f"{at}/close", {"note": ""}, status=422)
    assert "note" in problem["errors"]
    assert asks.post(f"{at}/close", {"note": "checked by hand"})["open"] is False
    assert Campaign.objects.get().digest == asks.get(at)["digest"] != ""


def test_an_incident_goes_all_the_way(person: People, program: Any, desk_pc: Callable[..., Computer]) -> None:
    asks = program(person())
    pc = desk_pc("pc-1")
    told = {"title": "U 盘遗失", "kind": "loss", "discovered": (timezone.now() - timedelta(hours=2)).isoformat()}
    made = asks.post("/incidents", told | {"computers": [str(pc.pk)]}, status=201)
    at = f"/incidents/{made['id']}"
    assert made["computers"] == [str(pc.pk)]
    assert made["duties"] != []
    assert "facts" not in asks.post(f"{at}/step", {"step": "verify"}, status=422)["errors"]
    asks.ask("PATCH", at, {"facts": "left in a taxi", "prevention": "a cord"}, status=200)
    assert asks.post(f"{at}/step", {"step": "verify"})["state"] == "verified"
    more = {"level": "秘密", "cause_kind": "negligence", "cause": "x", "responsibility": "y", "decision": "education"}
    whole = asks.ask("PATCH", at, more, status=200)
    measure = asks.post(f"{at}/measures", {"text": "ask the taxi company"})["measures"][0]["id"]
    asks.post(f"{at}/step", {"step": "handle"})
    for duty in whole["duties"]:
        asks.post(f"{at}/duties/{duty['key']}", {"note": "by telephone"})
    asks.post(f"{at}/measures/{measure}/done")
    asks.post(f"{at}/notes", {"note": "found again"}, status=204)
    assert asks.post(f"{at}/unlink", {"computers": [str(pc.pk)]})["computers"] == []
    closed = asks.post(f"{at}/step", {"step": "close"})
    assert (closed["state"], len(closed["digest"])) == ("closed", 64)
    assert asks.post(f"{at}/step", {"step": "reopen", "reason": "new facts"})["state"] == "open"


def test_a_report_is_ordered_made_and_fetched(person: People, program: Any) -> None:
    asks = program(person())
    wanted = {"kind": "ledger", "forms": ["xlsx"], "since": days(-30), "until": days(0), "ledger": "media"}
    made = asks.post("/reports", wanted, status=201)
    assert made["state"] == "waiting"
    assert work() == 1
    told = asks.get(f"/reports/{made['id']}")
    assert (told["state"], [file["form"] for file in told["files"]]) == ("done", ["xlsx"])
    assert asks.get(f"/reports/{made['id']}/file.xlsx").startswith(b"PK")
    asks.get(f"/reports/{made['id']}/file.pdf", status=404)
    assert "kind" in asks.post("/reports", wanted | {"kind": "odd"}, status=422)["errors"]
    Report.objects.update(state="failed")
    assert asks.post(f"/reports/{made['id']}/retry")["state"] == "waiting"


def test_the_policy_is_read_and_set_whole(person: People, program: Any) -> None:
    asks = program(person(Role.ADMIN))
    wanted = {"cron": "30 12 * * 1-5", "quarterly": True, "before_holidays": 3, "allowed_networks": ["10.2.0.0/16"]}
    told = asks.ask("PUT", "/policies/classes/internal", wanted, status=200)
    assert told["classes"]["internal"] == wanted | {"profile": "", "before_inspection": None}
    assert ClassPolicy.objects.get().before_holidays == 3
    assert "cron" in asks.ask("PUT", "/policies/classes/internal", {"cron": "* * * * *"}, status=422)["errors"]
    house = asks.ask("PUT", "/policies/house", {"holidays": [days(20)], "inspection": days(40)}, status=200)["house"]
    assert house == {"holidays": [days(20)], "inspection": days(40)} == asks.get("/policies")["house"]


def test_accounts_and_keys_are_looked_after(person: People, program: Any) -> None:
    asks = program(person(Role.ADMIN))
    new = {"username": "li", "password": "长长的口令-12345", "role": "officer", "name": "李四"}
    made = asks.post("/users", new, status=201)
    assert made["name"] == "李四"
    changed = asks.ask("PUT", f"/users/{made['id']}", {"role": "viewer", "active": False}, status=200)
    assert (changed["role"], changed["active"]) == ("viewer", False)
    assert "username" in asks.post("/users", new, status=422)["errors"]
    other, _text = program(person()).key, ""
    assert {row["id"] for row in asks.get("/keys")["keys"]} == {other.pk, asks.key.pk}
    assert asks.post(f"/keys/{other.pk}/revoke")["revoked"] is not None
    asks.post(f"/keys/{asks.key.pk}/revoke")
    asks.get("/keys", status=401)
