from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from signatures.controls import FOLDER, TABLE, load_controls, load_lapsed_table, load_media_table, load_table
from signatures.strict_yaml import FileMistake


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path in FOLDER.glob("*.yaml"):
        shutil.copy(path, tmp_path)
    return tmp_path


def test_every_control_speaks_both_languages_and_cites_its_clause() -> None:
    for control in load_controls().values():
        for text in (control.title, control.rule, control.remedy):
            assert any("一" <= character <= "鿿" for character in text.pick("zh-hans"))
            assert text.pick("en").isascii()
        assert control.clause


def test_every_control_that_the_table_names_exists_and_every_control_can_be_broken() -> None:
    controls = load_controls()
    besides = {row.control for row in (*load_media_table(), *load_lapsed_table())}
    named = {row.control for row in load_table() if row.control} | besides
    assert named <= controls.keys()
    assert controls.keys() - named == {"NET-03", "SEC-13"}  # broken by a check, not by a finding


def test_an_unknown_key_names_file_line_and_the_nearest_key(folder: Path) -> None:
    path = folder / "net.yaml"
    path.write_text(path.read_text("utf-8").replace("severity:", "severty:"), "utf-8")
    with pytest.raises(FileMistake, match=r"net\.yaml:\d+: unknown key .*severty.*did you mean 'severity'"):
        load_controls(folder)


def test_a_control_that_stands_twice_is_a_mistake(folder: Path) -> None:
    shutil.copy(folder / "net.yaml", folder / "zz.yaml")
    with pytest.raises(FileMistake, match=r"zz\.yaml.*NET-03 stands in two places"):
        load_controls(folder)


def test_a_row_that_names_no_control_is_a_mistake(folder: Path) -> None:
    path = folder / TABLE
    path.write_text(path.read_text("utf-8").replace("control: CLASS-13", "control: CLASS-99"), "utf-8")
    with pytest.raises(FileMistake, match="CLASS-99"):
        load_table(folder)
