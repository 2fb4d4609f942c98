"""Every check there is, in the order in which they run: a new family is one module and its name here."""

from __future__ import annotations

from functools import cache

from agent.checks import (
    accounts,
    antivirus,
    backup,
    clients,
    clock,
    desktops,
    devices,
    encryption,
    firewall,
    integrity,
    isolation,
    isolation_probe,
    isolation_radio,
    logins,
    logs,
    markings,
    media_elsewhere,
    naming,
    printers,
    readiness,
    registration,
    remote,
    residual,
    residues,
    shares,
    software,
    traces,
    traces_usb,
    updates,
)
from agent.checks.base import Check

FAMILIES = (
    registration,
    isolation,
    isolation_probe,
    isolation_radio,
    traces,
    traces_usb,
    markings,
    devices,
    accounts,
    logins,
    desktops,
    antivirus,
    updates,
    firewall,
    shares,
    remote,
    clients,
    printers,
    encryption,
    media_elsewhere,
    naming,
    residues,
    software,
    backup,
    logs,
    clock,
    integrity,
    residual,
    readiness,  # last: it sums up the others
)


@cache
def checks() -> dict[str, Check]:
    """Every check by its name. Raises `ValueError` where two have the same."""
    found: dict[str, Check] = {}
    for family in FAMILIES:
        for check in family.CHECKS:
            if check.name in found:
                raise ValueError(f"two checks are called {check.name}")
            found[check.name] = check
    return found
