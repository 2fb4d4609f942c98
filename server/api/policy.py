"""``/policies``: what computers of each class, and all of them, are told to follow."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest
from ninja import Field, Router, Schema

from server.accounts.models import Right
from server.api.auth import ADMIN, READ, require
from server.api.fields import Short
from server.ledger.models import ComputerClass
from server.rules import policy as policies
from server.rules.models import ClassPolicy, HousePolicy

router = Router(tags=["rules and policy"])


class PolicyOfClass(Schema):
    """What all computers of one class are told."""

    profile: Short = ""
    cron: Short = ""
    quarterly: bool = False
    before_holidays: int | None = Field(None, ge=0, le=policies.MOST_DAYS)
    before_inspection: int | None = Field(None, ge=0, le=policies.MOST_DAYS)
    allowed_networks: list[Short] = Field([], max_length=policies.MOST_NETWORKS)


class PolicyOfHouse(Schema):
    """What all computers are told."""

    holidays: list[date] = Field([], max_length=policies.MOST_HOLIDAYS)
    inspection: date | None = None


class PolicyTold(Schema):
    """The whole policy."""

    classes: dict[str, PolicyOfClass]
    house: PolicyOfHouse


def _told() -> dict[str, object]:
    stored = ClassPolicy.objects.in_bulk()
    house = HousePolicy.objects.first() or HousePolicy()
    classes = {code: stored.get(code) or ClassPolicy(computer_class=code) for code in ComputerClass.values}
    names = PolicyOfClass.model_fields
    return {
        "classes": {code: {name: getattr(row, name) for name in names} for code, row in classes.items()},
        "house": {"holidays": house.holidays, "inspection": house.inspection},
    }


@router.get("", response=PolicyTold, auth=READ, url_name="house-policy")
def read_policy(request: HttpRequest) -> dict[str, object]:
    """The policy as it stands."""
    require(request, Right.POLICY, whole_house=True)
    return _told()


@router.put("/classes/{computer_class}", response=PolicyTold, auth=ADMIN, url_name="policy-class")
def set_class(request: HttpRequest, computer_class: ComputerClass, sent: PolicyOfClass) -> dict[str, object]:
    """Set what computers of a class are told; they learn of it when they ask next."""
    user = require(request, Right.POLICY, whole_house=True)
    told = {
        "profile": sent.profile,
        "cron": sent.cron,
        "quarterly": "1" if sent.quarterly else "",
        "allowed_networks": "\n".join(sent.allowed_networks),
    }
    days = {name: getattr(sent, name) for name in ("before_holidays", "before_inspection")}
    policies.set_class(
        computer_class.value,
        told | {name: "" if count is None else str(count) for name, count in days.items()},
        by=user,
    )
    return _told()


@router.put("/house", response=PolicyTold, auth=ADMIN, url_name="policy-house")
def set_house(request: HttpRequest, sent: PolicyOfHouse) -> dict[str, object]:
    """Set the holidays and the next inspection."""
    user = require(request, Right.POLICY, whole_house=True)
    inspection = "" if sent.inspection is None else sent.inspection.isoformat()
    policies.set_house(
        {"holidays": " ".join(day.isoformat() for day in sent.holidays), "inspection": inspection}, by=user
    )
    return _told()
