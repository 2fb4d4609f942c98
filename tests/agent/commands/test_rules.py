"""``mijian rules`` from the command line: what each action prints, writes and returns."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from agent import words
from agent.cli import main
from signatures.lints import SENTENCES
from signatures.rules import PACKS

PACK = """\
pack: house
title: {zh: 本单位, en: This office}
rules:
  - id: house.draft
    title: {zh: 送审稿, en: Draft for review}
    family: internal
    level: 送审稿
    pattern: '送审稿'
    zones: [front, header]
    literals: [{text: 送审稿, gaps: true}]
    controls: [NPC-01]
    examples:
      match: [{text: 送审稿, level: 送审稿}]
      no_match: [{text: 送审稿的格式}]
"""

Out = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def language() -> object:
    words.use(None)
    yield
    words.use(None)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    folder = tmp_path / "house"
    folder.mkdir()
    (folder / "house.yaml").write_text(PACK, "utf-8")
    return folder


@pytest.fixture
def key(tmp_path: Path) -> Path:
    file = tmp_path / "rules.key"
    assert mijian("keygen", file) == 0
    return file


def mijian(action: str, *arguments: object, lang: str = "en") -> int:
    """Run the command line as a person does; a usage error's status too."""
    try:
        return main(["rules", action, *map(str, arguments), "--lang", lang])
    except SystemExit as left:
        return int(left.code or 0)


def mend(file: Path, was: str, becomes: str) -> None:
    text = file.read_text("utf-8")
    assert was in text
    file.write_text(text.replace(was, becomes), "utf-8")


# --- list, test, schema ---------------------------------------------------------------------------------------------


def test_list_shows_a_family_alone_with_titles_in_the_readers_language(capsys: Out) -> None:
    assert mijian("list", "--family", "tlp", lang="zh") == 0
    shown = capsys.readouterr().out
    assert "tlp.label: TLP 标识 (中等)" in shown
    assert "cn-state" not in shown


def test_list_tells_which_packs_must_be_asked_for(capsys: Out) -> None:
    assert mijian("list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "jp: Japanese markings (only where asked for by name)" in lines
    assert lines[-1].startswith("sha256:")


def test_list_as_json_has_every_rule_once(capsys: Out) -> None:
    assert mijian("list", "--format", "json") == 0
    told = json.loads(capsys.readouterr().out)
    ids = [row["rule"] for row in told["rules"]]
    assert len(ids) == len(set(ids)) >= 40
    assert {row["enabled"] for row in told["rules"]} == {True, False}


def test_an_unknown_family_is_a_usage_error_that_names_the_known(capsys: Out) -> None:
    assert mijian("list", "--family", "stat") == 2
    assert "state" in capsys.readouterr().err


def test_the_rules_we_ship_pass_their_own_examples(capsys: Out) -> None:
    assert mijian("test") == 0
    assert capsys.readouterr().out.endswith(" 0 failures\n")


def test_an_example_that_fails_is_shown_with_what_was_found(house: Path, capsys: Out) -> None:
    mend(house / "house.yaml", "level: 送审稿}]", "level: 定稿}]")
    assert mijian("test", "--rules", house) == 1
    assert "house.draft: should match '送审稿' (p1_top_left), got: house.draft 送审稿" in capsys.readouterr().out


@pytest.mark.parametrize("action", ["list", "test"])
def test_a_folder_that_is_not_there_is_a_usage_error(action: str, capsys: Out) -> None:
    assert mijian(action, "--rules", "/nowhere") == 2
    assert "/nowhere" in capsys.readouterr().err


def test_schema_prints_what_editors_take(capsys: Out) -> None:
    assert mijian("schema") == 0
    assert json.loads(capsys.readouterr().out)["$defs"]["Rule"]["required"]


# --- lint -----------------------------------------------------------------------------------------------------------


def test_lint_tells_file_line_rule_what_is_wrong_and_how_to_mend_it(house: Path, capsys: Out) -> None:
    mend(house / "house.yaml", "pattern: '送审稿'", "pattern: '(?:送+审?)+稿'")
    assert mijian("lint", house) == 1
    first, second, last = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{house / 'house.yaml'}:8: house.draft: nested repetitions")
    assert first.endswith("[error: pattern-backtracks]")
    assert second.startswith("    → Drop the inner or the outer repetition")
    assert last == "1 errors, 0 warnings"


def test_lint_speaks_chinese(house: Path, capsys: Out) -> None:
    mend(house / "house.yaml", "pattern: '送审稿'", "pattern: '(?:送+审?)+稿'")
    assert mijian("lint", house, lang="zh") == 1
    assert "嵌套的重复" in capsys.readouterr().out


def test_warnings_alone_leave_the_status_at_zero(house: Path, capsys: Out) -> None:
    mend(house / "house.yaml", "family: internal", "family: intrnal")
    assert mijian("lint", house) == 0
    assert "1 warnings" in capsys.readouterr().out


def test_lint_of_a_single_file_as_json(house: Path, capsys: Out) -> None:
    mend(house / "house.yaml", "NPC-01", "NPC-99")
    assert mijian("lint", house / "house.yaml", "--format", "json") == 1
    told = json.loads(capsys.readouterr().out)
    assert [(f["lint"], f["line"], f["rule"], f["weight"]) for f in told["faults"]] == [
        ("control-unknown", 11, "house.draft", "error")
    ]
    assert told["lints"].keys() == {*SENTENCES, "profile"}


@pytest.mark.parametrize("name", ["nowhere", "."])
def test_lint_of_what_is_not_there_is_a_usage_error(tmp_path: Path, name: str, capsys: Out) -> None:
    assert mijian("lint", tmp_path / name) == 2
    assert "there is no" in capsys.readouterr().err


# --- explain --------------------------------------------------------------------------------------------------------


def test_explain_shows_the_view_each_point_the_band_and_the_codes_in_plain_words(capsys: Out) -> None:
    assert mijian("explain", "机 密★２４０个月", "--zone", "header") == 0
    shown = capsys.readouterr().out
    assert "normalised: 机密★240个月" in shown
    assert "+60  form: level with a star" in shown
    assert "+20  zone: page header" in shown
    assert "confidence 90: alert" in shown
    assert "PERIOD_UNIT: The period is written in the wrong unit" in shown


def test_explain_speaks_chinese(capsys: Out) -> None:
    assert mijian("explain", "机密（10年）", lang="zh") == 0
    shown = capsys.readouterr().out
    assert "位置：首页左上角" in shown
    assert "STAR_MISSING: 密级与期限之间没有★。" in shown


def test_explain_tells_why_points_were_taken(capsys: Out) -> None:
    assert mijian("explain", "例如，标注为“秘密★1年”", "--format", "json") == 0
    (reading,) = json.loads(capsys.readouterr().out)["readings"]
    taken = {point["told"]: point["points"] for point in reading["points"] if point["points"] < 0}
    assert taken == {"in quotation marks": -40, "words of example or instruction nearby": -45}
    assert reading["sum"] == sum(point["points"] for point in reading["points"])
    assert reading["band"] == "nothing"


def test_explain_says_when_no_rule_looks_at_a_text(capsys: Out) -> None:
    assert mijian("explain", "今天开会", "--zone", "body") == 0
    assert "no marking; no rule fits" in capsys.readouterr().out


def test_explain_tells_of_evidence_against_a_marking(capsys: Out) -> None:
    assert mijian("explain", "此件公开发布", "--zone", "note_end", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["notations"] == ["public"]


def test_explain_reads_standard_input() -> None:
    program = [sys.executable, "-m", "agent.cli", "rules", "explain", "-", "--lang", "en"]
    done = subprocess.run(program, input="绝密★30年".encode(), stdout=subprocess.PIPE, check=True)
    assert "cn-state.starred" in done.stdout.decode()


def test_explain_takes_rules_of_ones_own(house: Path, capsys: Out) -> None:
    assert mijian("explain", "送审稿", "--rules", house) == 0
    assert "house.draft: Draft for review" in capsys.readouterr().out


def test_explain_escapes_what_a_terminal_would_obey(capsys: Out) -> None:
    assert mijian("explain", "机密★10年 \x1b[2J", "--zone", "header") == 0
    assert "\x1b" not in capsys.readouterr().out


def test_an_unknown_zone_is_a_usage_error(capsys: Out) -> None:
    assert mijian("explain", "机密", "--zone", "heder") == 2
    assert "heder" in capsys.readouterr().err


# --- keygen, sign, verify, install ----------------------------------------------------------------------------------


def sign(house: Path, key: Path, *more: object) -> Path:
    bundle = house.parent / "rules.mjr"
    assert mijian("sign", house, "--key", key, "--out", bundle, *more) == 0
    return bundle


def test_keygen_keeps_the_private_key_private_and_never_writes_over_one(tmp_path: Path, key: Path, capsys: Out) -> None:
    assert key.stat().st_mode & 0o077 == 0
    before = key.read_bytes()
    assert mijian("keygen", key) == 2
    assert "never written over" in capsys.readouterr().err
    assert key.read_bytes() == before
    assert before.strip() not in Path(f"{key}.pub").read_bytes()


def test_what_was_signed_is_verified_and_installed(house: Path, key: Path, tmp_path: Path, capsys: Out) -> None:
    bundle = sign(house, key, "--version", 5, "--expires", "2999-12-31")
    assert mijian("verify", bundle, "--trust", f"{key}.pub") == 0
    shown = capsys.readouterr().out
    assert "version 5" in shown and "house.yaml" in shown and "expires 3000-01-01" in shown
    assert mijian("install", bundle, "--trust", f"{key}.pub", "--state", tmp_path / "state") == 0
    assert "in force:\nversion 5" in capsys.readouterr().out
    assert list((tmp_path / "state" / "rules").glob("5-*/house.yaml"))


def test_the_public_key_may_be_given_as_it_is(house: Path, key: Path) -> None:
    words_of_key = Path(f"{key}.pub").read_text("ascii").strip()
    assert mijian("verify", sign(house, key), "--trust", words_of_key) == 0


def test_a_refused_bundle_says_why_and_that_the_old_rules_stay(
    house: Path, key: Path, tmp_path: Path, capsys: Out
) -> None:
    bundle = sign(house, key, "--version", 5)
    install = ("--trust", f"{key}.pub", "--state", tmp_path / "state")
    assert mijian("install", bundle, *install) == 0
    assert mijian("install", bundle, *install) == 1
    told = capsys.readouterr().err
    assert "this version is in force already" in told
    assert "What was in force before still is." in told
    sign(house, key, "--version", 4)
    assert mijian("install", bundle, *install, lang="zh") == 1
    assert "比正在使用的版本旧" in capsys.readouterr().err


def test_a_bundle_of_another_key_and_an_expired_one_are_refused(
    house: Path, key: Path, tmp_path: Path, capsys: Out
) -> None:
    assert mijian("keygen", tmp_path / "other.key") == 0
    assert mijian("verify", sign(house, key), "--trust", tmp_path / "other.key.pub") == 1
    assert "not trusted here" in capsys.readouterr().err
    assert mijian("verify", sign(house, key, "--expires", "2020-01-01"), "--trust", f"{key}.pub") == 1
    assert "expired" in capsys.readouterr().err


def test_a_default_version_is_higher_than_the_one_before(house: Path, key: Path, tmp_path: Path) -> None:
    install = ("--trust", f"{key}.pub", "--state", tmp_path / "state")
    assert mijian("install", sign(house, key, "--version", 20200101000000), *install) == 0
    assert mijian("install", sign(house, key), *install) == 0


def test_rules_with_an_error_are_not_signed(house: Path, key: Path, tmp_path: Path, capsys: Out) -> None:
    mend(house / "house.yaml", "pattern: '送审稿'", "pattern: '(?:送+审?)+稿'")
    assert mijian("sign", house, "--key", key, "--out", tmp_path / "rules.mjr") == 1
    told = capsys.readouterr().err
    assert "house.yaml:8: house.draft" in told and "not signed" in told
    assert not (tmp_path / "rules.mjr").exists()


def test_signing_tells_which_shipped_packs_would_end_and_can_add_them(house: Path, key: Path, capsys: Out) -> None:
    bundle = sign(house, key)
    assert "cn-state.yaml" in capsys.readouterr().err
    sign(house, key, "--with-shipped")
    assert "cn-state.yaml" not in capsys.readouterr().err
    assert mijian("verify", bundle, "--trust", f"{key}.pub") == 0
    shown = capsys.readouterr().out.split()
    assert {"house.yaml", *(file.name for file in PACKS.glob("*.yaml"))} <= set(shown)


def test_a_private_key_that_others_may_read_is_not_used(house: Path, key: Path, tmp_path: Path, capsys: Out) -> None:
    key.chmod(0o644)
    assert mijian("sign", house, "--key", key, "--out", tmp_path / "rules.mjr") == 2
    assert "others may read this private key" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ("sign", "HOUSE", "--key", "/nowhere", "--out", "OUT"),
        ("sign", "HOUSE", "--key", "KEY.pub", "--out", "OUT", "--version", "0"),
        ("sign", "HOUSE", "--key", "KEY", "--out", "OUT", "--version", "0"),
        ("sign", "HOUSE", "--key", "KEY", "--out", "OUT", "--expires", "tomorrow"),
        ("sign", "HOUSE", "--key", "KEY", "--out", "/nowhere/rules.mjr"),
        ("sign", "/nowhere", "--key", "KEY", "--out", "OUT"),
        ("verify", "/nowhere", "--trust", "KEY.pub"),
        ("verify", "KEY", "--trust", "no key"),
        ("install", "/nowhere", "--trust", "KEY.pub", "--state", "STATE"),
        ("keygen", "/nowhere/rules.key"),
    ],
)
def test_a_usage_error_writes_nothing_and_names_what_is_wrong(
    house: Path, key: Path, tmp_path: Path, capsys: Out, arguments: tuple[str, ...]
) -> None:
    places = {"HOUSE": house, "KEY": key, "KEY.pub": f"{key}.pub", "OUT": tmp_path / "out.mjr", "STATE": tmp_path / "s"}
    capsys.readouterr()
    assert mijian(arguments[0], *(places.get(one, one) for one in arguments[1:])) == 2
    assert capsys.readouterr().err.strip()
    assert not (tmp_path / "out.mjr").exists()
