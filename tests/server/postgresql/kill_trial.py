"""A collector on PostgreSQL under load whose processes are killed at random moments; prints what it held in the end.

Begun by ``test_kills.py`` with the number of kills and a seed, ``MIJIAN_DATABASE_URL`` naming a server of its own.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from protocol import receipts
from protocol.keys import unb64
from server.commands.base import start_django
from server.commands.simulate import free_address, served
from server.simulation.database import own_database
from server.simulation.fleet import Fleet

AGENTS, FINDINGS = 8, 20


class Sender(threading.Thread):
    """One computer: sends an envelope until it has a receipt for it, then the next."""

    def __init__(self, computer: Fleet, address: tuple[str, int]) -> None:
        super().__init__(daemon=True)
        self._computer, self._address = computer, address
        self.taken = 0
        """Envelopes that were acknowledged."""
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.is_set():
            for sent in self._computer.round():
                while not self._taken(sent.raw):
                    time.sleep(0.05)
                self.taken += 1

    def _taken(self, raw: bytes) -> bool:
        connection = http.client.HTTPConnection(*self._address, timeout=60)
        try:
            connection.request("POST", "/api/v1/envelopes", raw)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        if answer.status == 503:
            return False
        receipt = receipts.open_receipt(body, unb64(self._computer.agents[0].answer.signing_key))
        if receipt.answer not in (receipts.Answer.ACCEPTED, receipts.Answer.DUPLICATE):
            raise SystemExit(f"refused: {receipt.reason} {receipt.message}")
        return True


def kill_one(serving: int, database: str, dice: random.Random) -> str:
    """Kill a process that answers, one that works off, or, seldom, one of the database's own, which then recovers."""
    if dice.random() < 0.1:
        backends = [
            each for each in psutil.process_iter(["cmdline"])
            if any(f"postgres: mijian {database}" in word for word in each.info["cmdline"] or ())
        ]  # fmt: skip
        kind, victims = "database", [each.pid for each in backends]
    else:
        kind, victims = "collector", [each.pid for each in psutil.Process(serving).children(recursive=True)]
    if not victims:
        return "nobody"
    victim = dice.choice(victims)
    if kind == "collector":
        try:
            kind = Path(f"/proc/{victim}/comm").read_text("utf-8").strip()
        except OSError:
            return "nobody"
    try:
        os.kill(victim, signal.SIGKILL)
    except ProcessLookupError:
        return "nobody"
    return kind


def main(kills: int, seed: int, url: str) -> dict[str, object]:
    """Run the trial; what came of it."""
    dice, killed = random.Random(seed), Counter[str]()  # noqa: S311
    with tempfile.TemporaryDirectory() as folder, own_database(url) as own:
        os.environ |= {"MIJIAN_HOME": f"{folder}/home", "DJANGO_SETTINGS_MODULE": "server.settings"}
        os.environ["MIJIAN_DATABASE_URL"] = own
        subprocess.run([sys.executable, "-m", "server", "init"], check=True, stdout=subprocess.DEVNULL)
        start_django()
        from django.db import connections
        from django.db.models import Count, F

        from server.intake import enrolment, tokens
        from server.intake.models import SpoolEntry
        from server.violations.models import Group, Occurrence

        fleets = [Fleet(seed + number, FINDINGS, 0, 0) for number in range(AGENTS)]
        for fleet in fleets:
            fleet.enrol(1, lambda raw: enrolment.enrol(raw, remote="127.0.0.1"), lambda: tokens.mint("internal")[1])
        connections.close_all()
        address = free_address()
        with served(address, "--workers", "2", "--fanout", "2") as process:
            senders = [Sender(fleet, address) for fleet in fleets]
            for each in senders:
                each.start()
            while sum(killed.values()) - killed["nobody"] < kills:
                time.sleep(dice.uniform(0.05, 1.0))
                killed[kill_one(process.pid, urlsplit(own).path.strip("/"), dice)] += 1
            for each in senders:
                each.ended.set()
            for each in senders:
                each.join(120)
            waiting = SpoolEntry.objects.exclude(state=SpoolEntry.State.DONE)
            until = time.monotonic() + 120
            while waiting.exists() and time.monotonic() < until:
                time.sleep(0.2)
        counted = Group.objects.annotate(held=Count("occurrences")).exclude(held=F("occurrence_count"))
        envelopes = sum(each.taken for each in senders)
        result: dict[str, object] = {
            "killed": dict(killed),
            "acknowledged": envelopes,
            "spooled": SpoolEntry.objects.count(),
            "expected": envelopes * FINDINGS,
            "stored": Occurrence.objects.count(),
            "miscounted": counted.count(),
            "not_done": waiting.count(),
        }
        connections.close_all()
    return result


if __name__ == "__main__":
    json.dump(main(int(sys.argv[1]), int(sys.argv[2]), os.environ["MIJIAN_DATABASE_URL"]), sys.stdout)
