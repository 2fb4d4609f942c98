"""A sealed path is opened for the right role, for a reason, and never without a row in the audit log."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from protocol import keys, places
from protocol.places import SealedPlace
from server.accounts.models import Role, User
from server.audit.models import Entry
from server.keys import collector_keys
from server.ledger.models import Computer
from server.violations.models import Group
from server.violations.reveal import RevealError, reveal

Person = Callable[..., User]


PLACE = SealedPlace("/media/u/归档.zip", "内层.zip!合同.docx")


def sealed(place: SealedPlace) -> str:
    return places.seal(place, keys.public_bytes(collector_keys().reveal))


@pytest.fixture
def group(computer: Computer) -> Group:
    """A violation whose file lies in a container on a medium."""
    now = timezone.now()
    return Group.objects.create(
        fingerprint="34" * 32,
        control="MEDIA-05",
        severity="critical",
        severity_rank=0,
        computer=computer,
        state_at=now,
        first_seen_at=now,
        opened_at=now,
        last_seen_at=now,
        updated_at=now,
        sealed_place=sealed(PLACE),
    )


@pytest.mark.parametrize("role", [Role.OFFICER, Role.ADMIN])
def test_the_right_role_sees_the_path_and_the_log_says_who_and_why(group: Group, person: Person, role: Role) -> None:
    user = person(role)
    assert reveal(group, by=user, reason="现场核查") == PLACE
    entry = Entry.objects.get()
    assert (entry.action, entry.actor, entry.object_id) == ("place.reveal", user, str(group.pk))
    assert entry.detail == {"reason": "现场核查"}
    assert "合同" not in json.dumps(entry.detail, ensure_ascii=False)


@pytest.mark.parametrize("role", [Role.IT, Role.VIEWER])
def test_other_roles_see_nothing_and_their_try_is_logged(group: Group, person: Person, role: Role) -> None:
    with pytest.raises(PermissionDenied):
        reveal(group, by=person(role), reason="好奇")
    assert Entry.objects.get().action == "place.reveal-denied"


def test_without_a_reason_nothing_is_shown_or_logged_as_shown(group: Group, person: Person) -> None:
    with pytest.raises(RevealError) as error:
        reveal(group, by=person(Role.OFFICER), reason="   ")
    assert error.value.reason == "reason-required"
    assert not Entry.objects.exists()


def test_a_violation_without_a_file_has_no_place(group: Group, person: Person) -> None:
    Group.objects.update(sealed_place="")
    with pytest.raises(RevealError) as error:
        reveal(group, by=person(Role.OFFICER), reason="核查")
    assert error.value.reason == "no-place"


@pytest.mark.parametrize("broken", ["not base64!", keys.b64(b"x" * 80)])
def test_a_place_that_cannot_be_opened_says_so(group: Group, person: Person, broken: str) -> None:
    Group.objects.update(sealed_place=broken)
    with pytest.raises(RevealError) as error:
        reveal(group, by=person(Role.OFFICER), reason="核查")
    assert error.value.reason == "cannot-open"
