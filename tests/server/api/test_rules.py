"""Bundles of rules over the API: brought, released and withdrawn by programs as on the pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from protocol import keys
from server.accounts.models import Role, User
from signatures.bundles import build
from signatures.rules import PACKS

People = Callable[..., User]
KEY = keys.Ed25519PrivateKey.generate()


def signed(version: int) -> bytes:
    packs = {"tlp.yaml": (PACKS / "tlp.yaml").read_bytes()}
    return build(packs, KEY, version=version, created=timezone.now())


@pytest.fixture(autouse=True)
def trusting(settings: Any) -> None:
    settings.MIJIAN_RULES_KEYS = (keys.b64(keys.public_bytes(KEY)),)


def test_a_bundle_is_brought_released_to_some_then_to_all_and_withdrawn(
    person: People, program: Any, desk_pc: Any, organise: Any
) -> None:
    asks = program(person(Role.OFFICER))
    desk_pc("a", "总部/财务处")
    desk_pc("b", "总部/办公室")
    told = asks.post("/rule-bundles", signed(7), status=201)
    assert (told["version"], told["trusted"], told["releases"], told["computers_due"]) == (7, True, [], 0)
    at = f"/rule-bundles/{told['id']}"
    assert asks.post(f"{at}/release", {"everywhere": False}, status=422)["reason"] == "no-department"
    told = asks.post(f"{at}/release", {"departments": [organise("总部/财务处").pk], "note": "first"})
    assert (told["computers_due"], told["computers_done"]) == (1, 0)
    assert asks.post(f"{at}/release", {"everywhere": True})["computers_due"] == 2
    assert asks.post(f"{at}/release", {"everywhere": True}, status=409)["reason"] == "wrong-state"
    assert asks.post(f"{at}/withdraw", {})["computers_due"] == 0
    assert [one["version"] for one in asks.get("/rule-bundles")["bundles"]] == [7]


def test_what_is_refused_has_its_reason(person: People, program: Any) -> None:
    asks = program(person(Role.OFFICER))
    raw = signed(7)
    assert asks.post("/rule-bundles", raw[:-1] + bytes((raw[-1] ^ 1,)), status=422)["reason"] == "bad-signature"
    assert asks.post("/rule-bundles", b"nothing", status=422)["reason"] == "not-a-bundle"
    asks.post("/rule-bundles", raw, status=201)
    assert asks.post("/rule-bundles", raw, status=409)["reason"] == "same-version"


def test_with_separated_duties_the_administrator_s_program_releases_nothing(
    person: People, program: Any, settings: Any
) -> None:
    settings.MIJIAN_SEPARATION = True
    admin = program(person(Role.ADMIN))
    at = f"/rule-bundles/{admin.post('/rule-bundles', signed(7), status=201)['id']}"
    assert admin.post(f"{at}/release", {"everywhere": True}, status=403)["reason"] == "forbidden"
    assert admin.get(at)["releases"] == []
