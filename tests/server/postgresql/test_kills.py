"""kill -9 of what takes in and what works off, with PostgreSQL, under load: nothing acknowledged is lost or doubled.

The run on PostgreSQL does a short round. A long one: ``MIJIAN_KILLS=50 deploy/test-postgresql.sh
tests/server/postgresql/test_kills.py``. The seed is told, and ``MIJIAN_SEED`` runs the same row of moments again.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

KILLS = int(os.environ.get("MIJIAN_KILLS", "4"))
SEED = int(os.environ.get("MIJIAN_SEED", str(random.SystemRandom().randrange(10**6))))
HOUSE = Path(__file__).resolve().parents[3]


@pytest.mark.timeout(600 + 10 * KILLS)
@pytest.mark.skipif(
    not os.environ.get("MIJIAN_DATABASE_URL", "").startswith("postgresql"), reason="needs PostgreSQL of its own"
)
def test_what_was_acknowledged_is_stored_once_whatever_is_killed_and_when() -> None:
    command = [sys.executable, str(Path(__file__).with_name("kill_trial.py")), str(KILLS), str(SEED)]
    environment = os.environ | {"PYTHONPATH": str(HOUSE)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=HOUSE, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    sys.stdout.write(f"MIJIAN_SEED={SEED} {done.stdout}\n")
    told = json.loads(done.stdout)
    assert told["acknowledged"] > 0
    assert (told["spooled"], told["stored"]) == (told["acknowledged"], told["expected"]), told
    assert (told["miscounted"], told["not_done"]) == (0, 0), told
