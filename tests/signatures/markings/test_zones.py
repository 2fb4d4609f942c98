from __future__ import annotations

import pytest

from signatures.markings.zones import BONUS, FRONT, GROUPS, NAMES, side_of, zones_of
from signatures.passages import Zone


def test_a_rule_names_its_zones_singly_or_by_group() -> None:
    assert zones_of(["header", "body"]) == {Zone.HEADER, Zone.BODY, Zone.PARA_LEAD}
    assert zones_of(["front", "filename"]) == FRONT | {Zone.FILENAME}
    assert zones_of([]) == frozenset()


def test_a_name_that_is_neither_is_told() -> None:
    with pytest.raises(KeyError, match="headr"):
        zones_of(["header", "headr"])


def test_every_zone_has_its_worth_and_belongs_to_a_group() -> None:
    assert set(BONUS) == set(Zone)
    assert zones_of(["marking", "names", "body"]) == set(Zone)
    assert all(group <= set(Zone) for group in GROUPS.values())


def test_page_name_and_property_are_three_independent_sources() -> None:
    assert {side_of(zone) for zone in NAMES} == {"name"}
    assert side_of(Zone.DOC_PROPERTY) == "property"
    assert side_of(Zone.HEADER) == side_of(Zone.BODY) == "page"


@pytest.mark.parametrize(
    ("points", "zones"),
    [
        (30, "watermark stamp"),
        (25, "p1_top_left cover sheet_header slide_footer slide_master table_field doc_property"),
        (20, "header footer sheet_tab filename path archive_member subject"),
        (15, "cell title caption para_lead"),
        (5, "p1_block"),
        (0, "note_end body"),
    ],
)
def test_a_zone_is_worth_what_the_grammar_gives_it(points: int, zones: str) -> None:
    assert {str(zone) for zone, worth in BONUS.items() if worth == points} == set(zones.split())
