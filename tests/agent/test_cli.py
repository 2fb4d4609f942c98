"""The command line as a whole: languages, help, mistakes, and starting fast."""

from __future__ import annotations

import subprocess
import sys

import pytest

from agent import words
from agent.cli import COMMANDS, build_parser, main


@pytest.fixture(autouse=True)
def _no_language(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


def test_every_command_of_the_contract_is_there() -> None:
    assert {"scan", "check", "run", "enroll", "status", "media", "export", "import", "rules"} == set(COMMANDS)
    told = build_parser().format_help()
    for command in COMMANDS:
        assert command in told


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "用法:"),
        ({"LANG": "en_US.UTF-8"}, "usage:"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "usage:"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "zh_CN.GB18030"}, "用法:"),
        ({}, "usage:"),
    ],
)
def test_help_comes_in_the_language_of_the_locale(
    environment: dict[str, str],
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as left:
        main(["scan", "--help"])
    assert left.value.code == 0
    assert capsys.readouterr().out.startswith(expected)


@pytest.mark.parametrize("arguments", [["--lang", "zh", "scan"], ["scan", "--lang", "zh"], ["scan", "--lang=zh"]])
def test_the_language_may_be_asked_for_anywhere(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    assert "缺少参数: PATH" in capsys.readouterr().err


def test_a_misspelt_command_is_refused_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["scna", "x"])
    assert left.value.code == 2
    assert "'scan'" in capsys.readouterr().err


def test_no_command_shows_the_help_and_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "scan" in capsys.readouterr().err


def test_the_version_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("mijian 0.")


def test_help_for_a_scan_loads_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from agent.cli import main\n"
        "try: main(['scan', '--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'yaml', 'rich', 'requests', 'lxml', 'hyperscan', 'sqlite3', 'psutil'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True).stdout
    assert told.splitlines()[-1] == "[]"


def test_escape_sequences_in_a_name_do_not_reach_the_terminal() -> None:
    assert words.printable("a\x1b[31mb\u202ec\udcff.txt") == "a\\x1b[31mb\\u202ec\\xff.txt"
    assert words.printable("报告 2024.docx") == "报告 2024.docx"


def test_sizes_are_told_for_people() -> None:
    assert [words.size(n) for n in (0, 999, 1500, 2 * 10**9, 3 * 10**12)] == [
        "0 B",
        "999 B",
        "1.5 kB",
        "2.0 GB",
        "3.0 TB",
    ]


@pytest.mark.parametrize("arguments", [["rules", "list"], ["rules", "test"]])
def test_the_rules_we_ship_are_listed_and_pass_their_own_examples(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 0
    assert "cn-state" in (told := capsys.readouterr().out) or "0 failures" in told


def test_a_rule_that_belies_its_examples_is_told(tmp_path: object, capsys: pytest.CaptureFixture[str]) -> None:
    from pathlib import Path

    from signatures.rules import PACKS

    folder = Path(str(tmp_path))
    pack = (PACKS / "cn-state.yaml").read_text("utf-8")
    (folder / "cn-state.yaml").write_text(
        pack.replace("level: 机密, period: P10Y", "level: 机密, period: P11Y"), "utf-8"
    )
    assert main(["rules", "test", "--rules", str(folder)]) == 1
    assert "should match" in capsys.readouterr().out


def test_a_mistake_in_a_rules_file_names_file_line_and_nearest_key(
    tmp_path: object, capsys: pytest.CaptureFixture[str]
) -> None:
    from pathlib import Path

    (Path(str(tmp_path)) / "mine.yaml").write_text("pack: mine\ntitel: {zh: x, en: x}\nrules: []\n", "utf-8")
    assert main(["rules", "list", "--rules", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert "mine.yaml:2" in told
    assert "'titel'" in told
    assert "did you mean 'title'?" in told
