"""The command ``mijian-server`` as an administrator types it: real processes, a real home."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from protocol import envelope as envelopes
from protocol import keys, receipts

Command = Callable[..., subprocess.CompletedProcess[str]]


def run(home: Path, *arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MIJIAN_", "DJANGO_"))}
    environment |= {"MIJIAN_HOME": str(home), "LC_ALL": "C.UTF-8", **more.pop("env", {})}
    return subprocess.run(
        [sys.executable, "-m", "server", *arguments], capture_output=True, text=True, env=environment, **more
    )


@pytest.fixture(scope="module")
def initialised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of level 机密, made once for the tests of this file that leave it as it is."""
    home = tmp_path_factory.mktemp("cli") / "home"
    done = run(home, "init", "--level", "机密", "--name", "机要室", "--allowed-host", "collector.lan")
    assert done.returncode == 0, done.stderr
    return home


@pytest.fixture
def command(initialised: Path) -> Command:
    """Runs a subcommand in the initialised home."""
    return lambda *arguments, **more: run(initialised, *arguments, **more)


def told(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    content: dict[str, Any] = json.loads(done.stdout)
    return content


def test_init_makes_a_home_that_only_its_owner_can_read(initialised: Path) -> None:
    assert stat.S_IMODE(initialised.stat().st_mode) == 0o700
    for file in (*(initialised / "keys").iterdir(), initialised / "collector.sqlite3", initialised / "collector.yaml"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_init_again_replaces_nothing(command: Command, initialised: Path) -> None:
    before = {file.name: file.read_bytes() for file in (initialised / "keys").iterdir()}
    content = told(command("init", "--format", "json"))
    assert (content["created"], content["name"], content["level"]) == (False, "机要室", "机密")
    assert {file.name: file.read_bytes() for file in (initialised / "keys").iterdir()} == before


def test_the_commands_that_init_names_next_work_as_they_stand_where_the_home_was_named(initialised: Path) -> None:
    done = run(initialised, "init", "--home", str(initialised))
    named = [line.split("mijian-server ")[1] for line in done.stdout.splitlines() if line.startswith("  mijian-server")]
    assert len(named) == 3
    assert all(line.endswith(f" --home {initialised}") for line in named)
    again = run(Path("/nowhere"), *named[1].split())
    assert again.returncode == 0, again.stderr


def test_init_with_other_settings_points_to_the_file_instead_of_guessing(command: Command) -> None:
    done = command("init", "--level", "绝密")
    assert done.returncode == 2
    assert "collector.yaml" in done.stderr


def test_a_home_that_lost_a_key_is_not_given_new_ones(tmp_path: Path, new_home: Path) -> None:
    home = shutil.copytree(new_home, tmp_path / "home")
    (home / "keys" / "sealing").unlink()
    done = run(home, "init")
    assert done.returncode == 2
    assert "restore" in done.stderr
    assert not (home / "keys" / "sealing").exists()


@pytest.mark.parametrize(
    "arguments", [("serve",), ("token", "list"), ("verify",), ("createuser", "li", "--role", "it")]
)
def test_before_init_every_command_says_what_to_do(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = run(tmp_path / "nowhere", *arguments)
    assert done.returncode == 2
    assert "mijian-server init" in done.stderr
    assert not (tmp_path / "nowhere").exists()


def test_a_mistake_in_the_settings_file_is_told_with_its_line(tmp_path: Path, new_home: Path) -> None:
    home = shutil.copytree(new_home, tmp_path / "home")
    (home / "collector.yaml").write_text("name: x\nlevle: 机密\n")
    done = run(home, "verify")
    assert done.returncode == 2
    assert "collector.yaml:2" in done.stderr
    assert "level" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_of_another_kind_is_refused_clearly(command: Command) -> None:
    done = command("serve", "--database-url", "mysql://db/mijian")
    assert done.returncode == 2
    assert "postgresql://user@host:5432/name" in done.stderr


def test_an_account_is_made_with_the_password_given(command: Command, initialised: Path, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("对马海峡-correct-horse\n")
    content = told(command("createuser", "li", "--role", "officer", "--password-file", str(file), "--format", "json"))
    assert content == {"user": "li", "role": "officer"}
    again = command("createuser", "li", "--role", "officer", "--password-file", str(file))
    assert (again.returncode, "li" in again.stderr) == (2, True)
    with sqlite3.connect(initialised / "collector.sqlite3") as database:
        ((stored,),) = database.execute("SELECT password FROM accounts_user WHERE username = 'li'").fetchall()
    assert stored.startswith("argon2$argon2id$")


def test_a_weak_password_is_refused(command: Command) -> None:
    done = command("createuser", "wang", "--role", "it", "--password-stdin", input="12345\n")
    assert done.returncode == 2
    assert "too short" in done.stderr


def test_a_password_that_is_not_given_is_made_and_shown_once(command: Command) -> None:
    content = told(command("createuser", "zhao", "--role", "viewer", "--format", "json"))
    assert len(content["password"]) >= 16


def test_a_token_is_shown_once_and_listed_without_its_text(command: Command) -> None:
    content = told(command("token", "create", "--class", "internal", "--note", "财务处", "--format", "json"))
    listed = command("token", "list", "--format", "json")
    assert content["token"] not in listed.stdout
    assert "财务处" in [row["note"] for row in told(listed)["tokens"]]


def test_a_token_beyond_the_collectors_level_is_not_minted(command: Command) -> None:
    done = command("token", "create", "--class", "confidential", "--level", "绝密")
    assert done.returncode == 2
    assert "higher" in done.stderr


@pytest.mark.parametrize("span", ["0d", "soon", "7", "-1d"])
def test_a_life_that_is_no_span_of_time_is_refused(command: Command, span: str) -> None:
    assert command("token", "create", "--class", "internal", f"--expires={span}").returncode == 2


def test_a_key_for_nobody_is_not_minted(command: Command) -> None:
    done = command("token", "api", "--user", "nobody")
    assert done.returncode == 2
    assert "createuser" in done.stderr


def test_help_and_errors_speak_the_language_of_the_terminal(tmp_path: Path) -> None:
    assert "注册令牌" in run(tmp_path, "--help", env={"LC_ALL": "zh_CN.UTF-8"}).stdout
    assert "尚未初始化" in run(tmp_path, "verify", env={"LC_ALL": "zh_CN.UTF-8"}).stderr


def test_verify_finds_a_changed_audit_log(tmp_path: Path, new_home: Path) -> None:
    home = shutil.copytree(new_home, tmp_path / "home")
    run(home, "token", "create", "--class", "internal", check=True)
    assert told(run(home, "verify", "--format", "json"))["audit_entries"] == 2
    with sqlite3.connect(home / "collector.sqlite3") as database:
        database.execute("UPDATE audit_entry SET action = 'nothing.happened' WHERE id = 1")
    done = run(home, "verify", "--format", "json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["audit_broken_at"] == 1


def test_an_address_in_use_or_nonsense_is_told_before_anything_starts(command: Command) -> None:
    assert "--bind" in command("serve", "--bind", "256.1.1.1:80").stderr
    assert command("serve", "--bind", "nonsense").returncode == 2


def test_a_sealed_file_is_imported_once_and_answered_by_a_receipt(
    command: Command, initialised: Path, tmp_path: Path, agent_key: keys.Ed25519PrivateKey, file_seen: Any
) -> None:
    agent = "0190c7f0-0000-7000-8000-000000000001"
    with sqlite3.connect(initialised / "collector.sqlite3") as database:
        database.execute(
            "INSERT INTO ledger_computer (id, name, number, computer_class, level, place, serial, status, enrolled_at,"
            " public_key, machine_id_hash, agent_version, rules, cage, platform, policy_serial, policy_digest)"
            " VALUES (?, 'pc', '', 'internal', '', '', '', 'in-use',"
            " '2026-01-01 00:00:00', ?, '', '', '', '', '', 0, '')",
            (agent.replace("-", ""), keys.public_bytes(agent_key)),
        )
    sealing = keys.X25519PrivateKey.from_private_bytes((initialised / "keys" / "sealing").read_bytes())
    signing = keys.Ed25519PrivateKey.from_private_bytes((initialised / "keys" / "signing").read_bytes())
    recipient = keys.public_bytes(sealing)
    seen = file_seen()
    header = envelopes.Header(
        format=envelopes.FORMAT,
        records=1,
        agent=agent,
        sequence=1,
        previous=envelopes.FIRST_PREVIOUS,
        created=seen.seen_at,
        computer_class="internal",
        level=None,
        recipient=keys.key_id(recipient),
    )
    sealed = tmp_path / "report.mijian"
    sealed.write_bytes(envelopes.build(header, [seen], signing_key=agent_key, recipient=recipient))
    broken = tmp_path / "broken.mijian"
    broken.write_bytes(sealed.read_bytes()[:-9])
    done = command("import", str(sealed), str(sealed), str(broken), str(tmp_path / "absent"), "--format", "json")
    assert done.returncode == 1
    rows = json.loads(done.stdout)["files"]
    assert [(row["answer"], row["reason"]) for row in rows] == [
        ("accepted", ""),
        ("duplicate", ""),
        ("refused", "truncated"),
        ("failed", "unreadable"),
    ]
    # A stick that takes no receipt (a folder is in its way here): what was taken in is not called lost.
    other = tmp_path / "other.mijian"
    other.write_bytes(sealed.read_bytes())
    (tmp_path / "other.mijian.receipt").mkdir()
    done = command("import", str(other), "--format", "json")
    (row,) = json.loads(done.stdout)["files"]
    assert (done.returncode, row["answer"], row["reason"]) == (1, "duplicate", "no-receipt")
    receipt = receipts.open_receipt((tmp_path / "report.mijian.receipt").read_bytes(), keys.public_bytes(signing))
    assert (receipt.answer, receipt.sequence) == (receipts.Answer.DUPLICATE, 1)
    with sqlite3.connect(initialised / "collector.sqlite3") as database:
        assert database.execute("SELECT count(*) FROM violations_occurrence").fetchone() == (1,)


@pytest.mark.parametrize("form", ["jsonl", "csv", "ocsf", "cef"])
def test_an_export_is_a_new_file_for_its_owner_alone(command: Command, tmp_path: Path, form: str) -> None:
    file = tmp_path / "violations"
    content = told(command("export", str(file), "--as", form, "--since", "7d", "--format", "json"))
    lines = len(file.read_bytes().splitlines()) - (form == "csv")
    assert (content["form"], content["violations"]) == (form, lines)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = command("export", str(file))
    assert again.returncode == 2
    assert "is there already" in again.stderr


def test_an_export_of_an_unknown_state_or_a_date_that_is_none_is_refused(command: Command) -> None:
    for arguments, said in ((["--state", "lost"], "no such state"), (["--since", "yesterday"], "no span of time")):
        done = command("export", "-", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr


def test_a_report_is_made_under_a_number_and_never_over_a_file(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "report.docx"
    done = command("report", "rectification", "--format", "docx", "--out", str(file), "--language", "zh")
    assert done.returncode == 0, done.stderr
    assert hashlib.sha256(file.read_bytes()).hexdigest() in done.stdout
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = command("report", "rectification", "--out", str(file))
    assert again.returncode == 2
    assert "is there already" in again.stderr


def test_a_report_about_a_department_that_is_not_there_is_refused(command: Command, tmp_path: Path) -> None:
    done = command("report", "ledger", "--out", str(tmp_path / "x.pdf"), "--department", "总部/无此处")
    assert done.returncode == 2
    assert "there is no department" in done.stderr


def test_a_report_that_waits_is_made_by_a_process_of_its_own(command: Command, initialised: Path) -> None:
    columns = "year, sequence, kind, forms, language, since, until, ledger, state, progress, attempts, problem"
    with sqlite3.connect(initialised / "collector.sqlite3") as database:
        database.execute(
            f"INSERT INTO reports_report ({columns}, requested_at) VALUES "  # noqa: S608 (columns of ours)
            "(1999, 7, 'annual', 'xlsx', 'en', '1999-01-01', '1999-12-31', '', 'waiting', 0, 0, '', '1999-12-31')"
        )
    environment = {**os.environ, "MIJIAN_HOME": str(initialised)}
    subprocess.run([sys.executable, "-m", "server.reports.workshop"], env=environment, check=True, timeout=60)
    with sqlite3.connect(initialised / "collector.sqlite3") as database:
        ((state, sha256),) = database.execute(
            "SELECT state, sha256 FROM reports_report r JOIN reports_reportfile f ON f.report_id = r.id "
            "WHERE year = 1999"
        )
    file = initialised / "reports" / "1999-0007.xlsx"
    assert state == "done"
    assert hashlib.sha256(file.read_bytes()).hexdigest() == sha256
