"""The profiles a round may ask for, and the questions of its questionnaire (`signatures.profiles`)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from protocol.records import ComputerClass
from server.campaigns.models import Campaign
from signatures.profiles import Profile, Question, asked, choose, load_profiles, load_questions

DEVICE = "device"
"""`SelfCheck.profile_class` of a profile that examines a device and no computer."""


@cache
def profiles() -> Mapping[str, Profile]:
    """The profiles that a round may ask for, by id: those for computers, and that of the office, which only asks."""
    return {name: one for name, one in load_profiles().items() if one.kind in ("computer", "office")}


def asks_only(profile: str) -> bool:
    """Whether a profile asks the departments and no computer takes part: the year's questions to the office."""
    known = profiles().get(profile)
    return known is not None and known.kind == "office"


@cache
def _classes() -> Mapping[str, str]:
    return {
        name: one.computer_class.value if one.kind == "computer" else DEVICE for name, one in load_profiles().items()
    }


def class_of(profile: str) -> str:
    """Class of computer a profile is for; `DEVICE` for none, empty where this collector does not know the profile."""
    return _classes().get(profile, "")


def questions_of(campaign: Campaign) -> list[Question]:
    """What the departments of a round answer: the questions of its profile, or of those of its classes, once each."""
    known = _questions()
    if campaign.profile in profiles():
        return asked(profiles()[campaign.profile], known)
    wanted: set[str] = set()
    for word in campaign.classes:
        profile = choose(dict(profiles()), ComputerClass(word), None)  # of kind computer alone
        if profile is not None:
            wanted |= {question.control for question in asked(profile, known)}
    return [question for control, question in known.items() if control in wanted]


@cache
def _questions() -> dict[str, Question]:
    return load_questions()
