"""A mistake in a file that a person wrote is told with file, line, key and the nearest known key."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from signatures import strict_yaml


class Inner(msgspec.Struct, frozen=True):
    workers: int = 2
    names: list[str] = []


class Outer(msgspec.Struct, frozen=True):
    inner: Inner
    several: list[Inner] = []
    maybe: Inner | None = None


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("inner:\n  wrokers: 3\n", 2, "unknown key 'inner.wrokers'; did you mean 'workers'?"),
        ("inner: {}\nsurprise: 1\n", 2, "unknown key 'surprise'; known here: inner, maybe, several"),
        ("inner: {}\nseveral:\n- workers: 1\n- {}\n- worker: 1\n", 5, "several[2].worker'; did you mean 'workers'?"),
        ("inner: {}\nmaybe:\n  nmaes: []\n", 3, "did you mean 'names'?"),
        ("inner:\n  workers: many\n", 2, "Expected `int`, got `str`"),
        ("inner: {}\nseveral:\n- names: [a]\n- names:\n  - 1\n", 4, "Expected `str`, got `int`"),
        ("several: []\n", 1, "missing required field `inner`"),
        ("inner: {}\ninner: {}\n", 2, "stands twice"),
        ("inner: {}\n5: {}\n", 2, "keys are words"),
        ("inner: [\n", 2, "not readable as YAML"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_was_meant(text: str, line: int, words: str) -> None:
    with pytest.raises(strict_yaml.FileMistake) as told:
        strict_yaml.parse(text.encode(), Outer, "settings.yaml")
    assert str(told.value).startswith(f"settings.yaml:{line}: ")
    assert words in str(told.value)


def test_a_right_file_becomes_its_struct(tmp_path: Path) -> None:
    file = tmp_path / "right.yaml"
    file.write_bytes(b"\xef\xbb\xbfinner: {workers: 4, names: [a, b]}\n")
    assert strict_yaml.read(file, Outer) == Outer(inner=Inner(workers=4, names=["a", "b"]))


def test_a_file_that_is_not_utf_8_is_told_as_such() -> None:
    with pytest.raises(strict_yaml.FileMistake, match=r"f\.yaml:2: the file is not UTF-8"):
        strict_yaml.parse("inner: {}\n# 机密\n".encode("gb18030"), Outer, "f.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "- " * 100_000,
        "inner: " + "[" * 900 + "]" * 900,
        "inner: &a {names: [*a]}",
        "\n".join(["a: &a0 [x, x]", *(f"b{n}: &a{n + 1} [*a{n}, *a{n}, *a{n}]" for n in range(40))]),
    ],
    ids=["deep flow", "deep block", "deep and closed", "within itself", "unfolds without end"],
)
def test_what_is_nested_or_repeated_without_end_is_refused_before_it_is_read(text: str) -> None:
    with pytest.raises(strict_yaml.FileMistake, match=r"f\.yaml:\d+: nested too deeply, or repeated too often"):
        strict_yaml.parse(text.encode(), Outer, "f.yaml")


def test_an_alias_may_stand_for_what_was_written_once() -> None:
    parsed = strict_yaml.parse(b"inner: &i {names: [a]}\nseveral: [*i, *i]\n", Outer, "f.yaml")
    assert parsed.several == [Inner(names=["a"])] * 2


def test_yaml_cannot_make_python_objects() -> None:
    with pytest.raises(strict_yaml.FileMistake, match="not readable as YAML"):
        strict_yaml.parse(b"inner: !!python/object/apply:os.getcwd []\n", Outer, "f.yaml")
