from __future__ import annotations

from pathlib import Path

import pytest

from agent import settings
from signatures.strict_yaml import FileMistake

EXAMPLE = Path(__file__).resolve().parents[2] / "deploy" / "mijian.yaml"


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mijian.yaml"
    path.write_text(text, "utf-8")
    return path


def test_the_example_we_ship_holds_every_key_with_its_default() -> None:
    assert settings.load(EXAMPLE) == settings.Settings()
    text = EXAMPLE.read_text("utf-8")
    for section in settings.Settings.__struct_fields__:
        assert f"\n{section}:" in text
        for key in getattr(getattr(settings.Settings(), section), "__struct_fields__", ()):
            assert f"\n  {key}:" in text


def test_an_unknown_key_names_key_file_line_and_the_nearest(tmp_path: Path) -> None:
    path = write(tmp_path, "language: zh\nmedia:\n  declard: []\n")
    with pytest.raises(FileMistake, match=r"mijian\.yaml:3: unknown key 'media\.declard'; did you mean 'declared'"):
        settings.load(path)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("state_dir: here\n", 1),
        ("language: zh\nmedia: {declared: [stick]}\n", 2),
        ("uplink:\n  first_retry_seconds: 0\n", 2),
        ("isolation:\n  allowed_networks: [10.0.0.0/40]\n", 2),
        ("scan: {workers: many}\n", 1),
        ("language: fr\n", 1),
    ],
)
def test_a_value_that_cannot_be_is_told_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(FileMistake) as mistake:
        settings.load(write(tmp_path, text))
    assert mistake.value.line == line


def test_the_file_is_named_by_option_or_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, "language: en\n")
    assert settings.load(path).language == "en"
    monkeypatch.setenv(settings.ENVIRONMENT, str(path))
    assert settings.load().language == "en"
    monkeypatch.setenv(settings.ENVIRONMENT, str(tmp_path / "missing.yaml"))
    with pytest.raises(FileNotFoundError):
        settings.load()


def test_the_state_folder_can_be_given_apart(tmp_path: Path) -> None:
    path = write(tmp_path, "state_dir: /var/lib/other\n")
    assert settings.load(path).state == Path("/var/lib/other")
    assert settings.load(path, state=tmp_path / "s").state == tmp_path / "s"
