"""``/rule-bundles``: signed bundles of rules, taken in, released and withdrawn."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status

from protocol import keys
from server.accounts.models import Right, User
from server.api.auth import ADMIN, READ, person_of, require
from server.api.bodies import FILE, body_of
from server.api.fields import LARGEST_KEY, Short, Span, one, part_of
from server.api.problems import Problem
from server.ledger.models import Computer
from server.rules import bundles
from server.rules.models import RuleBundle
from server.rules.standing import Standing, standings
from signatures.bundles.form import MAX_BUNDLE

router = Router(tags=["rules and policy"])
Key = Annotated[int, Field(ge=1, le=LARGEST_KEY)]
MOST_DEPARTMENTS = 1000


class ReleaseTold(Schema):
    """One release; of no departments it is one to all computers."""

    departments: list[int]
    released: datetime
    by: str | None
    note: str
    withdrawn: datetime | None


class BundleTold(Schema):
    """One bundle, to whom it is released, and how far the computers have come."""

    id: int
    version: int
    digest: str
    rules: str
    key: str
    trusted: bool
    created: datetime
    expires: datetime | None
    size: int
    packs: int
    rule_count: int
    taken: datetime
    releases: list[ReleaseTold]
    computers_due: int
    computers_done: int


class Bundles(Schema):
    """One part of the bundles."""

    bundles: list[BundleTold]
    next: str | None


class ReleaseWanted(Schema):
    """To whom a bundle is to be released: all computers, or those of departments and all below them."""

    everywhere: bool = False
    departments: list[Key] = Field([], max_length=MOST_DEPARTMENTS)
    note: Short = ""


class Note(Schema):
    """What the audit log is to say."""

    note: Short = ""


def _told(row: RuleBundle, standing: Standing) -> dict[str, Any]:
    return {
        "id": row.pk,
        "version": row.version,
        "digest": row.digest,
        "rules": row.rules,
        "key": keys.key_id(keys.unb64(row.key)),
        "trusted": bundles.is_trusted(row),
        "created": row.created_at,
        "expires": row.expires_at,
        "size": row.size,
        "packs": row.pack_count,
        "rule_count": row.rule_count,
        "taken": row.taken_at,
        "computers_due": standing.due,
        "computers_done": standing.done,
        "releases": [
            {
                "departments": [department.pk for department in given.departments.all()],
                "released": given.released_at,
                "by": None if given.released_by is None else given.released_by.username,
                "note": given.note,
                "withdrawn": given.ended_at,
            }
            for given in row.releases.all()
        ],
    }


def _rows() -> QuerySet[RuleBundle]:
    return RuleBundle.objects.defer("raw").prefetch_related("releases__departments", "releases__released_by")


def _one(pk: int) -> dict[str, Any]:
    row = one(_rows(), pk)
    agents = Computer.objects.filter(enrolled_at__isnull=False, revoked_at=None)
    return _told(row, standings(agents).get(row.version, Standing()))


def _reader(request: HttpRequest) -> User:
    """Whoever may look at bundles. Raises `Problem`."""
    user = person_of(request)
    if not any(user.may(right) for right in (Right.ADMINISTER, Right.AUDIT)):
        return require(request, Right.POLICY, whole_house=True)
    return require(request, Right.ADMINISTER if user.may(Right.ADMINISTER) else Right.AUDIT, whole_house=True)


@router.get("", response=Bundles, auth=READ, url_name="bundles")
def list_bundles(request: HttpRequest, wanted: Query[Span]) -> dict[str, object]:
    """The bundles that were taken in."""
    _reader(request)
    found, mark = part_of(_rows(), wanted)
    standing = standings(Computer.objects.filter(enrolled_at__isnull=False, revoked_at=None))
    return {"bundles": [_told(row, standing.get(row.version, Standing())) for row in found], "next": mark}


@router.post("", response={201: BundleTold}, auth=ADMIN, url_name="bundle-take", openapi_extra=FILE)
def take_bundle(request: HttpRequest) -> Status[dict[str, object]]:
    """Verify a bundle (the body) and keep it; no computer gets it before it is released."""
    user = person_of(request)
    if not user.may(Right.ADMINISTER) or not user.sees_everything:
        require(request, Right.POLICY, whole_house=True)
    return Status(201, _one(bundles.take_in(body_of(request, MAX_BUNDLE), by=user).pk))


@router.get("/{pk}", response=BundleTold, auth=READ, url_name="bundle")
def read_bundle(request: HttpRequest, pk: Key) -> dict[str, object]:
    """One bundle."""
    _reader(request)
    return _one(pk)


@router.post("/{pk}/release", response=BundleTold, auth=ADMIN, url_name="bundle-release")
def release_bundle(request: HttpRequest, pk: Key, sent: ReleaseWanted) -> dict[str, object]:
    """Have all computers, or those of some departments first, scan by a bundle."""
    user = require(request, Right.POLICY, whole_house=True)
    row = one(RuleBundle.objects.all(), pk)
    if sent.everywhere == bool(sent.departments):
        raise Problem(422, "no-department", "say either everywhere or which departments")
    bundles.release(row, bundles.departments_named(sent.departments), by=user, note=sent.note)
    return _one(pk)


@router.post("/{pk}/withdraw", response=BundleTold, auth=ADMIN, url_name="bundle-withdraw")
def withdraw_bundle(request: HttpRequest, pk: Key, sent: Note) -> dict[str, object]:
    """End the releases of a bundle; computers that have it keep it until a newer one comes."""
    user = require(request, Right.POLICY, whole_house=True)
    bundles.withdraw(one(RuleBundle.objects.all(), pk), by=user, note=sent.note)
    return _one(pk)
