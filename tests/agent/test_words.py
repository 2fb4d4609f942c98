from __future__ import annotations

from pathlib import Path

import pytest

from agent import words


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment as a service gets it: without a language."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("LANG=zh_CN.UTF-8\n", "zh"),
        ('# by the installer\nLANG="zh_CN.UTF-8"\n', "zh"),
        ("LANG=en_GB.UTF-8\n", "en"),
        ("LC_TIME=zh_CN\n", None),
    ],
)
def test_a_service_speaks_the_language_of_the_system(tmp_path: Path, said: str, expected: str | None) -> None:
    (tmp_path / "locale").write_text(said)
    assert words.of_system([tmp_path / "none", tmp_path / "locale"]) == expected


def test_the_environment_is_asked_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "locale").write_text("LANG=zh_CN.UTF-8\n")
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    assert words.of_system([tmp_path / "locale"]) is None
