"""The version of a format changes with its code, and only then."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.scanning import program, versions
from agent.scanning.formats import FORMATS


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Formats of their own: pdf imports layout, layout imports base; text stands alone."""
    for name, text in {
        "base": "",
        "layout": "from agent.scanning.formats.base import Source\n",
        "pdf": "from agent.scanning.formats import layout\n",
        "text": "import re\n",
    }.items():
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.setattr(versions, "_FOLDER", tmp_path)
    monkeypatch.setattr(program, "HOUSE", tmp_path)
    forget()
    return tmp_path


def forget() -> None:
    for cached in (versions._made_by, versions._version, versions.parts_of, versions._imported):
        cached.cache_clear()


def changed(house: Path, module: str) -> set[str]:
    """Which formats have another version after a change to one module."""
    before = {name: versions.version(name) for name in ("pdf", "text")}
    with (house / f"{module}.py").open("a") as file:
        file.write("# changed\n")
    forget()
    after = {name: versions.version(name) for name in ("pdf", "text")}
    forget()
    return {name for name in before if before[name] != after[name]}


@pytest.mark.parametrize(
    ("module", "formats"), [("pdf", {"pdf"}), ("layout", {"pdf"}), ("base", {"pdf"}), ("text", {"text"})]
)
def test_a_change_is_seen_by_the_formats_that_import_it(house: Path, module: str, formats: set[str]) -> None:
    assert changed(house, module) == formats


def test_every_format_has_a_version_of_its_own() -> None:
    forget()
    names = sorted(set(FORMATS.values()))
    assert len({versions.version(name) for name in names}) == len(names)
    assert "pdfium" in versions._imported("pdf") | versions._imported("pdf_layout")


def test_what_made_several_verdicts_does_not_depend_on_their_order() -> None:
    assert versions.made_by(["text/plain", "application/pdf"]) == versions.made_by(["application/pdf", "text/plain"])
    assert versions.made_by(["text/plain"]) != versions.made_by(["application/pdf"])
