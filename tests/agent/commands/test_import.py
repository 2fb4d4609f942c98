"""What comes back by hand, through the command line: receipts, policies, rules; and what is none of these."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent import cli
from agent.reporting.identity import Identity
from agent.reporting.outbox import Outbox
from protocol import keys, receipts
from protocol.envelope import parse
from protocol.ids import uuid7
from protocol.policy import Waiver, sign
from protocol.receipts import Answer
from protocol.records import CheckDone, CheckOutcome
from signatures.bundles import form
from signatures.rules import PACKS

Mijian = Callable[..., tuple[int, str]]


@pytest.fixture
def mine(collector: Any, state: Path) -> Identity:
    return collector.enrolled(state)  # type: ignore[no-any-return]


@pytest.fixture
def mijian(state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Mijian:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def run(*arguments: str) -> tuple[int, str]:
        status = cli.main([*arguments, "--state", str(state)])
        said = capsys.readouterr()
        return status, said.out + said.err

    return run


def report(state: Path, mijian: Mijian, path: Path) -> Path:
    outbox = Outbox(state)
    outbox.put(CheckDone(id=uuid7(), seen_at=datetime.now(UTC), control="NET-03", outcome=CheckOutcome.PASS))
    outbox.close()
    assert mijian("export", str(path))[0] == 0
    return path


def carried(collector: Any, path: Path) -> Path:
    back = path.with_suffix(".receipt")
    back.write_bytes(receipts.sign(collector.take(path.read_bytes()), collector.signing))
    return back


def test_an_export_says_what_it_holds_and_how_much(state: Path, mine: Identity, mijian: Mijian, tmp_path: Path) -> None:
    Outbox(state).put(CheckDone(id=uuid7(), seen_at=datetime.now(UTC), control="NET-03", outcome=CheckOutcome.PASS))
    status, said = mijian("export", str(tmp_path / "a.mijian"))
    assert status == 0
    assert "checks 1" in said
    told = json.loads(mijian("export", str(tmp_path / "b.mijian"), "--format", "json")[1])
    assert told["records"] == {"check": 1}
    assert told["files"][0]["bytes"] == (tmp_path / "b.mijian").stat().st_size


def test_taken_repeated_and_altered_receipts_are_told_apart(
    collector: Any, state: Path, mine: Identity, mijian: Mijian, tmp_path: Path
) -> None:
    back = carried(collector, report(state, mijian, tmp_path / "one.mijian"))
    assert mijian("import", str(back)) == (0, "envelope 1: accepted\n")
    assert mijian("import", str(back)) == (0, "envelope 1: accepted (taken in before)\n")
    altered = tmp_path / "altered.receipt"
    altered.write_bytes(back.read_bytes().replace(b'"signature":"', b'"signature":"AA'))
    status, said = mijian("import", str(altered))
    assert status == 2
    assert "altered.receipt" in said


def test_an_envelope_that_was_lost_on_the_way_is_named(
    collector: Any, state: Path, mine: Identity, mijian: Mijian, tmp_path: Path
) -> None:
    report(state, mijian, tmp_path / "lost.mijian")
    sent = report(state, mijian, tmp_path / "second.mijian")
    held = collector.receipt(parse((tmp_path / "second-2.mijian").read_bytes()), Answer.HELD, "gap")
    back = tmp_path / "second.receipt"
    back.write_bytes(receipts.sign(held, collector.signing))
    assert sent.exists()
    status, said = mijian("import", str(back))
    assert status == 1
    assert "has not got envelope 1: carry that one" in said


def test_a_policy_comes_back_by_hand_and_an_older_one_does_not_replace_it(
    collector: Any, state: Path, mine: Identity, mijian: Mijian, tmp_path: Path
) -> None:
    waiver = Waiver(id="w", control="CPC-09", expires=datetime(2099, 1, 1, tzinfo=UTC))
    for serial in (2, 1):
        policy = collector.make_policy(mine.agent, serial, level="秘密", waivers=(waiver,) * (serial - 1))
        (tmp_path / f"{serial}.policy").write_bytes(sign(policy, collector.signing))
    assert mijian("import", str(tmp_path / "2.policy")) == (0, "policy 2 is in force: 0 media, 1 waivers\n")
    status, said = mijian("import", str(tmp_path / "1.policy"))
    assert status == 0
    assert "2 is in force already" in said
    told = json.loads(mijian("status", "--format", "json")[1])
    assert (told["policy"]["serial"], told["policy"]["waivers"], told["level"]) == (2, 1, "秘密")


def test_rules_are_taken_only_when_signed_with_the_key_that_the_policy_names(
    collector: Any, state: Path, mine: Identity, mijian: Mijian, tmp_path: Path
) -> None:
    signer, stranger = keys.Ed25519PrivateKey.generate(), keys.Ed25519PrivateKey.generate()
    packs = {path.name: path.read_bytes() for path in PACKS.glob("*.yaml")}
    for name, key, version in (("ours", signer, 7), ("theirs", stranger, 8)):
        (tmp_path / name).write_bytes(form.build(packs, key, version=version, created=datetime.now(UTC)))
    status, said = mijian("import", str(tmp_path / "ours"))
    assert status == 2
    assert "import the policy first" in said
    policy = collector.make_policy(mine.agent, rules_key=keys.b64(keys.public_bytes(signer)))
    (tmp_path / "policy").write_bytes(sign(policy, collector.signing))
    status, said = mijian("import", str(tmp_path / "policy"), str(tmp_path / "ours"))
    assert status == 0, said
    assert "rules 7 are in force" in said
    assert mijian("import", str(tmp_path / "theirs"))[0] == 2


def test_one_bad_file_does_not_keep_the_good_ones_from_being_taken(
    collector: Any, state: Path, mine: Identity, mijian: Mijian, tmp_path: Path
) -> None:
    back = carried(collector, report(state, mijian, tmp_path / "one.mijian"))
    (tmp_path / "letter.doc").write_bytes(b"\xd0\xcf\x11\xe0" * 100)
    status, said = mijian("import", str(tmp_path / "letter.doc"), str(tmp_path / "none"), str(back))
    assert status == 2
    assert "envelope 1: accepted" in said
    assert "letter.doc is no receipt" in said
    assert Outbox(state).waiting() == {}
