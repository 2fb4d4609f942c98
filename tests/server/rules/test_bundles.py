"""Signed bundles of rules: verified before they are kept, released by the right person, to the right computers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from protocol import keys
from protocol import policy as protocol_policy
from server.accounts.models import Role, User
from server.audit.models import Entry
from server.intake.policy import make
from server.ledger.models import Computer
from server.rules import bundles
from server.rules.bundles import RulesMistake
from server.rules.changes import changes_of
from server.rules.models import AgentState, RuleBundle
from server.rules.standing import behind, standings
from signatures.bundles import build
from signatures.rules import PACKS, load_rules

pytestmark = pytest.mark.django_db
KEY, OTHER = keys.Ed25519PrivateKey.generate(), keys.Ed25519PrivateKey.generate()
SHIPPED = {file.name: file.read_bytes() for file in PACKS.glob("*.yaml")}
TLP = {"tlp.yaml": SHIPPED["tlp.yaml"]}


def public(key: keys.Ed25519PrivateKey) -> str:
    return keys.b64(keys.public_bytes(key))


def signed(version: int, key: keys.Ed25519PrivateKey = KEY, packs: Any = None, **more: Any) -> bytes:
    created = timezone.now() - timedelta(days=9)
    return build(TLP if packs is None else packs, key, version=version, created=created, **more)


@pytest.fixture(autouse=True)
def trusting(settings: Any) -> Iterator[None]:
    """One key is trusted, and mistakes are told in English."""
    settings.MIJIAN_RULES_KEYS = (public(KEY),)
    with override("en"):
        yield


def versions(*computers: Computer) -> list[int]:
    return [make(Computer.objects.select_related("department").get(pk=one.pk)).rules_version for one in computers]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (lambda: signed(7, OTHER), "wrong-key"),
        (lambda: signed(7)[:-64] + bytes(64), "unsigned"),
        (lambda: (raw := signed(7))[:-1] + bytes((raw[-1] ^ 1,)), "bad-signature"),
        (lambda: signed(7)[:-9], "truncated"),
        (lambda: b"PK\3\4 a zip, and no bundle", "not-a-bundle"),
        (lambda: b"x" * 9_000_000, "too-large"),
        (lambda: signed(7, expires=timezone.now() - timedelta(days=1)), "expired"),
        (lambda: signed(7, packs={"house.yaml": b"pack: house\n"}), "bad-rules"),
        (lambda: signed(3), "same-version"),
        (lambda: signed(2), "older"),
    ],
)
def test_what_no_computer_should_scan_by_is_not_taken_in(
    raw: Callable[[], bytes], reason: str, person: Callable[..., User]
) -> None:
    officer = person()
    bundles.release(bundles.take_in(signed(3), by=officer), [], by=officer)
    with pytest.raises(RulesMistake) as refused:
        bundles.take_in(raw(), by=officer)
    assert refused.value.reason == reason
    assert len(str(refused.value)) > 20
    assert list(RuleBundle.objects.values_list("version", flat=True)) == [3]


def test_without_a_trusted_key_nothing_is_taken_in_and_it_says_where_to_name_one(
    person: Callable[..., User], settings: Any
) -> None:
    settings.MIJIAN_RULES_KEYS = ()
    with pytest.raises(RulesMistake, match=r"rules_keys in collector\.yaml"):
        bundles.take_in(signed(7), by=person())


def test_it_goes_to_some_departments_first_then_to_all(
    person: Callable[..., User], desk_pc: Any, organise: Any
) -> None:
    officer = person()
    finance, below = desk_pc("a", "总部/财务处"), desk_pc("b", "总部/财务处/一科")
    office, nowhere = desk_pc("c", "总部/办公室"), desk_pc("d", "")
    everybody = (finance, below, office, nowhere)
    first = bundles.take_in(signed(7), by=officer)
    assert versions(*everybody) == [0, 0, 0, 0]
    bundles.release(first, [organise("总部/财务处")], by=officer, note="trial")
    assert versions(*everybody) == [7, 7, 0, 0]
    bundles.release(first, [], by=officer)
    assert versions(*everybody) == [7, 7, 7, 7]
    second = bundles.take_in(signed(8), by=officer)
    bundles.release(second, [organise("总部/财务处/一科")], by=officer)
    assert versions(*everybody) == [7, 8, 7, 7]
    bundles.withdraw(second, by=officer)
    assert versions(*everybody) == [7, 7, 7, 7]
    told = make(finance)
    assert (told.rules, told.rules_key) == (first.digest, public(KEY))
    assert list(Entry.objects.filter(action__startswith="rules.").values_list("action", flat=True).order_by("id")) == [
        "rules.take", "rules.release", "rules.release", "rules.take", "rules.release", "rules.withdraw",
    ]  # fmt: skip


def test_a_key_that_is_no_longer_trusted_or_a_bundle_that_expired_goes_to_nobody(
    person: Callable[..., User], desk_pc: Any, settings: Any
) -> None:
    officer, pc = person(), desk_pc()
    row = bundles.take_in(signed(7, expires=timezone.now() + timedelta(days=1)), by=officer)
    bundles.release(row, [], by=officer)
    assert versions(pc) == [7]
    RuleBundle.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    assert versions(pc) == [0]
    RuleBundle.objects.update(expires_at=None)
    assert versions(pc) == [7]
    settings.MIJIAN_RULES_KEYS = (public(OTHER),)
    assert versions(pc) == [0]
    bundles.withdraw(row, by=officer)
    row.refresh_from_db()
    with pytest.raises(RulesMistake, match="no longer trusted"):
        bundles.release(row, [], by=officer)


def test_with_separated_duties_the_administrator_brings_it_and_the_security_officer_releases_it(
    person: Callable[..., User], settings: Any
) -> None:
    settings.MIJIAN_SEPARATION = True
    admin, officer = person(Role.ADMIN, username="admin"), person(Role.OFFICER, username="officer")
    row = bundles.take_in(signed(7), by=admin)
    for wrong in (admin, person(Role.AUDITOR, username="auditor")):
        with pytest.raises(PermissionDenied):
            bundles.release(row, [], by=wrong)
        with pytest.raises(PermissionDenied):
            bundles.withdraw(row, by=wrong)
    with pytest.raises(RulesMistake) as refused:  # nor may whoever sits at the host
        bundles.release(row, [], by=None, told_by="root")
    assert refused.value.reason == "separated"
    bundles.release(row, [], by=officer)
    assert row.releases.get().released_by == officer


@pytest.mark.parametrize("role", [Role.DEPARTMENT, Role.IT, Role.AUDITOR, Role.INSPECTOR, Role.VIEWER])
def test_others_can_neither_bring_nor_release_a_bundle(role: Role, person: Callable[..., User]) -> None:
    other, row = person(role, username="other"), bundles.take_in(signed(7), by=person())
    with pytest.raises(PermissionDenied):
        bundles.take_in(signed(8), by=other)
    with pytest.raises(PermissionDenied):
        bundles.release(row, [], by=other)


def test_an_officer_of_one_department_releases_nothing(person: Callable[..., User]) -> None:
    row, one = bundles.take_in(signed(7), by=person()), person(username="one", department="总部/财务处")
    with pytest.raises(PermissionDenied):
        bundles.release(row, [one.department] if one.department else [], by=one)


def test_what_a_bundle_changes_is_told_beside_what_computers_have(person: Callable[..., User]) -> None:
    officer, shipped = person(), {rule.id for rule in load_rules().rules}
    first = bundles.take_in(signed(7), by=officer)
    seen = changes_of(first)
    assert seen.before is None
    assert {rule.id for rule in seen.gone} == shipped - {rule.id for rule in shipped_tlp()}
    assert (seen.new, seen.altered, seen.same) == ((), (), len(shipped_tlp()))
    bundles.release(first, [], by=officer)
    title = shipped_tlp()[0].title.en
    packs = SHIPPED | {"tlp.yaml": SHIPPED["tlp.yaml"].replace(title.encode(), b"Of our own", 1)}
    seen = changes_of(bundles.take_in(signed(8, packs=packs), by=officer))
    assert seen.before == first
    assert {rule.id for rule in seen.new} == shipped - {rule.id for rule in shipped_tlp()}
    assert (seen.gone, [rule.title.en for rule in seen.altered]) == ((), ["Of our own"])


def shipped_tlp() -> list[Any]:
    return [rule for pack in load_rules().packs for rule in pack.rules if pack.pack == "tlp"]


def test_it_is_counted_who_is_to_have_it_and_who_says_so(
    person: Callable[..., User], desk_pc: Any, organise: Any, django_assert_num_queries: Any
) -> None:
    officer = person()
    a, b, c = desk_pc("a", "总部/财务处"), desk_pc("b", "总部/财务处/一科"), desk_pc("c", "总部/办公室")
    row = bundles.take_in(signed(7), by=officer)
    bundles.release(row, [organise("总部/财务处")], by=officer)
    for pc in (a, c):
        AgentState.objects.create(computer=pc, seen_at=timezone.now(), health="well", rules_version=7)
    with django_assert_num_queries(2):
        counts = standings(Computer.objects.all())
    assert (counts[7].due, counts[7].done, counts[7].said, counts[7].behind) == (2, 1, 2, 1)
    assert list(behind(Computer.objects.all(), 7)) == [b]


def test_a_computer_gets_the_bundle_only_by_its_own_signature(
    client: Client, computer: Computer, agent_key: keys.Ed25519PrivateKey, person: Callable[..., User]
) -> None:
    officer, agent = person(), str(computer.pk)

    def ask(have: int = 0, *, key: keys.Ed25519PrivateKey = agent_key, challenge: Any = None) -> Any:
        now = timezone.now().isoformat()
        proof = key.sign((challenge or protocol_policy.rules_challenge)(agent, have, now))
        told = {
            protocol_policy.AGENT_HEADER: agent,
            protocol_policy.HAVE_HEADER: str(have),
            protocol_policy.TIME_HEADER: now,
            protocol_policy.PROOF_HEADER: keys.b64(proof),
        }
        return client.get(reverse("api:rules"), headers=told)

    assert ask().status_code == 304
    raw = signed(7)
    bundles.release(bundles.take_in(raw, by=officer), [], by=officer)
    answer = ask()
    assert (answer.status_code, answer.content, answer["Cache-Control"]) == (200, raw, "no-store")
    assert ask(7).status_code == 304
    assert ask(key=OTHER).json()["reason"] == "bad-proof"
    assert ask(challenge=protocol_policy.request_challenge).json()["reason"] == "bad-proof"
    assert client.get(reverse("api:rules")).status_code == 400
    Computer.objects.update(revoked_at=timezone.now())
    assert ask().json()["reason"] == "revoked"
