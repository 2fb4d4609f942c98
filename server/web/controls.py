"""The controls in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from django.utils.translation import get_language

from signatures.controls import Control, load_controls
from signatures.register import register


@dataclass(frozen=True)
class ControlText:
    """One control as a page shows it. Everything but the id is empty for a control this collector does not know."""

    id: str
    title: str = ""
    rule: str = ""
    clause: str = ""
    remedy: str = ""


def control(control_id: str) -> ControlText:
    """The texts of a control, in the language of the page."""
    known = _controls().get(control_id)
    language = get_language() or "zh"
    if known is None:
        entry = register().get(control_id)
        if entry is None:
            return ControlText(control_id)
        rule = entry.rule
        return ControlText(control_id, entry.regime.pick(language), rule.text.pick(language), rule.clause)
    return ControlText(
        id=known.id,
        title=known.title.pick(language),
        rule=known.rule.pick(language),
        clause=known.clause,
        remedy=known.remedy.pick(language),
    )


def controls_matching(text: str) -> list[str]:
    """Ids of the controls whose title holds this text, in either language."""
    text = text.casefold()
    return [
        known.id
        for known in _controls().values()
        if text in known.title.zh.casefold() or text in known.title.en.casefold()
    ]


@cache
def _controls() -> dict[str, Control]:
    return load_controls()
