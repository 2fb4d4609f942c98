"""Rules of the house that a reviewer should not have to look for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("agent", "protocol", "signatures", "server")
FILES = sorted(
    path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if "migrations" not in path.parts
)


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("package", PACKAGES)
def test_nothing_is_unpickled_or_evaluated(package: str) -> None:
    banned = {"pickle", "marshal", "shelve", "dill", "cloudpickle"}
    calls = {"eval", "exec", "compile"}
    for path in FILES:
        if path.is_relative_to(ROOT / package):
            tree = ast.parse(path.read_text("utf-8"))
            assert not banned & set(imported(tree)), path
            named = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
            assert not calls & named, path


def test_no_shell_is_ever_run() -> None:
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "shell":
                assert isinstance(node.value, ast.Constant), path
                assert node.value.value is False, path
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                assert (node.value.id, node.attr) not in {("os", "system"), ("os", "popen")}, path


def test_the_agent_never_listens() -> None:
    """A socket pair to a worker of its own is all the agent may have: nothing binds, listens or accepts."""
    for path in FILES:
        if path.is_relative_to(ROOT / "agent"):
            names = {n.attr for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Attribute)}
            assert not {"listen", "accept", "bind"} & names, path


def test_only_the_uplink_and_enrolment_speak_to_a_network() -> None:
    clients = {"requests", "urllib.request", "http.client", "urllib3", "httpx"}
    speakers = {
        str(path.relative_to(ROOT))
        for path in FILES
        if path.is_relative_to(ROOT / "agent") and clients & set(imported(ast.parse(path.read_text("utf-8"))))
    }
    assert speakers <= {"agent/reporting/web.py"}, speakers


def test_records_that_travel_have_no_field_for_text() -> None:
    source = (ROOT / "protocol" / "records.py").read_text("utf-8")
    fields = {
        node.target.id
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    assert not fields & {"text", "content", "snippet", "context", "excerpt", "surrounding", "path", "file_name", "name"}
