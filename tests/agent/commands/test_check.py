"""`mijian check`: what people see, what programs read, and what the exit status says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.checks.families import checks
from agent.cli import main
from signatures.profiles import load_profiles

Run = Callable[..., subprocess.CompletedProcess[str]]
Out = pytest.CaptureFixture[str]
SYSTEMS = Path(__file__).parents[1] / "checks" / "systems"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An offline Debian."""
    folder = tmp_path / "root"
    for name, told in yaml.safe_load((SYSTEMS / "debian-12.yaml").read_text("utf-8")).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(exist_ok=True) if isinstance(told, dict) else path.write_text(told, "utf-8")
    return folder


@pytest.fixture
def check(tmp_path: Path, root: Path) -> Callable[..., int]:
    """Runs the command on that tree."""

    def run(*options: str | Path, lang: str = "en", whole: bool = False) -> int:
        about = () if whole else ("--root", root, "--state", tmp_path / "state")
        return main(["--lang", lang, "check", *(str(one) for one in (*about, *options))])

    return run


def rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_failures_come_first_each_with_clause_and_remedy(check: Callable[..., int], capsys: Out) -> None:
    assert check("--profile", "internet") == 1
    told = capsys.readouterr().out
    assert told.index("FAIL  ") < told.index("manual  ")
    failed = [part for part in told.split("\n\n") if part.startswith("FAIL")]
    assert len(failed) > 5
    for part in failed:
        assert "clause: 《" in part
        assert "what to do: " in part
    assert "regime" in told
    assert "questions are for a person to answer" in told


def test_the_same_in_chinese(check: Callable[..., int], capsys: Out) -> None:
    assert check("--profile", "confidential", "--level", "机密", lang="zh") == 1
    told = capsys.readouterr().out
    assert "机密级涉密计算机" in told
    assert "处置：" in told
    assert "要求 开启" in told


def test_json_lines_hold_a_head_every_check_every_question_and_a_sum(check: Callable[..., int], capsys: Out) -> None:
    assert check("--profile", "internal", "--format", "jsonl") == 1
    told = rows(capsys.readouterr().out)
    assert told[0]["report"]["profile"] == "internal"
    lines = [row for row in told if "control" in row]
    assert {row["check"] for row in lines} == set(load_profiles()["internal"].checks) & set(checks())
    for row in lines:
        assert row["clause"]
        assert row["severity"] in {"critical", "high", "medium", "low", "info"}
        assert row["remedy"] if row["outcome"] == "fail" else row["remedy"] is None
    assert sum("attestation" in row for row in told) >= 30
    assert sum(told[-1]["summary"][one] for one in ("pass", "fail", "error", "manual", "not-applicable")) == len(lines)


def test_a_report_is_laid_beside_an_earlier_one(
    check: Callable[..., int], root: Path, tmp_path: Path, capsys: Out
) -> None:
    earlier = tmp_path / "earlier.jsonl"
    check("--profile", "internal", "--format", "jsonl", "--output", earlier)
    (root / "etc/systemd/system/multi-user.target.wants").mkdir(parents=True)
    (root / "etc/systemd/system/multi-user.target.wants/rsyslog.service").touch()
    (root / "etc/exports").write_text("/srv *(rw)\n")
    check("--profile", "internal", "--format", "jsonl", "--since", earlier)
    since = rows(capsys.readouterr().out)[-1]["summary"]["since"]
    assert "logs-kept" in since["mended"]
    assert "shares" in since["new"]
    assert "antivirus" in since["open"]
    check("--profile", "internal", "--since", earlier)
    told = capsys.readouterr().out
    assert "since the report MJ-" in told
    assert "Logs are kept" in told


def test_what_is_no_report_is_refused(check: Callable[..., int], tmp_path: Path, capsys: Out) -> None:
    for content in ("", "not json\n", '{"report": {}}\n', '{"report": {"number": 1}}\n{"control": 2}\n'):
        (tmp_path / "x.jsonl").write_text(content)
        assert check("--profile", "internal", "--since", tmp_path / "x.jsonl") == 2
        assert "is no report" in capsys.readouterr().err
    assert check("--profile", "internal", "--since", tmp_path / "none.jsonl") == 2


def test_a_profile_of_ones_own_and_parameters_of_the_settings(
    check: Callable[..., int], tmp_path: Path, capsys: Out
) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(
        'id: own\nversion: "2026.1"\ntitle: {zh: 自定, en: Own}\ncomputer_class: internal\nchecks: [password-age]\n'
        "parameters: {password_max_days: 100000}\n"
    )
    settings = tmp_path / "mijian.yaml"
    settings.write_text("check: {organisation: 某局, parameters: {password_max_days: 1}}\n")
    check("--profile", own, "--format", "jsonl")
    assert rows(capsys.readouterr().out)[1]["outcome"] == "pass"
    check("--profile", own, "--settings", settings, "--format", "jsonl")
    told = rows(capsys.readouterr().out)
    assert told[0]["report"]["organisation"] == "某局"
    assert told[1]["outcome"] == "fail"


def test_a_mistyped_parameter_in_the_settings_is_named(check: Callable[..., int], tmp_path: Path, capsys: Out) -> None:
    settings = tmp_path / "mijian.yaml"
    settings.write_text("check: {parameters: {pasword_max_days: 1}}\n")
    assert check("--profile", "internal", "--settings", settings) == 2
    assert "did you mean 'password_max_days'" in capsys.readouterr().err


def test_where_nothing_can_be_said_the_status_is_three(check: Callable[..., int], tmp_path: Path, capsys: Out) -> None:
    assert check("--state", tmp_path / "nowhere", whole=True) == 3
    assert "could not be checked" in capsys.readouterr().out
    own = tmp_path / "own.yaml"
    own.write_text(
        'id: own\nversion: "2026.1"\ntitle: {zh: 自定, en: Own}\ncomputer_class: internal\nchecks: [state-secrets]\n'
    )
    assert check("--profile", own) == 3
    own.write_text(own.read_text("utf-8").replace("state-secrets", "shares"))
    assert check("--profile", own) == 0


def test_mistakes_in_the_call_are_told(check: Callable[..., int], tmp_path: Path, capsys: Out) -> None:
    for options, told in (
        (("--profile", "nonsense"), "there is no profile nonsense; known are"),
        (("--profile", str(tmp_path / "none.yaml")), "No such file"),
        (("--profile", "disposal"), "name it with --device"),
        (("--profile", "internal", "--device", "/dev/null"), "goes with profiles for devices"),
        (("--profile", "disposal", "--device", str(tmp_path)), "neither a block device nor an image"),
        (("--profile", "internal", "--root", str(tmp_path / "none")), "there is no directory"),
        (("--root", str(tmp_path / "none")), "there is no directory"),
        (("--profile", "internal", "--output", str(tmp_path / "no" / "file")), str(tmp_path / "no" / "file")),
        (("--profile", "internal", "--scan", str(tmp_path / "none")), "there is no such file or folder"),
        (("--coverage", "--format", "pdf", "--output", str(tmp_path / "x")), "comes as table or jsonl"),
    ):
        assert check(*options) == 2, options
        assert told in capsys.readouterr().err


def test_profiles_are_listed(check: Callable[..., int], capsys: Out) -> None:
    assert check("--profiles") == 0
    assert {line.split()[0] for line in capsys.readouterr().out.splitlines()} == set(load_profiles())


def test_coverage_tells_every_control_and_reaches_its_target(check: Callable[..., int], capsys: Out) -> None:
    assert check("--coverage") == 0
    told = capsys.readouterr().out
    assert "CPC-02" in told
    assert "state-secrets" in told
    assert check("--coverage", "--format", "jsonl") == 0
    controls = rows(capsys.readouterr().out)
    summary = controls.pop()["summary"]
    assert len(controls) == summary["controls"] == 268
    assert summary["endpoint"] == 88
    assert summary["endpoint_covered"] == 88
    for row in controls:
        assert bool(row["by"]) == (row["way"] != "not-yet")
        if row["way"] == "automatic":
            assert row["software"] == "yes"


def test_questions_are_written_out_filled_in_and_read_back(
    check: Callable[..., int], tmp_path: Path, capsys: Out
) -> None:
    form = tmp_path / "answers.yaml"
    assert check("--profile", "confidential", "--questions", form) == 0
    text = form.read_text("utf-8")
    assert "Is there an emergency plan" in text
    text = text.replace('INCIDENT-06: {answer: ""', 'INCIDENT-06: {answer: "yes"').replace(
        'SITE-05: {answer: ""', "SITE-05: {answer: no"
    )
    form.write_text(text, "utf-8")
    assert check("--profile", "confidential", "--answers", form) == 2
    assert "say who answered" in capsys.readouterr().err
    form.write_text(text.replace('by: ""', "by: Zhang").replace("date:\n", "date: 2026-11-20\n"), "utf-8")
    check("--profile", "confidential", "--answers", form, "--format", "jsonl")
    answers = {
        row["attestation"]["control"]: row["attestation"]
        for row in rows(capsys.readouterr().out)
        if "attestation" in row
    }
    assert (answers["INCIDENT-06"]["answer"], answers["INCIDENT-06"]["by"]) == ("yes", "Zhang")
    assert answers["INCIDENT-06"]["on"] == "2026-11-20"
    check("--profile", "confidential", "--answers", form)
    assert "SITE-05  answered no" in capsys.readouterr().out
    form.write_text("answers: {SITE-05: {anwser: yes}}\n")
    assert check("--profile", "confidential", "--answers", form) == 2
    assert "did you mean 'answer'" in capsys.readouterr().err


def scanned(cache: Path, root: Path, *options: str | Path) -> dict[str, Any]:
    """Head and outcomes of a self-check with a scan, run as people run it."""
    command = [sys.executable, "-m", "agent.cli", "check", "--root", root, *options, "--format", "jsonl"]
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    done = subprocess.run([str(one) for one in command], capture_output=True, text=True, timeout=110, env=environment)
    told = rows(done.stdout)
    return {"head": told[0]["report"], "text": done.stdout} | {
        row["check"]: row["outcome"] for row in told if "check" in row
    }


def test_files_are_scanned_and_judged_by_class(cache_home: Path, root: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    (disk / "xwechat_files").mkdir(parents=True)
    (disk / "xwechat_files" / "a.txt").write_text("机密★10年\n\n关于调整的通知\n", "utf-8")
    (disk / "b.txt").write_text("公开的通知\n", "utf-8")
    told = scanned(cache_home, root, "--profile", "internet", "--scan", disk)
    assert told["head"]["files"] == 2
    assert told["state-secrets"] == "fail"
    assert told["outgoing-folders"] == "fail"
    assert told["marking-period"] == "pass"
    assert "xwechat_files/a.txt" not in told["text"]
    assert (
        scanned(cache_home, root, "--profile", "confidential", "--level", "机密", "--scan", disk)["level-above"]
        == "pass"
    )
    assert (
        scanned(cache_home, root, "--profile", "confidential", "--level", "秘密", "--scan", disk)["level-above"]
        == "fail"
    )


def test_the_result_of_a_scan_will_do_and_half_of_one_will_not(
    check: Callable[..., int], tmp_path: Path, capsys: Out
) -> None:
    result = tmp_path / "scan.jsonl"
    finding = {
        "rule": "cn-state.starred",
        "family": "state",
        "level": "秘密",
        "period": "P5Y",
        "zone": "p1_top_left",
        "confidence": 95,
        "severity": "critical",
        "marking": "秘密★5年",
        "codes": [],
        "place": {},
    }
    lines = [
        json.dumps({"path": "/home/zhang/a.txt", "member": None, "verdict": "finding", "findings": [finding]}),
        json.dumps({"summary": {"enumerated": 4, "clean": 2, "finding": 1, "not_examined": 1, "rules": "sha256:ab"}}),
    ]
    result.write_text("\n".join(lines) + "\n", "utf-8")
    check("--profile", "internal", "--scan", result, "--format", "jsonl")
    told = rows(capsys.readouterr().out)
    assert (told[0]["report"]["files"], told[0]["report"]["not_examined"]) == (4, 1)
    outcomes = {row["check"]: row["outcome"] for row in told if "check" in row}
    assert outcomes["state-secrets"] == "fail"
    result.write_text(lines[0] + "\n", "utf-8")
    assert check("--profile", "internal", "--scan", result) == 2
    assert "that scan did not end" in capsys.readouterr().err
    result.write_text("garbage\n")
    assert check("--profile", "internal", "--scan", result) == 2
    assert "scan.jsonl:1" in capsys.readouterr().err


def test_a_device_gets_a_certificate_with_method_extent_and_counts(
    check: Callable[..., int], tmp_path: Path, capsys: Out
) -> None:
    image = tmp_path / "disk.img"
    image.write_bytes(bytes(1 << 20))
    assert check("--profile", "disposal", "--device", image, whole=True) == 0
    told = capsys.readouterr().out
    assert "every block was read: 1048576 / 1048576 B (100.0 %)" in told
    image.write_bytes(bytes(4096) + "绝密★长期".encode() + bytes(1 << 20))
    assert check("--profile", "disposal", "--device", image, whole=True) == 1
    told = capsys.readouterr().out
    assert "markings (utf-8): 1" in told
    assert "绝密★长期" not in told


@pytest.mark.root
def test_not_one_file_of_the_running_system_is_changed_and_it_takes_seconds(namespace: Run, tmp_path: Path) -> None:
    options = (
        sys.executable,
        "-m",
        "agent.cli",
        "--lang",
        "en",
        "check",
        "--profile",
        "confidential",
        "--state",
        str(tmp_path),
    )
    done = namespace(*options)
    assert done.returncode == 1, done.stderr
    assert "NET-03  pass" in done.stdout
    assert not list(tmp_path.iterdir())
