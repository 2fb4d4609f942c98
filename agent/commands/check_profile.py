"""Which profile a self-check follows: as named, or that of the class and level this computer is registered with."""

from __future__ import annotations

import argparse
from pathlib import Path

from msgspec.structs import replace

from agent.checks.base import Registration
from agent.commands import UsageError
from agent.settings import Settings
from agent.words import text
from protocol.records import ComputerClass, Level
from signatures.profiles import Profile, choose, overridden
from signatures.strict_yaml import read


def chosen(
    options: argparse.Namespace, settings: Settings, profiles: dict[str, Profile], registration: Registration | None
) -> Profile | None:
    """The profile that is meant, with the parameters of the settings; None where nothing says which.

    Raises `UsageError`, `strict_yaml.FileMistake`.
    """
    named = options.profile or settings.check.profile
    level = Level(options.level) if options.level else registration.level if registration else None
    profile = _named(named, profiles, level) if named else None
    if not named and registration:
        profile = choose(profiles, registration.computer_class, level)
    if profile is None:
        return None
    _fits_device(profile, options.device is not None)
    parameters = overridden(profile.parameters, settings.check.parameters)
    return replace(profile, parameters=parameters, level=level or profile.level)


def _named(named: str, profiles: dict[str, Profile], level: Level | None) -> Profile | None:
    if named in set(ComputerClass):
        return choose(profiles, ComputerClass(named), level)
    if named in profiles:
        return profiles[named]
    if named.endswith((".yaml", ".yml")) or "/" in named:
        try:
            return read(Path(named), Profile)
        except OSError as error:
            raise UsageError(f"--profile {named}: {error.strerror}") from error
    known = ", ".join([*ComputerClass, *(name for name in profiles if name not in set(ComputerClass))])
    raise UsageError(text(f"没有检查方案 {named}；可用：{known}", f"there is no profile {named}; known are {known}"))


def _fits_device(profile: Profile, has_device: bool) -> None:
    if profile.kind == "device" and not has_device:
        raise UsageError(
            text(
                f"方案 {profile.id} 检查设备：请用 --device 指定设备或镜像",
                f"the profile {profile.id} examines a device: name it with --device",
            )
        )
    if profile.kind != "device" and has_device:
        raise UsageError(
            text(
                f"--device 只用于设备方案（disposal、media），不用于 {profile.id}",
                f"--device goes with profiles for devices (disposal, media), not with {profile.id}",
            )
        )
