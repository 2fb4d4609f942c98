"""The table of labels: what a person may write in it, and what is told of a mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from signatures.labels import LabelMeaning, folded, is_id, read_labels
from signatures.strict_yaml import FileMistake

ID = "4b1c8a52-0f2e-4a0c-9d3b-7e5f6a1b2c3d"


def test_a_table_is_a_list_of_labels_with_what_each_means(tmp_path: Path) -> None:
    file = tmp_path / "labels.yaml"
    file.write_text(f"- {{label: '{{{ID}}}', family: state, level: 机密}}\n- {{label: General}}\n")
    assert read_labels(file) == (
        LabelMeaning(label=f"{{{ID}}}", family="state", level="机密"),
        LabelMeaning(label="General"),
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("- {label: ' '}", "label is empty"),
        ("- {label: C3, family: notation}", "no family of markings"),
        ("- {label: C3, family: atlantis}", "no family of markings"),
        ("- {label: C3, level: 机密}", "has a level and no family"),
        ("- {label: C3, colour: red}", "colour"),
        ("- {label: C3, family: state}\n- {label: c3}", "stands twice"),
    ],
)
def test_a_mistake_is_told_with_what_is_wrong(tmp_path: Path, line: str, told: str) -> None:
    file = tmp_path / "labels.yaml"
    file.write_text(line)
    with pytest.raises(FileMistake, match=told):
        read_labels(file)


def test_case_braces_and_blanks_of_a_label_do_not_matter() -> None:
    assert folded(f" {{{ID.upper()}}} ") == ID
    assert folded("Strictly  Confidential ") == "strictly confidential"
    assert is_id(f"{{{ID}}}")
    assert not is_id("Confidential")
