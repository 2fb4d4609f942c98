from __future__ import annotations

import pytest

from signatures.markings.ranks import STATE_SCALE, place_of


@pytest.mark.parametrize(
    ("family", "levels"),
    [
        ("state", ["秘密", "机密", "绝密"]),
        ("level_only", ["秘密", "机密", "绝密"]),
        ("commercial", ["普通商密", "核心商密"]),
        ("commercial", ["公司秘密", "公司机密", "公司绝密"]),
        ("us", ["FOUO", "CUI", "CONFIDENTIAL", "SECRET", "TOP SECRET"]),
        ("uk", ["OFFICIAL", "OFFICIAL-SENSITIVE", "RESTRICTED", "CONFIDENTIAL", "SECRET", "TOP SECRET"]),
        ("eu", ["EU RESTRICTED", "EU CONFIDENTIAL", "EU SECRET", "EU TOP SECRET"]),
        ("nato", ["NATO RESTRICTED", "NATO CONFIDENTIAL", "NATO SECRET", "COSMIC TOP SECRET"]),
        ("tlp", ["GREEN", "AMBER", "AMBER+STRICT", "RED"]),
    ],
)
def test_the_levels_of_a_scheme_stand_in_their_order(family: str, levels: list[str]) -> None:
    places = [place_of(family, level) for level in levels]
    assert len({scale for scale, _ in places}) == 1
    ranks = [rank for _, rank in places]
    assert ranks == sorted(set(ranks))
    assert ranks[0] > 0


def test_levels_of_two_schemes_are_on_two_scales() -> None:
    assert place_of("commercial", "核心商密")[0] != place_of("commercial", "公司机密")[0]
    assert place_of("us", "SECRET")[0] != place_of("uk", "SECRET")[0]


def test_a_lone_level_word_is_on_the_scale_of_state_secrets() -> None:
    assert place_of("level_only", "机密") == place_of("state", "机密") == (STATE_SCALE, 2)


def test_a_level_without_a_scale_ranks_nowhere() -> None:
    for family, level in (("internal", "内部"), ("us", "CLASSIFIED_BLOCK"), ("state", None), ("work", "工作秘密")):
        assert place_of(family, level) == ("", 0)
