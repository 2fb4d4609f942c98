"""Profiles and questions as we ship them, and the mistakes people make in their own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from protocol.records import ComputerClass, Level
from signatures.profiles import FOLDER, Parameters, asked, choose, load_profiles, load_questions, overridden
from signatures.register import register
from signatures.strict_yaml import FileMistake


def test_every_class_and_level_has_its_profile() -> None:
    profiles = load_profiles()
    assert {one.id for one in profiles.values()} >= {"internet", "internal", "public-hall", "media", "disposal"}
    for computer_class in ComputerClass:
        default = choose(profiles, computer_class, None)
        assert default is not None
        assert default.computer_class is computer_class
    for level in Level:
        chosen = choose(profiles, ComputerClass.CONFIDENTIAL, level)
        assert chosen is not None
        assert chosen.level is level


def test_the_higher_the_level_the_shorter_a_password_lives_and_the_longer_it_is() -> None:
    profiles = load_profiles()
    chosen = [choose(profiles, ComputerClass.CONFIDENTIAL, level) for level in Level]
    days = [one.parameters.password_max_days for one in chosen if one]
    length = [one.parameters.password_min_length for one in chosen if one]
    assert days == sorted(days, reverse=True)
    assert length == sorted(length)


def test_every_rule_that_only_a_person_can_attest_is_asked() -> None:
    questions = load_questions()
    alone = {name for name, entry in register().items() if entry.rule.kinds[0] == "attestation"}
    assert len(alone) == 31
    assert alone <= questions.keys()
    assert questions.keys() <= register().keys()
    everywhere = {one.control for profile in load_profiles().values() for one in asked(profile, questions)}
    assert alone <= everywhere


def test_questions_and_titles_speak_both_languages() -> None:
    for question in load_questions().values():
        assert question.ask.zh.endswith(("？", "）？"))
        assert question.ask.en.endswith("?")
    for profile in load_profiles().values():
        assert profile.title.zh != profile.title.en


def test_a_question_for_one_class_is_not_asked_of_another() -> None:
    questions, profiles = load_questions(), load_profiles()
    assert "PWD-06" in {one.control for one in asked(profiles["confidential-level-1"], questions)}
    assert "PWD-06" not in {one.control for one in asked(profiles["internet"], questions)}


def test_an_unknown_key_names_file_line_and_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text((FOLDER / "internet.yaml").read_text("utf-8").replace("lock_minutes", "lock_minuts"), "utf-8")
    with pytest.raises(FileMistake, match=r"own\.yaml:\d+: unknown key .*lock_minuts.*did you mean 'lock_minutes'"):
        load_profiles(tmp_path)


def test_a_profile_that_stands_twice_is_a_mistake(tmp_path: Path) -> None:
    for name in ("a", "b"):
        shutil.copy(FOLDER / "internet.yaml", tmp_path / f"{name}.yaml")
    with pytest.raises(FileMistake, match=r"b\.yaml.*internet stands in two files"):
        load_profiles(tmp_path)


def test_parameters_are_overridden_one_by_one_and_mistyped_ones_are_named() -> None:
    changed = overridden(Parameters(), {"password_max_days": 5})
    assert changed.password_max_days == 5
    assert changed.lock_minutes == Parameters().lock_minutes
    with pytest.raises(ValueError, match="did you mean 'password_max_days'"):
        overridden(Parameters(), {"pasword_max_days": 5})
    with pytest.raises(ValueError, match="Expected `int`"):
        overridden(Parameters(), {"password_max_days": "soon"})
