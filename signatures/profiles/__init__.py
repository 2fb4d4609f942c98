"""Profiles: which checks and questions make a self-check of one class of computer, with what parameters and how often.

Data in the ``*.yaml`` files beside, read strictly; ``questions.yaml`` holds what only a person can answer.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from protocol.records import ComputerClass, Level
from signatures.controls import Text
from signatures.strict_yaml import FileMistake, read

FOLDER = Path(__file__).parent
QUESTIONS = "questions.yaml"

Count = Annotated[int, msgspec.Meta(ge=0)]
Frequency = Annotated[str, msgspec.Meta(pattern=r"^P[1-9]\d*[DWMY]$")]
"""ISO 8601 period of one unit: ``P7D``, ``P1M`` …"""


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an organisation may set for the checks. Thresholds that no regulation names are settings, not rules."""

    password_max_days: Count = 90
    """Days after which a password must be changed (PWD-02)."""
    password_min_length: Count = 8
    """Characters (PWD-03)."""
    password_min_classes: Annotated[int, msgspec.Meta(ge=1, le=4)] = 3
    """Kinds of characters out of lower, upper, digit, other (PWD-03)."""
    lock_minutes: Count = 10
    """Minutes without use after which the screen must be locked (PWD-11)."""
    failed_logins: Count = 5
    """Failed logins after which an account must be locked (PWD-10)."""
    antivirus_max_days: Count = 7
    """Age of virus signatures (SEC-02); computers without a network are given more."""
    antivirus_programs: tuple[str, ...] = ()
    """Files whose presence proves a further anti-virus product of the organisation's."""
    update_max_days: Count = 90
    """Days since the last update of the system (SEC-03)."""
    backup_max_days: Count = 30
    """Age of the newest backup (SEC-06)."""
    backup_paths: tuple[str, ...] = ()
    """Folders or files in which the newest backup lies."""
    protection_programs: tuple[str, ...] = ()
    """Files whose presence proves the protection suite the organisation prescribes (CPC-14, SEC-08)."""
    authorised_users: tuple[str, ...] = ()
    """Accounts that may be used here; empty: not limited (CPC-05, NPC-06)."""
    departed_users: tuple[str, ...] = ()
    """Accounts of persons who have left or are in their cooling-off period (PWD-12, PERS-10)."""
    authorised_admins: tuple[str, ...] = ()
    """Accounts that may administer the computer; empty: not limited (NET-14)."""
    listening_allowed: tuple[str, ...] = ()
    """Ports that may be open to the network, as ``tcp/22`` (NET-13)."""
    printers_allowed: tuple[str, ...] = ()
    """Queues that may be used; empty on a confidential computer: local ones only (DOC-09)."""
    mail_domains: tuple[str, ...] = ()
    """Domains of the organisation's mailboxes (NPC-19)."""
    media_allowed: tuple[str, ...] = ()
    """``vendor:product:serial`` of registered media and devices, as USB tells them (MEDIA-03, CPC-11)."""
    software_paths: tuple[str, ...] = ()
    """Folders from which programs may be started besides those of the system (SEC-12)."""
    marked_folders: tuple[str, ...] = ()
    """Folders in which marked files must lie; empty: not limited (MARK-17)."""
    dated_folders: tuple[str, ...] = ()
    """Managed folders in which the name of every document carries its date (DOC-24)."""
    contract_users: tuple[str, ...] = ()
    """Accounts of contract staff, who may hold no 绝密 and 机密 only as approved (PERS-05)."""
    clock_max_skew_days: Count = 1
    """Days by which a file of the system may lie in the future before the clock is called wrong (SEC-13)."""


class Question(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What only a person can answer: asked in the self-check, answered and signed."""

    control: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]+-\d{2}$")]
    ask: Text
    every: Frequency = "P1Y"
    classes: tuple[ComputerClass, ...] = tuple(ComputerClass)
    of: Literal["computer", "office"] = "computer"
    """Whether it is asked at every computer of these classes, or once for the office as a whole."""


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One self-check: for which computers, which checks and questions, with what parameters, how often."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]*$")]
    version: Annotated[str, msgspec.Meta(pattern=r"^\d{4}\.\d{1,2}(\.\d+)?$")]
    title: Text
    computer_class: ComputerClass
    level: Level | None = None
    kind: Literal["computer", "device", "office"] = "computer"
    """``device`` profiles examine a raw device or image (``--device``); ``office`` ones only ask."""
    default: bool = False
    """Whether it is the one taken for computers of its class (and level)."""
    checks: tuple[str, ...]
    parameters: Parameters = Parameters()
    questions: tuple[str, ...] = ()
    """Controls whose questions are asked; ``all`` stands for every question of the class, or of the office."""
    every: Frequency = "P1M"


def load_questions(folder: Path = FOLDER) -> dict[str, Question]:
    """Every question by the id of its control. Raises `strict_yaml.FileMistake`."""
    path = folder / QUESTIONS
    found: dict[str, Question] = {}
    for question in read(path, list[Question]):
        if question.control in found:
            raise FileMistake(path, 1, f"the control {question.control} is asked for twice")
        found[question.control] = question
    return found


def load_profiles(folder: Path = FOLDER) -> dict[str, Profile]:
    """Every profile by id. Raises `strict_yaml.FileMistake` for a mistake in a file or an id that stands twice."""
    profiles: dict[str, Profile] = {}
    for path in sorted(folder.glob("*.yaml")):
        if path.name == QUESTIONS:
            continue
        profile = read(path, Profile)
        if profile.id in profiles:
            raise FileMistake(path, 1, f"the profile {profile.id} stands in two files")
        profiles[profile.id] = profile
    return profiles


def days(frequency: str) -> int:
    """A frequency such as ``P1M`` in days; a month counts 30, a year 365. Raises `ValueError` for anything else."""
    unit = {"D": 1, "W": 7, "M": 30, "Y": 365}.get(frequency[-1:])
    if unit is None or not frequency.startswith("P"):
        raise ValueError(f"{frequency!r} is no frequency such as P1M")
    return int(frequency[1:-1]) * unit


def overridden(parameters: Parameters, given: Mapping[str, Any]) -> Parameters:
    """Parameters with some of them replaced. Raises `ValueError` naming the key, and the nearest that is known."""
    for key in given:
        if key not in Parameters.__struct_fields__:
            near = difflib.get_close_matches(key, Parameters.__struct_fields__, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"unknown parameter {key!r}{hint}")
    return msgspec.convert({**msgspec.to_builtins(parameters), **given}, Parameters)


def choose(profiles: dict[str, Profile], computer_class: ComputerClass, level: Level | None) -> Profile | None:
    """The profile for a computer: that of its class and level, else the default of its class."""
    fitting = [one for one in profiles.values() if one.computer_class is computer_class and one.kind == "computer"]
    exact = [one for one in fitting if one.level is level and level is not None]
    return next(iter(exact), None) or next((one for one in fitting if one.default), None)


def asked(profile: Profile, questions: dict[str, Question]) -> list[Question]:
    """The questions of a profile, in the order of the questions file."""
    everything = "all" in profile.questions
    of = "office" if profile.kind == "office" else "computer"
    return [
        question
        for question in questions.values()
        if question.control in profile.questions
        or (everything and question.of == of and (of == "office" or profile.computer_class in question.classes))
    ]
