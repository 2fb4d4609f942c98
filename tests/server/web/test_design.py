"""The design: legible, and nothing that the content security policy forbids."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from server import web

FOLDER = Path(web.__file__).parent
TOKENS = (FOLDER / "static/web/css/tokens.css").read_text(encoding="utf-8")
TEMPLATES = sorted(FOLDER.rglob("templates/**/*.html"))
SHEETS = sorted(FOLDER.rglob("static/**/*.css"))
SCRIPTS = sorted(FOLDER.rglob("static/**/*.js"))

TEXT_PAIRS = [
    *[(ink, ground) for ink in ("ink", "ink-soft", "ink-faint") for ground in ("paper", "surface", "surface-low")],
    *[(ink, "accent-soft") for ink in ("ink", "ink-soft", "ink-faint", "accent-strong")],
    *[(ink, "surface-hover") for ink in ("ink", "ink-soft", "ink-faint")],
    *[(name, f"{name}-soft") for name in ("critical", "high", "medium", "low", "info", "good", "regressed")],
    *[
        (name, ground)
        for name in ("critical", "high", "medium", "low", "info")
        for ground in ("surface", "accent-soft")
    ],
    *[("accent", ground) for ground in ("paper", "surface")],
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
]


def themes() -> dict[str, dict[str, str]]:
    light, dark = TOKENS.split("@media (prefers-color-scheme: dark)")
    return {
        name: dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6});", css))
        for name, css in (("light", light), ("dark", dark))
    }


def luminance(colour: str) -> float:
    """WCAG 2.1, relative luminance."""
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT_PAIRS)
def test_text_stands_out_from_its_ground(theme: str, ink: str, ground: str) -> None:
    colours = themes()[theme]
    assert contrast(colours[ink], colours[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_edges_of_controls_stand_out_from_their_ground(theme: str) -> None:
    colours = themes()[theme]
    for ground in ("paper", "surface"):
        assert contrast(colours["line-strong"], colours[ground]) >= 3
    assert contrast(colours["accent"], colours["surface"]) >= 3


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_carries_script_style_or_a_foreign_address(template: Path) -> None:
    source = template.read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)", source)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", source)
    assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", source)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_switches_the_escaping_off(template: Path) -> None:
    assert not re.search(r"\|\s*safe\b|autoescape\s+off|safeseq", template.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", [*SHEETS, *SCRIPTS], ids=lambda path: path.name)
def test_nothing_is_fetched_from_elsewhere(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert not re.search(r"https?://|@import|url\(\s*[\"']?(?:https?:)?//", source)


def test_every_colour_comes_from_the_tokens() -> None:
    wild = {
        sheet.name: re.findall(r"#[0-9a-fA-F]{3,8}\b", sheet.read_text(encoding="utf-8"))
        for sheet in SHEETS
        if sheet.name not in ("tokens.css", "print.css")
    }
    assert {name: colours for name, colours in wild.items() if colours} == {}


def test_every_class_of_a_template_has_its_style() -> None:
    styled = set(re.findall(r"\.([a-z][\w-]*)", " ".join(s.read_text(encoding="utf-8") for s in SHEETS)))
    used: set[str] = set()
    for template in TEMPLATES:
        source = re.sub(r"{%.*?%}|{{.*?}}", " \0 ", template.read_text(encoding="utf-8"))
        for value in re.findall(r'class="([^"]*)"', source):
            used |= {name for name in value.split() if "\0" not in name and not name.endswith("-")}
    assert used - styled <= {"small", "soft", "stack"}, used - styled
