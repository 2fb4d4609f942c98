"""Ledgers, departments, arrivals and the house itself over the API."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable
from typing import Any

from protocol import keys
from protocol.receipts import Answer, open_receipt
from server.accounts.models import Role, User
from server.audit.models import Entry
from server.intake.models import EnrolmentToken
from server.keys import collector_keys
from server.ledger.models import Computer, Medium

People = Callable[..., User]
TYPED = {"number": "BG-001", "name": "pc-1", "computer_class": "internal", "status": "in-use", "place": "302"}


def test_an_entry_is_made_read_changed_and_noted(person: People, program: Any) -> None:
    asks = program(person())
    made = asks.post("/ledgers/computers", {"values": TYPED}, status=201)
    assert made["values"]["place"] == "302"
    at = f"/ledgers/computers/{made['id']}"
    told = asks.ask("PATCH", at, {"values": {"place": "303"}}, status=200)
    assert (told["values"]["place"], told["values"]["number"]) == ("303", "BG-001")
    asks.post(f"{at}/notes", {"text": "moved"}, status=201)
    assert [note["text"] for note in asks.get(f"{at}/notes")] == ["moved"]
    assert [row["id"] for row in asks.get("/ledgers/computers?q=BG-001")["entries"]] == [made["id"]]
    changed = Entry.objects.get(action="ledger.change")
    assert (changed.actor_id, changed.detail["how"], changed.detail["changes"]["place"]) == (
        asks.user.pk, "api", ["302", "303"],
    )  # fmt: skip


def test_mistakes_are_told_by_column_and_nothing_is_stored(person: People, program: Any) -> None:
    asks = program(person())
    problem = asks.post("/ledgers/media", {"values": {"number": "U-1", "medium_class": "odd"}}, status=422)
    assert "medium_class" in problem["errors"]
    assert "colour" in asks.post("/ledgers/media", {"values": {"colour": "red"}}, status=422)["errors"]
    assert Medium.objects.count() == 0


def test_a_file_is_first_looked_at_and_then_stored(person: People, program: Any) -> None:
    asks = program(person())
    file = "number,name,clearance\n1001,张三,none\n1002,李四,none\n".encode()
    looked = asks.post("/ledgers/people/import", file)
    assert (looked["stored"], looked["counts"]["new"]) == (False, 2)
    assert asks.get("/ledgers/people")["entries"] == []
    assert asks.post("/ledgers/people/import?dry_run=false", file)["stored"] is True
    assert len(asks.get("/ledgers/people")["entries"]) == 2
    wrong = asks.post("/ledgers/people/import?dry_run=false", b"number,name,clearance\n1003,x,odd\n")
    assert (wrong["stored"], wrong["counts"]["wrong"], "clearance" in wrong["lines"][0]["mistakes"]) == (False, 1, True)
    assert "张三".encode() in asks.get("/ledgers/people/export.csv")


def test_a_long_list_comes_in_parts_that_do_not_overlap(person: People, program: Any) -> None:
    asks = program(person())
    for number in range(7):
        Medium.objects.create(number=f"U-{number}")
    seen: list[str] = []
    mark = ""
    while mark is not None:
        part = asks.get(f"/ledgers/media?limit=3&after={mark}")
        seen += [row["id"] for row in part["entries"]]
        mark = part["next"]
    assert len(seen) == len(set(seen)) == 7
    assert asks.get("/ledgers/media?after=nonsense", status=400)["reason"] == "malformed"


def test_departments_are_made_and_moved(person: People, program: Any) -> None:
    asks = program(person())
    top = asks.post("/departments", {"name": "总部"}, status=201)
    below = asks.post("/departments", {"name": "财务处", "parent": top["id"]}, status=201)
    moved = asks.ask("PUT", f"/departments/{below['id']}", {"name": "财务部", "parent": None}, status=200)
    assert moved == {"id": below["id"], "name": "财务部", "parent": None}
    asks.ask("PUT", f"/departments/{top['id']}", {"name": "x", "parent": top["id"]}, status=422)


def test_a_sealed_file_gets_a_verdict_and_a_signed_receipt(
    sender: Any, file_seen: Any, person: People, program: Any
) -> None:
    asks = program(person(Role.IT))
    raw = sender.next(file_seen())
    told = asks.post("/imports", raw)
    receipt = open_receipt(base64.b64decode(told["receipt"]), keys.public_bytes(collector_keys().signing))
    assert (told["answer"], receipt.answer, receipt.digest) == ("accepted", Answer.ACCEPTED, told["digest"])
    assert asks.post("/imports", raw)["answer"] == "duplicate"
    assert asks.post("/imports", b"nonsense")["answer"] == "refused"
    assert [row["sequence"] for row in asks.get("/imports")["envelopes"]] == [1]
    assert asks.get("/imports/refusals")["refusals"][0]["reason"] == "not-an-envelope"
    assert asks.get("/health")["bad"] == 0


def test_a_token_is_minted_and_a_computer_withdrawn(computer: Computer, person: People, program: Any) -> None:
    asks = program(person(Role.ADMIN))
    made = asks.post("/enrolment-tokens", {"class": "internal", "note": "302"}, status=201)
    assert made["token"].startswith("mj-")
    assert made["token"] not in str(asks.get("/enrolment-tokens"))
    assert EnrolmentToken.objects.get().created_by == asks.user
    asks.post("/enrolment-tokens", {"class": "confidential"}, status=422)
    asks.post(f"/computers/{computer.pk}/revoke", {"reason": "sold"})
    assert Computer.objects.get(pk=computer.pk).revoked_at is not None
    asks.post(f"/computers/{uuid.uuid4()}/revoke", {"reason": "x"}, status=404)


def test_the_audit_log_and_the_accounts_are_read(person: People, program: Any) -> None:
    asks = program(person(Role.ADMIN, username="root"))
    acts = asks.get("/audit?action=api-key.")["acts"]
    assert [(act["action"], act["detail"]["scopes"]) for act in acts] == [("api-key.mint", "read review ledger admin")]
    (account,) = asks.get("/users")["users"]
    assert (account["username"], account["role"]) == ("root", "admin")
    assert {question["key"] for question in asks.get("/ledger-check")} >= {"medium-gone", "computer-gone"}


def test_exports_hold_what_the_person_sees_and_no_more(
    deliver: Any, sender: Any, file_seen: Any, computer: Computer, person: People, program: Any
) -> None:
    deliver(sender.next(file_seen(path="/media/u/名单.docx")))
    whole, part = program(person()), program(person(Role.DEPARTMENT, department="总部"))
    for form, start in (("jsonl", b"{"), ("csv", b"\xef\xbb\xbf"), ("ocsf", b"{"), ("cef", b"CEF:0|")):
        told = whole.ask("GET", f"/exports/violations.{form}")
        assert told.startswith(start)
        assert "名单" not in told.decode()
    assert part.ask("GET", "/exports/violations.cef") == b""


def test_a_view_is_kept_and_dropped(person: People, program: Any) -> None:
    asks = program(person())
    made = asks.post("/saved-views", {"name": "bad ones", "query": "severity=critical&odd=1"}, status=201)
    assert made["query"] == "severity=critical"
    asks.ask("DELETE", f"/saved-views/{made['id']}", status=204)
    assert asks.get("/saved-views") == []
