"""The collector on PostgreSQL: what the rest of the tests promise on SQLite, in short, on a real cluster of its own.

All of it: ``make test-postgresql``.
"""

from __future__ import annotations

import os
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parents[3]
SCRIPT = HOUSE / "deploy" / "test-postgresql.sh"
INSTALLED = bool(list(Path("/usr/lib/postgresql").glob("*/bin/initdb")))


@pytest.mark.timeout(600)
@pytest.mark.skipif(bool(os.environ.get("MIJIAN_DATABASE_URL")), reason="this is the run on PostgreSQL")
@pytest.mark.skipif(not INSTALLED, reason="PostgreSQL is not installed")
@pytest.mark.skipif(find_spec("psycopg") is None, reason="the extra 'postgresql' is not installed")
def test_envelopes_are_taken_in_order_and_counted_once() -> None:
    chosen = [f"tests/server/intake/test_{name}.py" for name in ("routing", "turns", "claims")]
    chosen += ["tests/server/commands/test_simulate.py", "-k", "not mistakes and not older_version"]
    done = subprocess.run([SCRIPT, *chosen], capture_output=True, text=True, cwd=HOUSE, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert " passed" in done.stdout
