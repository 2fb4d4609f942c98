"""``mijian-server simulate``: a fleet against a collector of its own; what is stored is held against what was sent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from protocol import enrolment, keys
from protocol.envelope import parse, verify
from protocol.ids import uuid7
from protocol.records import ComputerClass
from server.simulation.fleet import Fleet

URL = os.environ.get("MIJIAN_DATABASE_URL", "")
SERVER = ("--database-url", URL, "--workers", "2", "--fanout", "2") if URL.startswith("postgresql") else ()
"""Where the tests run on PostgreSQL, so does the simulated collector, with two processes of each kind."""


def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MIJIAN_", "DJANGO_"))}
    return subprocess.run(
        [sys.executable, "-m", "server", "simulate", *arguments],
        capture_output=True,
        text=True,
        env=environment | {"LC_ALL": "C.UTF-8"} | more,
        check=False,
    )


def test_a_small_fleet_with_duplicates_and_bad_clients_leaves_exactly_what_it_sent(tmp_path: Path) -> None:
    done = run(
        "--agents", "6", "--reports", "3", "--findings", "4", "--connections", "3",
        "--duplicates", "0.5", "--bad", "0.5", "--away", "0.5", "--format", "json", *SERVER, TMPDIR=str(tmp_path),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    content = json.loads(done.stdout)
    assert (content["reports"], content["accepted"], content["violations"], content["stored"]) == (18, 18, 72, 72)
    assert content["answers"]["report: accepted"] == 18
    assert content["answers"]["duplicate: duplicate"] > 0
    assert any("refused" in answer for answer in content["answers"])
    assert content["bad_let_in"] == 0
    assert list(tmp_path.iterdir()) == [], "its collector is thrown away"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--agents", "0"], "no number from 1"),
        (["--bad", "2"], "no share from 0 to 1"),
        (["--home", "/tmp/x"], "a home of its own"),
        (["--database-url", "sqlite:////tmp/x"], "a file of its own"),
    ],
)
def test_mistakes_are_told_with_status_2(arguments: list[str], said: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert said in done.stderr


def fleet(seed: int) -> Fleet:
    collector = keys.X25519PrivateKey.generate()
    sealing = keys.b64(keys.public_bytes(collector))

    def take_in(_raw: bytes) -> enrolment.EnrolAnswer:
        return enrolment.EnrolAnswer(
            agent=str(uuid7()), computer_class=ComputerClass.INTERNAL, level=None, collector_name="x",
            signing_key=sealing, sealing_key=sealing, reveal_key=sealing, organisation_key=sealing,
        )  # fmt: skip

    made = Fleet(seed, findings=2, duplicates=0.3, bad=0.3)
    made.enrol(8, take_in, lambda: "mj-token")
    return made


def test_the_same_seed_gives_the_same_mishaps_in_the_same_order() -> None:
    def story(seed: int) -> list[str]:
        made = fleet(seed)
        names = {agent.answer.agent: agent.name for agent in made.agents}
        return [f"{names[sent.agent]} {sent.kind}" for _ in range(3) for sent in made.round()]

    assert story(1) == story(1) != story(2)


def test_each_computers_reports_are_a_row_that_a_collector_can_follow() -> None:
    made = fleet(1)
    rows = [sent for _ in range(3) for sent in made.round() if sent.kind == "report"]
    for agent in made.agents:
        envelopes = [parse(sent.raw) for sent in rows if sent.agent == agent.answer.agent]
        assert [one.header.sequence for one in envelopes] == [1, 2, 3]
        assert [one.header.previous for one in envelopes[1:]] == [one.digest for one in envelopes[:-1]]
        for one in envelopes:
            verify(one, keys.public_bytes(agent.key))


def test_computers_that_were_away_send_all_they_kept_in_a_row() -> None:
    made = fleet(1)
    made.away, made.bad, made.duplicates = 0.5, 0.0, 0.0
    sent = [each.agent for each in made.rounds(3)]
    ids = {agent.answer.agent for agent in made.agents}
    assert all(sent.count(agent) == 3 for agent in ids)
    in_a_row = {agent for agent in ids if sent[sent.index(agent) : sent.index(agent) + 3] == [agent] * 3}
    assert 0 < len(in_a_row) < len(ids)
