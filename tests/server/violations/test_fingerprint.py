"""What makes two sightings the same violation."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from protocol.records import ViolationSeen
from server.violations.fingerprint import fingerprint, inputs

Seen = Callable[..., ViolationSeen]


def test_time_path_session_and_record_do_not_matter(file_seen: Seen) -> None:
    assert fingerprint(file_seen(path="/a"), "pc-1") == fingerprint(file_seen(path="/b", session="x"), "pc-1")


def test_on_a_medium_the_computer_does_not_matter(file_seen: Seen) -> None:
    assert fingerprint(file_seen(), "pc-1") == fingerprint(file_seen(), "pc-2")


def test_on_a_fixed_disk_the_computer_matters(file_seen: Seen) -> None:
    assert fingerprint(file_seen(medium=None), "pc-1") != fingerprint(file_seen(medium=None), "pc-2")


def test_content_control_and_medium_matter(file_seen: Seen) -> None:
    seen = file_seen()
    assert seen.medium is not None
    others = (
        file_seen("other content"),
        file_seen(control="MEDIA-12"),
        file_seen(medium=msgspec.structs.replace(seen.medium, key="00" * 32)),
        file_seen(medium=None),
    )
    assert fingerprint(seen, "pc-1") not in {fingerprint(other, "pc-1") for other in others}


def test_the_inputs_can_be_shown(file_seen: Seen, network_seen: Seen) -> None:
    seen = file_seen()
    assert inputs(seen, "pc-1") == ("MEDIA-05", f"medium:{'5a' * 32}", seen.evidence.content_hash)
    assert inputs(network_seen("default-route:eth0"), "pc-1") == ("NET-03", "computer:pc-1", "network")
