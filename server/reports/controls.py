"""What controls are called in reports: the title of one that is judged by, else the sentence of the register."""

from __future__ import annotations

from functools import cache

from django.utils.translation import get_language

from signatures.controls import Control, load_controls
from signatures.register import register


def title(control: str) -> str:
    """The name of a control in the language of the report; its id where nobody knows it."""
    language = get_language() or "zh"
    if known := _controls().get(control):
        return known.title.pick(language)
    if entry := register().get(control):
        return entry.rule.en if language == "en" else entry.rule.zh
    return control


def clause(control: str) -> str:
    """Where the control comes from."""
    entry = register().get(control)
    return entry.rule.clause if entry else ""


def remedy(control: str) -> str:
    """How to put right what breaks it; empty where no rule of ours says."""
    known = _controls().get(control)
    return known.remedy.pick(get_language() or "zh") if known else ""


def regime(control: str) -> str:
    """The regime the control belongs to; empty for an unknown one."""
    entry = register().get(control)
    return entry.regime.pick(get_language() or "zh") if entry else ""


@cache
def _controls() -> dict[str, Control]:
    return load_controls()
