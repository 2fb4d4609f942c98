from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.reporting import enrolment, identity
from protocol import enrolment as wire
from protocol import keys


def test_a_good_token_makes_an_identity_that_only_the_owner_may_read(collector: Any, state: Path) -> None:
    mine = enrolment.enrol(state, collector.url + "/", "good-token")
    assert mine.agent in collector.agents
    assert keys.public_bytes(mine.signing_key) == collector.agents[mine.agent]
    assert mine.url == collector.url
    folder = state / identity.FOLDER
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    again = identity.load(state)
    assert (again.agent, again.organisation_key) == (mine.agent, collector.organisation_key)


def test_the_private_key_never_travels(collector: Any, state: Path) -> None:
    seen: list[bytes] = []
    original = collector.enrol
    collector.enrol = lambda body: (seen.append(body), original(body))[1]
    mine = enrolment.enrol(state, collector.url, "good-token")
    private = keys.private_bytes(mine.signing_key)
    assert private not in seen[0]
    assert keys.b64(private).encode() not in seen[0]
    request = msgspec.json.decode(seen[0], type=wire.EnrolRequest)
    assert wire.proof_holds(request)


def test_a_token_works_once(collector: Any, state: Path, tmp_path: Path) -> None:
    enrolment.enrol(state, collector.url, "good-token")
    with pytest.raises(enrolment.EnrolmentRefused) as refused:
        enrolment.enrol(tmp_path / "other", collector.url, "good-token")
    assert refused.value.reason == "token-unknown"
    assert not identity.is_enrolled(tmp_path / "other")


@pytest.mark.parametrize("reason", list(enrolment.REASONS))
def test_every_refusal_is_told_in_both_languages_and_stores_nothing(collector: Any, state: Path, reason: str) -> None:
    collector.enrol = lambda _: (403, msgspec.json.encode(wire.Refusal(reason=reason, message="no")))
    with pytest.raises(enrolment.EnrolmentRefused) as refused:
        enrolment.enrol(state, collector.url, "whatever")
    assert refused.value.say("zh") != refused.value.say("en")
    assert list(state.iterdir()) == []


def test_a_reason_of_a_newer_collector_is_told_in_its_own_words() -> None:
    assert enrolment.EnrolmentRefused("too-many", "no licences left").say("zh") == "too-many: no licences left"


def test_an_enrolled_computer_does_not_spend_a_second_token(collector: Any, state: Path) -> None:
    enrolment.enrol(state, collector.url, "good-token")
    collector.tokens.add("second")
    with pytest.raises(identity.IdentityError, match="enrolled already"):
        enrolment.enrol(state, collector.url, "second")
    assert collector.tokens == {"second"}


@pytest.mark.parametrize(
    ("field", "value"), [("signing_key", "AAAA"), ("organisation_key", "AAAA"), ("reveal_key", "%"), ("agent", 7)]
)
def test_an_answer_with_a_bad_key_is_not_stored(collector: Any, state: Path, field: str, value: Any) -> None:
    answer = msgspec.to_builtins(collector.admit(keys.public_bytes(keys.Ed25519PrivateKey.generate())))
    collector.enrol = lambda _: (201, msgspec.json.encode({**answer, field: value}))
    with pytest.raises(enrolment.EnrolmentFailed, match="cannot be used"):
        enrolment.enrol(state, collector.url, "good-token")
    assert not identity.is_enrolled(state)


def test_something_that_is_no_collector_is_told_as_such(collector: Any, state: Path) -> None:
    collector.enrol = lambda _: (404, b"<html>not here</html>")
    with pytest.raises(enrolment.EnrolmentFailed, match="is the address right"):
        enrolment.enrol(state, collector.url, "good-token")


def test_nobody_there_is_told_as_such(state: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(enrolment.EnrolmentFailed, match="did not answer"):
        enrolment.enrol(state, f"http://127.0.0.1:{port}", "good-token")


def test_a_redirect_is_not_followed(collector: Any, state: Path) -> None:
    collector.enrol = lambda _: (307, b"")
    with pytest.raises(enrolment.EnrolmentFailed):
        enrolment.enrol(state, collector.url, "good-token")
    assert collector.requests == 1


def test_an_environment_s_proxy_is_ignored(collector: Any, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert enrolment.enrol(state, collector.url, "good-token").agent in collector.agents


def test_a_key_that_others_could_read_is_not_used(collector: Any, state: Path) -> None:
    enrolment.enrol(state, collector.url, "good-token")
    (state / identity.FOLDER / identity.KEY_FILE).chmod(0o644)
    with pytest.raises(identity.IdentityError, match="others may read"):
        identity.load(state)


def test_a_damaged_identity_is_told_as_such(collector: Any, state: Path) -> None:
    enrolment.enrol(state, collector.url, "good-token")
    (state / identity.FOLDER / identity.ENROLMENT_FILE).write_bytes(b"{")
    with pytest.raises(identity.IdentityError, match="damaged"):
        identity.load(state)


def test_a_computer_that_is_not_enrolled_is_told_what_to_do(state: Path) -> None:
    with pytest.raises(identity.NotEnrolled, match="mijian enroll"):
        identity.load(state)
