from __future__ import annotations

from collections.abc import Callable

import pytest

from protocol.records import Finding

Find = Callable[..., tuple[Finding, ...]]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("秘密★10年", ()),
        ("秘密★11年", ("PERIOD_TOO_LONG",)),
        ("机密★20年", ()),
        ("机密★240个月", ("PERIOD_UNIT",)),
        ("机密★241个月", ("PERIOD_TOO_LONG", "PERIOD_UNIT")),
        ("绝密★30年", ()),
        ("绝密★31年", ("PERIOD_TOO_LONG",)),
        ("秘密★11个月", ()),
        ("秘密★12个月", ("PERIOD_UNIT",)),
        ("秘密★1年", ()),
        ("机密★0年", ("PERIOD_ZERO",)),
        ("机密★启用前", ()),
        ("秘密★2027年6月", ()),
        ("秘密★", ("PERIOD_MISSING",)),
        ("绝密★长期", ("LONG_TERM_BASIS",)),
        ("绝密★永久", ("PERIOD_FOREVER",)),
        ("机密 5年", ("STAR_MISSING",)),
        ("机密", ("STAR_MISSING", "PERIOD_MISSING")),
        ("机密⭐5年", ("STAR_VARIANT",)),
        ("★机密5年", ("ORDER",)),
        ("機密★五年", ("CN_NUMERAL", "TRAD_CHAR")),
        ("机 密★５年", ("DIGIT_WIDTH", "SPACING")),
        ("机蜜★5年", ("OCR_FIX",)),
        ("机\n密\n★\n5\n年", ("VERTICAL",)),
        ("工作秘密★3年", ("STAR_IN_NON_STATE",)),
        ("普通商密▲3年", ()),
        ("普 通 商 密▲3年", ("SPACING",)),
        ("TLP: RED", ("TLP_FORMAT",)),
        ("TLP :RED", ("TLP_FORMAT",)),
        ("绝秘★10年", ("LEVEL_UNKNOWN",)),
        ("隐秘级（5年）", ("LEVEL_UNKNOWN",)),
        ("密级：一般★5年", ("LEVEL_UNKNOWN",)),
    ],
)
def test_the_codes_say_what_is_wrong_with_a_marking_and_nothing_else(
    find: Find, text: str, codes: tuple[str, ...]
) -> None:
    (found,) = find(text)
    assert found.codes == codes
