"""Every word that the grammar speaks has a wording in Chinese and in English."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from signatures import markings
from signatures.markings.codes import ORDER
from signatures.passages import Zone
from signatures.plain_words import BANDS, CODES, FAMILIES, FORMS, REASONS, ZONES, Texts, band, reason, told
from signatures.rules import Production, Unit, read_packs

HAN = re.compile("[一-龥]")


def given_in_the_grammar() -> Iterator[str]:
    """The reason of every ``candidate.add(reason, points)`` in the grammar's source; ``{}`` where a word is put in."""
    for file in sorted(Path(markings.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "add"
                and len(node.args) == 2
            ):
                yield _template(node.args[0], file)


def _template(node: ast.expr, file: Path) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)  # type: ignore[misc]
    raise AssertionError(f"{file.name}:{node.lineno}: a reason is written out where it is given")


def test_every_reason_of_the_grammar_has_both_languages() -> None:
    reasons = set(given_in_the_grammar())
    made_of_two = {one for one in reasons if "{}" in one}
    assert made_of_two == {"form {}", "zone {}", "neighbour: {}", "block around the mark: {}"}
    assert reasons - made_of_two == REASONS.keys()


@pytest.mark.parametrize(
    "word",
    [f"zone {zone}" for zone in Zone]
    + [f"form {form}" for form in (*Production, *Unit)]
    + [f"{start}: {cue}" for start in ("neighbour", "block around the mark") for cue in ("copy number", "urgency")]
    + [f"neighbour: {cue}" for cue in ("red head", "document number")],
)
def test_a_reason_made_of_two_words_has_both_languages(word: str) -> None:
    assert HAN.search(reason(word, "zh"))
    assert not HAN.search(reason(word, "en"))
    assert reason(word, "en") != word


def test_every_code_of_the_validator_is_a_sentence_in_both_languages() -> None:
    assert set(ORDER) == CODES.keys()
    for zh, en in CODES.values():
        assert zh.endswith("。") and HAN.search(zh)
        assert en.endswith(".")


def test_every_zone_form_and_family_has_a_name() -> None:
    assert set(Zone) == ZONES.keys()
    assert {*Production, *Unit} == FORMS.keys()
    assert {rule.family for pack in read_packs() for rule in pack.rules} <= FAMILIES.keys()


@pytest.mark.parametrize("table", [FAMILIES, ZONES, FORMS, BANDS, REASONS])
def test_the_two_wordings_are_in_their_languages(table: Texts) -> None:
    for word, (zh, en) in table.items():
        assert HAN.search(zh), word
        assert en and not HAN.search(en), word


@pytest.mark.parametrize(
    ("confidence", "name"),
    [
        (100, "alert"),
        (70, "alert"),
        (69, "review"),
        (45, "review"),
        (44, "weak"),
        (25, "weak"),
        (24, "nothing"),
        (0, "nothing"),
    ],
)
def test_the_bands_are_those_of_the_grammar(confidence: int, name: str) -> None:
    assert band(confidence) == name
    assert name in BANDS


def test_a_word_of_a_newer_version_is_shown_as_it_is() -> None:
    assert told(CODES, "NEW_CODE", "zh") == "NEW_CODE"
    assert reason("something new", "en") == "something new"
    assert reason("zone nowhere", "zh") == "zone nowhere"
