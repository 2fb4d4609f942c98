"""Silence on real text: nothing without a star is ever a confirmed candidate."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from signatures.characters import STARS
from signatures.markings import Grammar
from signatures.passages import Passage, Zone

pytestmark = pytest.mark.shared

_STARS = re.compile("[" + "".join(STARS) + "*＊]")
_TEXTS = ("*.txt", "*.md", "*.csv", "*.html", "*.htm", "*.eml", "*.json", "*.xml", "*.tsv")


def decoded(file: Path) -> str:
    data = file.read_bytes()
    for encoding in ("utf-8-sig", "gb18030", "utf-16"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("utf-8", "replace")


def unmarked_texts(shared: Path) -> Iterator[tuple[str, str]]:
    """Name and text, without stars, of everything that is known to carry no mark."""
    labels = [json.loads(line) for line in (shared / "corpus/labelled/labels.jsonl").read_text("utf-8").splitlines()]
    marked = {label["outer"] for label in labels if label["marked"] or label["ambiguous"]}
    for folder, marks in (("labelled", marked), ("real", set())):
        root = shared / "corpus" / folder
        for pattern in _TEXTS:
            for file in sorted(root.rglob(pattern)):
                name = file.relative_to(root).as_posix()
                if file.is_file() and name not in marks and file.stat().st_size < 2_000_000:
                    yield f"{folder}/{name}", _STARS.sub(" ", decoded(file))
    for number, line in enumerate((shared / "marking-examples.jsonl").read_text("utf-8").splitlines()):
        example = json.loads(line)
        if not example["expect"]["marking"]:
            yield f"example {number}", _STARS.sub(" ", example["text"])


def test_real_text_without_stars_never_yields_a_confirmed_candidate(grammar: Grammar, shared: Path) -> None:
    texts = list(unmarked_texts(shared))
    assert sum(len(text) for _, text in texts) > 150_000
    wrong = []
    for name, text in texts:
        for finding in grammar.find([Passage(Zone.BODY, text)], least=70):
            wrong.append((name, finding.rule, finding.marking))
    assert wrong == []


def test_lines_about_secrecy_are_no_candidates_even_at_the_top_of_a_page(grammar: Grammar, shared: Path) -> None:
    wrong = []
    for name, text in unmarked_texts(shared):
        for line in {line for line in text.splitlines() if re.search("[绝机秘]密|内部", line)}:
            for finding in grammar.find([Passage(Zone.P1_TOP_LEFT, line)], least=70):
                wrong.append((name, finding.rule, finding.marking))
    assert wrong == []
