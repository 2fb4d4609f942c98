"""Django's own check of a deployment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(("https", "warnings"), [("1", 0), ("0", 3)])
def test_a_collector_reached_by_https_passes_the_check_of_deployments(
    tmp_path: Path, new_home: Path, https: str, warnings: int
) -> None:
    """Without https Django warns of just what is then missing: two cookies and the header that binds to https."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MIJIAN_", "DJANGO_"))}
    environment |= {"MIJIAN_HOME": str(shutil.copytree(new_home, tmp_path / "home")), "MIJIAN_HTTPS": https}
    command = [sys.executable, "-m", "django", "check", "--deploy", "--settings", "server.settings"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("(security.W") == warnings, done.stderr
