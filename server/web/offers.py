"""What can be done about a violation in its state: asked by lists and by its own page alike."""

from __future__ import annotations

from server.violations.models import Group, State
from server.violations.transitions import ASSIGNABLE, DISMISSABLE, REOPENABLE, can_be_scanned
from server.violations.waivers import ASKABLE


def offers(group: Group, may_triage: bool) -> dict[str, bool]:
    """Which acts are offered."""
    return {
        "may_assign": may_triage and group.state in ASSIGNABLE,
        "may_dismiss": may_triage and group.state in DISMISSABLE,
        "may_rectify": may_triage and group.state in (State.NEW, State.ASSIGNED),
        "may_close": may_triage
        and (group.state == State.VERIFIED or (group.state == State.RECTIFIED and not can_be_scanned(group))),
        "may_waive": may_triage and group.state in ASKABLE,
        "may_reopen": may_triage and group.state in REOPENABLE,
    }
