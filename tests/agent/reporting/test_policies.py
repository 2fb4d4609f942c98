from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.reporting import web
from agent.reporting.identity import Identity
from agent.reporting.policies import FILE, Policies
from agent.reporting.policy_fetch import PolicyFetch
from protocol.policy import Policy, PolicyError, sign
from protocol.records import ComputerClass


@pytest.fixture
def mine(collector: Any, state: Path) -> Identity:
    return collector.enrolled(state)  # type: ignore[no-any-return]


def ask(policies: Policies, mine: Identity, every: float = 900) -> tuple[bool, PolicyFetch]:
    fetch = PolicyFetch(policies, mine, every)
    client = web.Client()
    try:
        return fetch.step(client, 5), fetch
    finally:
        client.close()


def test_a_policy_is_fetched_kept_and_in_force_after_a_restart(collector: Any, mine: Identity, state: Path) -> None:
    collector.policy = collector.make_policy(mine.agent, level="秘密", number="PC-7")
    taken, _ = ask(Policies(state, mine), mine)
    assert taken
    assert (mine.level, (state / FILE).stat().st_mode & 0o777) == ("秘密", 0o600)
    again = Policies(state, mine)
    assert again.current == collector.policy
    assert again.digest
    assert ask(again, mine)[0] is False  # 304: nothing newer


def test_an_older_policy_is_not_taken_again(collector: Any, mine: Identity, state: Path) -> None:
    policies = Policies(state, mine)
    policies.take(sign(collector.make_policy(mine.agent, 5), collector.signing))
    with pytest.raises(PolicyError, match="5 is in force"):
        policies.take(sign(collector.make_policy(mine.agent, 4), collector.signing))
    assert policies.serial == 5


def test_a_running_agent_notices_what_another_process_took_in(collector: Any, mine: Identity, state: Path) -> None:
    running, importing = Policies(state, mine), Policies(state, mine)
    assert running.reload() is False
    importing.take(sign(collector.make_policy(mine.agent), collector.signing))
    assert running.reload() is True
    assert running.serial == 1
    assert running.reload() is False


def test_a_policy_altered_on_this_computer_is_not_followed_and_that_is_said(
    collector: Any, mine: Identity, state: Path
) -> None:
    policies = Policies(state, mine)
    raw = sign(collector.make_policy(mine.agent, register_in_force=True), collector.signing)
    policies.take(raw)
    (state / FILE).write_bytes(raw.replace(b'"policy":"', b'"policy":"AAAA'))
    assert policies.reload() is False
    assert policies.problem == "policy-altered"
    assert policies.current is not None
    assert policies.current.register_in_force
    (state / FILE).unlink()
    policies.reload()
    assert policies.problem == "policy-removed"
    assert Policies(state, mine).current is None


def test_no_policy_lets_a_confidential_computer_speak_to_a_network(collector: Any, state: Path) -> None:
    mine = collector.enrolled(state, ComputerClass.CONFIDENTIAL, "机密")
    policies = Policies(state, mine)
    lower = collector.make_policy(mine.agent, computer_class=ComputerClass.INTERNET)
    policies.take(sign(lower, collector.signing))
    assert (mine.computer_class, mine.level) == (ComputerClass.CONFIDENTIAL, "机密")


def test_a_policy_can_make_a_computer_confidential(collector: Any, mine: Identity, state: Path) -> None:
    higher = collector.make_policy(mine.agent, computer_class=ComputerClass.CONFIDENTIAL, level="机密")
    Policies(state, mine).take(sign(higher, collector.signing))
    assert (mine.computer_class, mine.level) == (ComputerClass.CONFIDENTIAL, "机密")


@pytest.mark.parametrize("fault", ["stranger", "garbage", "another"])
def test_what_is_answered_is_taken_only_if_the_collector_signed_it_for_us(
    collector: Any, mine: Identity, state: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: Policy = collector.make_policy("another" if fault == "another" else mine.agent)
    collector.policy = made
    if fault != "another":
        raw = b"<html>" if fault == "garbage" else json.dumps({"policy": "e30=", "signature": "AAAA"}).encode()
        monkeypatch.setattr("protocol.policy.sign", lambda *_: raw)
    policies = Policies(state, mine)
    taken, fetch = ask(policies, mine)
    assert taken is False
    assert policies.current is None
    assert fetch.problem


def test_a_collector_without_policies_or_without_an_answer_is_asked_again_later(
    collector: Any, mine: Identity, state: Path
) -> None:
    taken, fetch = ask(Policies(state, mine), mine, every=1000)
    assert (taken, fetch.problem) == (False, "no policy: status 404")
    assert 700 < fetch.seconds_until_due() <= 1200
    collector.stop()
    taken, fetch = ask(Policies(state, mine), mine, every=1000)
    assert taken is False
    assert 10 < fetch.seconds_until_due() < 60
