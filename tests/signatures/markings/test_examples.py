"""The developers' set of labelled examples: 125 markings, 116 temptations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from signatures.markings import Grammar
from signatures.passages import Passage, Zone

pytestmark = pytest.mark.shared
ZONES = {"watermark_vertical": "watermark", "cover_vertical": "cover", "table_row": "table_field"}


@pytest.fixture(scope="module")
def examples(shared: Path) -> list[dict[str, Any]]:
    lines = (shared / "marking-examples.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def zone_of(example: dict[str, Any]) -> Zone:
    return Zone(ZONES.get(example["zone"], example["zone"]))


def test_every_labelled_marking_is_read_exactly(wide_grammar: Grammar, examples: list[dict[str, Any]]) -> None:
    wrong = []
    for example in examples:
        wanted = example["expect"]
        if wanted["marking"]:
            found = wide_grammar.find([Passage(zone_of(example), example["text"])])
            read = [(f.family, f.level, f.period, set(f.codes)) for f in found]
            if read != [(wanted["family"], wanted["level"], wanted["period"], set(wanted["errors"]))]:
                wrong.append((example["id"], read))
    assert wrong == []


def test_no_temptation_is_even_weakly_taken_for_a_marking(
    wide_grammar: Grammar, examples: list[dict[str, Any]]
) -> None:
    wrong = []
    for example in examples:
        if not example["expect"]["marking"]:
            zones = {zone_of(example), Zone.BODY, Zone.P1_TOP_LEFT} if "seed" in example else {zone_of(example)}
            for zone in zones:
                found = wide_grammar.find([Passage(zone, example["text"])], least=25)
                wrong += [(example["id"], zone, f.rule, f.confidence) for f in found]
    assert wrong == []
