"""Rules that the collector released: taken when they are signed, named by the policy, newer and whole; never else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.reporting.identity import load
from agent.reporting.policies import Policies
from agent.reporting.rules_fetch import FOLDER, RulesFetch
from agent.reporting.web import Client
from agent.settings import RulesSettings, Settings, UplinkSettings
from protocol import keys, policy
from signatures.bundles import build, current, installed
from signatures.rules import PACKS

NOW = datetime.now(UTC)
KEY, OTHER = keys.Ed25519PrivateKey.generate(), keys.Ed25519PrivateKey.generate()
PACK = {"tlp.yaml": (PACKS / "tlp.yaml").read_bytes()}
Told = Callable[..., RulesFetch]


def bundle(version: int, key: keys.Ed25519PrivateKey = KEY, **more: Any) -> bytes:
    return build(PACK, key, version=version, created=NOW - timedelta(days=9), **more)


@pytest.fixture
def told(collector: Any, service_state: Path) -> Told:
    """``told(raw, …)``: the policy names a bundle, the collector answers with ``raw``; the fetch that was made."""
    collector.enrolled(service_state)
    identity = load(service_state)
    serial = 0

    def make(raw: bytes, *, version: int = 7, key: keys.Ed25519PrivateKey = KEY, digest: str = "", **rules: Any) -> Any:
        nonlocal serial
        serial += 1
        settings = Settings(
            state_dir=str(service_state), rules=RulesSettings(**rules), uplink=UplinkSettings(policy_seconds=1000)
        )
        policies = Policies(service_state, identity)
        named = {
            "rules": digest or f"sha256:{hashlib.sha256(raw).hexdigest()}",
            "rules_version": version,
            "rules_key": keys.b64(keys.public_bytes(key)),
        }
        policies.take(policy.sign(collector.make_policy(identity.agent, serial, **named), collector.signing))
        collector.rules = raw
        fetch = RulesFetch(policies, identity, settings)
        fetch.step(Client(), 5)
        return fetch

    return make


def version_in(state: Path) -> int | None:
    found = installed(state / FOLDER, keys.public_bytes(KEY))
    return None if found is None else found.header.version


def test_rules_that_the_policy_names_come_into_force(told: Told, service_state: Path) -> None:
    fetch = told(bundle(7))
    assert (fetch.problem, fetch.refused, version_in(service_state)) == ("", False, 7)
    folder = current(service_state / FOLDER)
    assert folder is not None
    assert {file.name: file.read_bytes() for file in folder.glob("*.yaml")} == PACK
    assert told(bundle(8), version=8).problem == ""
    assert version_in(service_state) == 8


def test_without_rules_in_the_policy_nothing_is_asked_for(told: Told, service_state: Path) -> None:
    assert told(bundle(7), version=0).problem == ""
    assert not (service_state / FOLDER).exists()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda raw: raw[:-70] + bytes([raw[-70] ^ 1]) + raw[-69:], "bad-signature"),
        (lambda raw: raw[:-64] + bytes(64), "unsigned"),
        (lambda raw: raw[:-10], "truncated"),
        (lambda _: bundle(7, OTHER), "wrong-key"),
        (lambda _: bundle(7, expires=NOW - timedelta(days=1)), "expired"),
        (lambda _: bundle(5), "older"),
        (lambda _: b"<html>sign in to this network</html>", "not-a-bundle"),
    ],
)
def test_what_must_not_come_into_force_is_refused_and_told(
    told: Told, service_state: Path, change: Callable[[bytes], bytes], word: str
) -> None:
    assert told(bundle(6), version=6).problem == ""
    fetch = told(change(bundle(7)))
    assert (fetch.problem.partition(":")[0], fetch.refused) == (word, True)
    assert version_in(service_state) == 6


def test_another_bundle_than_the_one_released_is_not_taken_though_it_is_signed(told: Told, service_state: Path) -> None:
    fetch = told(bundle(7), digest="sha256:" + "0" * 64)
    assert fetch.problem == "the rules that came are not those the policy names"
    assert not fetch.refused
    assert not (service_state / FOLDER).exists()


def test_a_key_in_the_settings_of_the_computer_is_stronger_than_the_policy_s(
    told: Told, service_state: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own.pub"
    own.write_text(keys.b64(keys.public_bytes(OTHER)) + "\n")
    assert told(bundle(7), trusted_key=str(own)).problem.startswith("wrong-key")
    assert told(bundle(7, OTHER), trusted_key=str(own)).problem == ""
    own.write_text("no key at all")
    assert told(bundle(8), version=8, trusted_key=str(own)).refused


def test_rules_that_were_altered_on_this_computer_are_got_again(told: Told, service_state: Path) -> None:
    told(bundle(7))
    folder = current(service_state / FOLDER)
    assert folder is not None
    (folder / "tlp.yaml").write_bytes(b"pack: tlp\n")
    assert told(bundle(7)).problem == ""
    assert version_in(service_state) == 7
