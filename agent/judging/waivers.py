"""Waivers: an approved exception turns a violation into "approved until", and ends by itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from protocol.policy import Waiver
from protocol.records import FileEvidence, ViolationSeen


def marked(seen: ViolationSeen, waivers: Iterable[Waiver], now: datetime) -> ViolationSeen:
    """The sighting, with the id of the waiver that covers it, if one does. Of several, the one that lasts longest."""
    fits = [waiver for waiver in waivers if covers(waiver, seen, now)]
    if not fits:
        return seen
    return msgspec.structs.replace(seen, waiver=max(fits, key=lambda waiver: waiver.expires).id)


def covers(waiver: Waiver, seen: ViolationSeen, now: datetime) -> bool:
    """Whether a waiver is in force and every key it gives fits."""
    if waiver.control != seen.control or waiver.expires <= now:
        return False
    if waiver.medium and (seen.medium is None or seen.medium.key != waiver.medium):
        return False
    if not waiver.path_hash and not waiver.content_hash:
        return True
    file = seen.evidence
    return (
        isinstance(file, FileEvidence)
        and waiver.path_hash in ("", file.path_hash)
        and waiver.content_hash in ("", file.content_hash)
    )


def next_end(waivers: Iterable[Waiver], after: datetime) -> datetime | None:
    """When the next waiver ends; None where none is in force."""
    return min((waiver.expires for waiver in waivers if waiver.expires > after), default=None)
