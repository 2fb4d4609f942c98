"""`mijian rules lint` covers profiles: what we ship is clean, and mistakes are told by file, line and nearest name."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from agent.cli import main
from agent.commands.rules_lint_profiles import lint_profiles, split
from signatures.profiles import FOLDER

Out = pytest.CaptureFixture[str]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.yaml"
    shutil.copy(FOLDER / "internet.yaml", path)
    return path


def told(path: Path) -> list[tuple[int, str, str]]:
    return [(fault.line, fault.wrong.en, fault.mend.en) for fault in lint_profiles([path])]


def test_the_profiles_we_ship_are_clean() -> None:
    profiles, others = split(())
    assert len(profiles) == 9
    assert not others
    assert lint_profiles(profiles) == []


def test_a_check_that_does_not_exist_is_told_with_the_nearest(own: Path) -> None:
    own.write_text(own.read_text("utf-8").replace("password-age", "pasword-age"), "utf-8")
    ((line, wrong, mend),) = told(own)
    assert "pasword-age" in own.read_text("utf-8").splitlines()[line - 1]
    assert wrong == "there is no check called pasword-age"
    assert mend == "did you mean password-age?"


def test_a_question_that_does_not_exist_and_a_second_default_are_told(own: Path) -> None:
    own.write_text(own.read_text("utf-8").replace("questions: [all]", "questions: [SITE-99]"), "utf-8")
    assert [wrong for _, wrong, _ in told(own)] == ["there is no question called SITE-99"]
    faults = lint_profiles([FOLDER / "internet.yaml", own])
    assert any("has a default already: internet.yaml" in fault.wrong.en for fault in faults)


def test_an_unknown_key_is_an_error_of_the_command(own: Path, capsys: Out) -> None:
    own.write_text(own.read_text("utf-8").replace("lock_minutes", "lock_minuts"), "utf-8")
    assert main(["--lang", "en", "rules", "lint", str(own), "--format", "json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["errors"] == 1
    assert "did you mean 'lock_minutes'" in answer["faults"][0]["wrong"]["en"]
    assert main(["--lang", "zh", "rules", "lint", str(own.parent)]) == 1
    assert "own.yaml" in capsys.readouterr().out


def test_packs_and_profiles_are_told_apart(own: Path) -> None:
    pack = FOLDER.parent / "packs" / "cn-work.yaml"
    assert split([own, pack]) == ([own], [pack])
    assert split([own.parent]) == ([own], [])
