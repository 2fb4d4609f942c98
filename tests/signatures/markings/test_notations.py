from __future__ import annotations

from signatures.markings.notations import Notation, Notations
from signatures.passages import Zone


def declassified(index: int, line: int, zone: Zone = Zone.BODY) -> Notation:
    return Notation(index, line, zone, "declassified", strong=False)


def denied(zone: Zone, level: str = "public", *, strong: bool = True) -> Notation:
    return Notation(0, 0, zone, level, strong)


def test_declassified_holds_for_marks_within_two_lines_of_the_same_passage() -> None:
    notations = Notations([declassified(3, 40), declassified(3, 10)])
    assert [line for line in range(60) if notations.declassify(3, line)] == [8, 9, 10, 11, 12, 38, 39, 40, 41, 42]
    assert not notations.declassify(2, 10)


def test_a_stamp_declassifies_the_whole_document() -> None:
    for zone in (Zone.STAMP, Zone.WATERMARK):
        assert Notations([declassified(3, 0, zone)]).declassify(99, 99)
    assert not Notations([declassified(3, 0, Zone.HEADER)]).declassify(99, 99)


def test_a_strong_notation_opposes_marks_of_its_zone_and_the_front_as_one() -> None:
    front = Notations([denied(Zone.P1_BLOCK)])
    assert front.oppose(Zone.P1_TOP_LEFT)
    assert front.oppose(Zone.P1_BLOCK)
    assert not front.oppose(Zone.HEADER)
    header = Notations([denied(Zone.HEADER)])
    assert header.oppose(Zone.HEADER)
    assert not header.oppose(Zone.P1_TOP_LEFT)


def test_a_weak_notation_opposes_nothing() -> None:
    notations = Notations([denied(Zone.HEADER, "on_request", strong=False)])
    assert not notations.oppose(Zone.HEADER)
    assert notations.strong == set()


def test_a_banner_says_unclassified_only_around_the_pages_or_at_the_front() -> None:
    assert Notations([denied(Zone.HEADER, "not_classified"), denied(Zone.BODY)]).unclassified_banner
    assert Notations([denied(Zone.COVER, "not_classified")]).unclassified_banner
    assert not Notations([denied(Zone.BODY, "not_classified")]).unclassified_banner
    assert not Notations([denied(Zone.HEADER, "public")]).unclassified_banner


def test_without_notations_nothing_is_opposed() -> None:
    assert not Notations().declassify(0, 0)
    assert not Notations().oppose(Zone.HEADER)
