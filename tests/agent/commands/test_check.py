"""`mijian check` says whether a computer keeps apart, with control, clause and what to do."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

MIJIAN = (str(Path(sys.executable).with_name("mijian")), "--lang", "en", "check")


Run = Callable[..., subprocess.CompletedProcess[str]]


def check(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*MIJIAN, *options], capture_output=True, text=True, timeout=60)


@pytest.mark.root
def test_a_confidential_computer_without_a_network_passes(namespace: Run, tmp_path: Path) -> None:
    done = namespace(*MIJIAN, "--profile", "confidential", "--state", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "NET-03  pass" in done.stdout


@pytest.mark.root
def test_a_default_route_fails_with_clause_and_remedy(namespace: Run, tmp_path: Path) -> None:
    namespace("ip", "link", "add", "desk0", "type", "veth", "peer", "name", "wall0")
    for link in ("desk0", "wall0"):
        namespace("ip", "link", "set", link, "up")
    namespace("ip", "addr", "add", "198.51.100.7/24", "dev", "desk0")
    namespace("ip", "route", "add", "default", "via", "198.51.100.1")
    options = (*MIJIAN, "--profile", "confidential", "--state", str(tmp_path))
    done = namespace(*options)
    assert done.returncode == 1
    assert "default-route:desk0" in done.stdout
    assert "clause: " in done.stdout
    assert "what to do: " in done.stdout
    file = tmp_path / "verdict.jsonl"
    done = namespace(*options, "--format", "jsonl", "--output", str(file))
    assert (done.returncode, done.stdout) == (1, "")
    row = json.loads(file.read_text("utf-8"))
    assert (row["control"], row["outcome"], row["severity"]) == ("NET-03", "fail", "critical")


def test_other_classes_need_not_keep_apart(tmp_path: Path) -> None:
    done = check("--class", "internal", "--state", str(tmp_path))
    assert done.returncode == 3
    assert "not applicable" in done.stdout


def test_without_a_class_nothing_is_pretended(tmp_path: Path) -> None:
    done = check("--state", str(tmp_path))
    assert done.returncode == 3
    assert "could not be checked" in done.stdout


def test_a_format_that_is_not_there_yet_is_said_to_be_so(tmp_path: Path) -> None:
    done = check("--format", "pdf", "--state", str(tmp_path))
    assert done.returncode == 2
    assert "pdf is not available in this version" in done.stderr


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    done = check("--class", "internal", "--state", str(tmp_path), "--output", str(tmp_path / "no" / "file"))
    assert done.returncode == 2
    assert str(tmp_path / "no" / "file") in done.stderr
