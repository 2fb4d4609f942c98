"""``mijian scan`` as its contract has it: records, sum, exit status, output, and a clean end in every case."""

from __future__ import annotations

import errno
import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

MARKED = "机密★10年\n\n关于开展年度检查工作的通知\n"
Scan = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def cache_home(pytestconfig: pytest.Config) -> Path:
    """What XDG_CACHE_HOME is set to, kept from run to run: compiling the rules takes seconds."""
    home = Path(pytestconfig.cache.mkdir("home"))  # type: ignore[union-attr]
    (home / "mijian").mkdir(mode=0o700, exist_ok=True)
    return home


@pytest.fixture
def environment(cache_home: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "XDG_CACHE_HOME": str(cache_home),
        "LANG": "en_US.UTF-8",
        "HOME": str(cache_home),
    }


@pytest.fixture
def scan(environment: dict[str, str]) -> Scan:
    def run(*arguments: object, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "agent.cli", "scan", *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            env=environment | more,
        )

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A marked file, an ordinary one, and a FIFO."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "marked.txt").write_text(MARKED)
    (folder / "ordinary.txt").write_text("hello")
    os.mkfifo(folder / "fifo")
    return folder


def test_jsonl_is_as_the_contract_has_it(scan: Scan, folder: Path) -> None:
    done = scan(folder, "--format", "jsonl", "--no-cache")
    *records, last = map(json.loads, done.stdout.splitlines())
    by_name = {Path(record["path"]).name: record for record in records}
    assert done.returncode == 1
    assert set(by_name) == {"marked.txt", "fifo"}, "clean files are left out"
    assert by_name["fifo"] == {
        "path": f"{folder}/fifo",
        "member": None,
        "verdict": "not-examined",
        "reason": "special-file",
        "media_type": "inode/fifo",
        "findings": [],
    }
    (finding,) = by_name["marked.txt"]["findings"]
    assert set(finding) >= {
        "rule", "family", "level", "period", "zone", "confidence", "severity", "marking", "codes", "place",
    }  # fmt: skip
    assert (finding["level"], finding["period"], finding["family"]) == ("机密", "P10Y", "state")
    summary = last["summary"]
    assert set(summary) == {
        "enumerated", "clean", "finding", "not_examined", "reasons", "bytes", "seconds", "rules", "cage",
    }  # fmt: skip
    assert (summary["enumerated"], summary["clean"], summary["finding"], summary["not_examined"]) == (3, 1, 1, 1)
    assert summary["reasons"] == {"special-file": 1}


def test_all_lists_clean_files_too(scan: Scan, folder: Path) -> None:
    lines = scan(folder, "--format", "jsonl", "--all").stdout.splitlines()
    assert sorted(json.loads(line).get("verdict", "") for line in lines) == ["", "clean", "finding", "not-examined"]


@pytest.mark.parametrize(("names", "status"), [(["ordinary.txt"], 0), (["fifo"], 3), (["marked.txt", "fifo"], 1)])
def test_the_exit_status_says_how_it_went(scan: Scan, folder: Path, names: list[str], status: int) -> None:
    assert scan(*(folder / name for name in names)).returncode == status


def test_the_table_tells_findings_gaps_and_how_they_add_up(scan: Scan, folder: Path) -> None:
    told = scan(folder).stdout
    assert "marked.txt" in told
    assert "机密★10年" in told
    assert "special file" in told
    assert "3 seen = 1 clean + 1 with findings + 1 not examined (1 special file)" in told


def test_the_table_tells_how_a_marking_stands_with_its_period(scan: Scan, tmp_path: Path) -> None:
    (tmp_path / "old.txt").write_text("机密★10年\n\n通知\n\n远山市环境局\n2009年3月4日\n")
    told = scan(tmp_path)
    assert "due for declassification review (until 2019-03-04)" in told.stdout
    assert "已到期, 待解密审核 (至 2019-03-04)" in scan(tmp_path, "--lang", "zh").stdout
    record = json.loads(scan(tmp_path, "--format", "jsonl").stdout.splitlines()[0])
    assert record["findings"][0]["status"] == "due-for-review"
    assert record["findings"][0]["expires"] == "2019-03-04"
    assert "EXPIRED_REVIEW" in record["findings"][0]["codes"]


def test_the_table_comes_in_chinese(scan: Scan, folder: Path) -> None:
    told = scan(folder, "--lang", "zh").stdout
    assert "共 3 = 1 无发现 + 1 有发现 + 1 未能检查 (1 特殊文件)" in told


def test_a_path_that_does_not_exist_is_a_usage_error_that_names_it(scan: Scan, tmp_path: Path) -> None:
    done = scan(tmp_path, tmp_path / "nothing")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{tmp_path}/nothing: there is no such file or folder" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--keywords", "no-such-words.txt"], "no-such-words.txt"),
        (["--level", "机密"], "--class confidential"),
        (["--workers", "0"], "from 1 to 256"),
        (["--min-confidence", "101"], "from 0 to 100"),
        (["--rules", "nowhere"], "there is no directory"),
        (["--output", "/nowhere/x.jsonl"], "--output /nowhere/x.jsonl"),
        (["--colour"], "unrecognized arguments"),
    ],
)
def test_mistakes_in_usage_are_told_with_status_2(scan: Scan, tmp_path: Path, arguments: list[str], told: str) -> None:
    done = scan(tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr


def test_a_rules_file_with_a_mistake_is_told_with_its_line(scan: Scan, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("pack: mine\ntitel: {zh: x, en: x}\nrules: []\n", "utf-8")
    done = scan(tmp_path, "--rules", tmp_path)
    assert done.returncode == 2
    assert "mine.yaml:2: unknown key 'titel'" in done.stderr


def test_output_to_a_file_is_whole_and_private_and_not_scanned(scan: Scan, folder: Path) -> None:
    output = folder / "result.jsonl"
    done = scan(folder, "--format", "jsonl", "--output", output, "--all")
    assert (done.returncode, done.stdout) == (1, "")
    *records, last = map(json.loads, output.read_text("utf-8").splitlines())
    assert last["summary"]["enumerated"] == 3 == len(records)
    assert output.stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in folder.iterdir()) == ["fifo", "marked.txt", "ordinary.txt", "result.jsonl"]


def test_output_that_fails_leaves_the_old_file_alone(scan: Scan, tmp_path: Path) -> None:
    output = tmp_path / "result.jsonl"
    output.write_text("old")
    assert scan(tmp_path / "nothing", "--output", output).returncode == 2
    assert output.read_text() == "old"
    assert list(tmp_path.iterdir()) == [output]


def test_the_class_of_the_computer_decides_severity(scan: Scan, folder: Path) -> None:
    def severity(*arguments: str) -> str:
        told = scan(folder / "marked.txt", "--format", "jsonl", *arguments).stdout.splitlines()[0]
        return str(json.loads(told)["findings"][0]["severity"])

    assert severity("--class", "internet") == "critical"
    assert severity("--class", "confidential", "--level", "机密") == "info", "it may hold such a file"
    assert severity("--class", "confidential", "--level", "秘密") == "critical", "above its level"


def test_lines_are_utf8_whatever_the_names_and_the_locale(scan: Scan, folder: Path) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff\xbb\xfa.txt")).write_text(MARKED)
    done = scan(folder, "--format", "jsonl", LANG="C", LC_ALL="C")
    assert any(json.loads(line).get("path", "").endswith("\\xff\\xbb\\xfa.txt") for line in done.stdout.splitlines())
    assert "\\xff" in scan(folder, LANG="C", LC_ALL="C", PYTHONIOENCODING="ascii").stdout


def test_a_second_scan_says_the_same_and_no_cache_keeps_no_ledger(scan: Scan, folder: Path, cache_home: Path) -> None:
    ledger = cache_home / "mijian" / "ledger.sqlite"
    ledger.unlink(missing_ok=True)
    uncached = scan(folder, "--format", "jsonl", "--no-cache")
    assert not ledger.exists()
    time.sleep(2.1)  # a file changed just now would not be remembered
    first, second = (scan(folder, "--format", "jsonl") for _ in range(2))
    assert ledger.exists()
    expected = sorted(uncached.stdout.splitlines()[:-1])
    assert sorted(first.stdout.splitlines()[:-1]) == sorted(second.stdout.splitlines()[:-1]) == expected


@pytest.mark.parametrize("form", ["table", "jsonl", "sarif", "html"])
@pytest.mark.parametrize("as_file", [True, False])
def test_a_report_that_cannot_be_written_is_no_finding(
    folder: Path, environment: dict[str, str], form: str, *, as_file: bool
) -> None:
    (folder / "a.txt").write_text("机密★10年\n", "utf-8")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "agent.cli", "scan", folder, "--format", form, "--no-cache"]
            + ["--output", "/dev/full"] * as_file,
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.decode().splitlines()[-1:] == [f"mijian: cannot write: {os.strerror(errno.ENOSPC)}"]
    assert b"Traceback" not in done.stderr


def test_without_standard_output_or_a_path_nothing_is_scanned(folder: Path, environment: dict[str, str]) -> None:
    def run(how: str) -> tuple[int, bytes]:
        done = subprocess.run(
            ["/bin/sh", "-c", f'"$0" -m agent.cli scan {how}', sys.executable, folder],
            capture_output=True,
            env=environment,
            check=False,
        )
        return done.returncode, done.stderr

    status, told = run('"$1" >&-')
    assert (status, b"Traceback" in told, b"standard output" in told) == (2, False, True)
    assert run('""')[0] == 2


def test_a_reader_that_goes_away_ends_the_scan_quietly(folder: Path, environment: dict[str, str]) -> None:
    for number in range(5000):
        (folder / f"{number}.txt").write_text("hello")
    arguments = [sys.executable, "-m", "agent.cli", "scan", folder, "--format", "jsonl", "--all", "--no-cache"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as scanning:
        assert scanning.stdout is not None
        assert scanning.stderr is not None
        assert scanning.stdout.readline()
        scanning.stdout.close()
        told = scanning.stderr.read()
    assert (scanning.returncode, told) == (141, b"")


def test_ctrl_c_prints_the_sum_of_what_was_done(folder: Path, environment: dict[str, str]) -> None:
    for number in range(20000):
        (folder / f"{number}.txt").write_text("hello")
    arguments = [sys.executable, "-m", "agent.cli", "scan", folder, "--format", "jsonl", "--all", "--no-cache"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, env=environment, start_new_session=True) as scanning:
        assert scanning.stdout is not None
        first = scanning.stdout.readline()
        os.killpg(scanning.pid, signal.SIGINT)  # as the terminal does: to the whole group
        lines = [first, *scanning.stdout.read().splitlines()]
    *records, last = map(json.loads, lines)
    summary = last["summary"]
    assert summary["complete"] is False
    assert len(records) == summary["enumerated"] < 20003
    assert scanning.returncode == (1 if summary["finding"] else 3)


@pytest.mark.parametrize(
    "call", [["scan", "--no-cache"], ["check", "--profile", "internet", "--no-report", "--scan"]], ids=["scan", "check"]
)
def test_a_terminal_sees_a_bar_and_a_pipe_does_not(
    call: list[str], folder: Path, environment: dict[str, str], scan: Scan
) -> None:
    assert scan(folder, "--no-cache").stderr == ""
    controller, terminal = pty.openpty()
    arguments = [sys.executable, "-m", "agent.cli", *call, folder]
    with subprocess.Popen(
        arguments, stdout=subprocess.DEVNULL, stderr=terminal, env=environment | {"TERM": "xterm"}
    ) as scanning:
        os.close(terminal)
        seen = b""
        while True:
            try:
                data = os.read(controller, 65536)
            except OSError:
                break
            if not data:
                break
            seen += data
    os.close(controller)
    assert scanning.returncode == 1
    assert b"preparing rules" in seen
    assert b"scanning" in seen
    assert b"files" in seen


def test_no_worker_outlives_a_scan_that_is_killed(folder: Path, environment: dict[str, str]) -> None:
    import psutil

    for number in range(3000):
        (folder / f"{number}.txt").write_text("hello")
    arguments = [sys.executable, "-m", "agent.cli", "scan", folder, "--format", "jsonl", "--all", "--no-cache"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, env=environment) as scanning:
        assert scanning.stdout is not None
        assert scanning.stdout.readline()
        workers = psutil.Process(scanning.pid).children()
        assert workers
        scanning.kill()
    for _ in range(100):
        if not any(worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE for worker in workers):
            break
        time.sleep(0.05)
    assert not any(worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE for worker in workers)


SLOW_PACK = """\
pack: slow
title: {zh: 慢, en: Slow}
rules:
  - id: x.slow
    title: {zh: 慢, en: Slow}
    family: tlp
    severity: low
    pattern: '(?:RED+)*(?:RED|D)*!'
    literals: [{text: "TLP:"}]
    controls: [NPC-07]
    references: [none]
    examples: {match: [{text: "REDRED!", zone: header, level: RED}], no_match: [{text: "RED"}]}
"""


def test_rules_that_could_run_for_ever_are_refused_before_the_scan(scan: Scan, folder: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "slow.yaml").write_text(SLOW_PACK, "utf-8")
    done = scan(folder, "--rules", rules)
    assert done.returncode == 2
    assert "slow.yaml:" in done.stderr
    assert "x.slow" in done.stderr


def test_a_list_of_keywords_is_looked_for_besides_the_markings(scan: Scan, folder: Path, tmp_path: Path) -> None:
    (folder / "store.txt").write_text("一批帐篷和发电机已入库，请查收。\n", "utf-8")
    words = tmp_path / "stock.txt"
    words.write_text("帐篷\n", "gb18030")
    done = scan(folder, "--keywords", words, "--format", "jsonl", "--no-cache")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    found = {Path(r["path"]).name: r["findings"] for r in records if r.get("verdict") == "finding"}
    assert {"store.txt", "marked.txt"} == set(found)
    (hint,) = found["store.txt"]
    assert (hint["family"], hint["level"], hint["rule"]) == ("keyword", None, "keyword.stock")
    assert "帐篷" not in done.stdout, "the word itself may be secret"
    assert found["marked.txt"][0]["family"] != "keyword"


def test_a_list_named_from_the_folder_one_stands_in_is_found_by_the_workers_too(
    scan: Scan, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "store.txt").write_text("一批帐篷和发电机已入库，请查收。\n", "utf-8")
    (tmp_path / "stock.txt").write_text("帐篷\n", "utf-8")
    root = Path.cwd()
    monkeypatch.chdir(tmp_path)
    done = scan(folder, "--keywords", "stock.txt", "--format", "jsonl", "--no-cache", PYTHONPATH=str(root))
    families = {found["family"] for line in done.stdout.splitlines() for found in json.loads(line).get("findings", ())}
    assert families == {"keyword", "state"}, done.stderr


def test_a_mistake_in_a_list_of_keywords_names_file_and_line(scan: Scan, folder: Path, tmp_path: Path) -> None:
    words = tmp_path / "stock.yaml"
    words.write_text("id: stock\nwords:\n- {text: 帐篷}\n", "utf-8")
    done = scan(folder, "--keywords", words)
    assert done.returncode == 2
    assert "stock.yaml:3: unknown key" in done.stderr
