"""YAML → typed settings of the agent. Unknown keys are errors; every key is explained in ``deploy/mijian.yaml``.

Class and level of the computer are not settings: the collector decides them at enrolment.
"""

from __future__ import annotations

import ipaddress
import os
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from agent.probe_target import target
from protocol.records import ComputerClass
from signatures import strict_yaml
from signatures.labels import LabelMeaning, doubled
from signatures.profiles import Parameters, overridden

DEFAULT_FILE = Path("/etc/mijian/mijian.yaml")
"""Read when neither ``--settings`` nor ``MIJIAN_SETTINGS`` names another; it need not exist."""
ENVIRONMENT = "MIJIAN_SETTINGS"
DEFAULT_STATE = "/var/lib/mijian"

Positive = Annotated[float, msgspec.Meta(gt=0)]


def _absolute(*paths: str) -> None:
    for path in paths:
        if path and not path.startswith("/"):
            raise ValueError(f"{path!r} must be a full path, beginning with /")


class CollectorSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the collector is reached."""

    ca_file: str = ""
    """PEM file with the authority that signed the collector's TLS certificate; empty: the system's."""

    def __post_init__(self) -> None:
        _absolute(self.ca_file)


class UplinkSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How reports leave, and when to try again: waits grow from first to last, drawn at random below a ceiling."""

    transport: Literal["auto", "http", "sealed"] = "auto"
    """``http`` sends to the collector; ``sealed`` sends nothing, reports are carried (`mijian export`); ``auto`` is
    ``sealed`` for confidential computers and ``http`` for all others."""

    first_retry_seconds: Positive = 1.0
    last_retry_seconds: Positive = 300.0
    answer_timeout_seconds: Positive = 30.0

    def sends(self, computer_class: ComputerClass) -> bool:
        """Whether a computer of this class may send over a network."""
        if self.transport == "auto":
            return computer_class is not ComputerClass.CONFIDENTIAL
        return self.transport == "http"


class MediaSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which mounts count as removable media."""

    watch: bool = True
    loop_devices: bool = False
    """Take file systems on loop devices for media: for demonstrations and tests."""
    declared: tuple[str, ...] = ()
    """Directories that are media whatever lies below them: from being mounted or filled until unmounted or empty."""

    def __post_init__(self) -> None:
        _absolute(*self.declared)


class ScanSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the agent scans by itself."""

    workers: Annotated[int, msgspec.Meta(ge=0, le=64)] = 0
    """Worker processes; 0: one for each processor."""
    min_confidence: Annotated[int, msgspec.Meta(ge=1, le=100)] = 45
    """Findings below are not reported (design: ≥ 70 alert, 45–69 review)."""
    ledger: bool = True
    """Whether to remember how files ended, so that what has not changed is not read again."""
    ledger_days: Annotated[float, msgspec.Meta(gt=0, le=3650)] = 90
    """Days for which a verdict is remembered."""


class RulesSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the agent looks for beside the rules we ship."""

    trusted_key: str = ""
    """File with the public key that signed bundles of rules must be signed with; empty: the one that was trusted when
    the bundle in force was installed."""
    keywords: str = ""
    """File with a list of keywords; read anew when it changes."""
    families: tuple[str, ...] = ()
    """Packs to switch on that are off by themselves: de, fr, ca, au, jp, tw."""
    labels: tuple[LabelMeaning, ...] = ()
    """What the organisation's sensitivity labels mean."""

    def __post_init__(self) -> None:
        _absolute(self.trusted_key, self.keywords)
        if twice := doubled(self.labels):
            raise ValueError(f"the label {twice!r} stands twice")


class IsolationSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The passive isolation check of confidential computers (control NET-03)."""

    poll_seconds: Positive = 2.0
    """How often to look whether anything changed."""
    interval_seconds: Positive = 3600.0
    """How often the outcome is reported even where nothing changed."""
    allowed_networks: tuple[str, ...] = ()
    """CIDR prefixes of the closed network this computer belongs to, if it belongs to one."""
    allowed_interfaces: tuple[str, ...] = ()
    """Names of interfaces that belong to the closed network."""
    allowed_ssids: tuple[str, ...] = ()
    """Names of wireless networks the computer may join."""
    inspected_on: date | None = None
    """Day of the last inspection: traces from before it are not told again."""
    probe: str = ""
    """One address of the organisation's own that `mijian check --probe` may try, as ``tcp:ADDRESS:PORT`` or
    ``dns:ADDRESS``; empty: a confidential computer never tries any."""

    @property
    def inspected_at(self) -> datetime | None:
        """The beginning of the day of the last inspection; None where there was none."""
        return datetime.combine(self.inspected_on, time(), UTC) if self.inspected_on else None

    def __post_init__(self) -> None:
        for prefix in self.allowed_networks:
            ipaddress.ip_network(prefix)
        if self.probe:
            target(self.probe)


class OutboxSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The store of what is still to be told."""

    max_mb: Annotated[float, msgspec.Meta(gt=0, le=100_000)] = 200.0
    """Megabytes of waiting records; above, those of low priority are given up and counted."""


class FilesSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Folders on fixed disks that are watched while people work."""

    watch: tuple[str, ...] = ()
    settle_seconds: Positive = 2.0
    """A changed file is looked at when it has been left alone for this long."""

    def __post_init__(self) -> None:
        _absolute(*self.watch)


class CheckSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The self-check (`mijian check`)."""

    organisation: str = ""
    """Name on the report."""
    scheduled: bool = True
    """Whether the running agent makes self-checks by itself, as often as the profile asks for."""
    profile: str = ""
    """Profile by id or full path of a file; empty: that of the computer's class and level."""
    parameters: dict[str, Any] = {}
    """In place of the profile's own; keys as in `signatures.profiles.Parameters`."""

    def __post_init__(self) -> None:
        overridden(Parameters(), self.parameters)


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything an administrator may set on one computer."""

    state_dir: str = DEFAULT_STATE
    language: Literal["auto", "zh", "en"] = "auto"
    collector: CollectorSettings = CollectorSettings()
    uplink: UplinkSettings = UplinkSettings()
    media: MediaSettings = MediaSettings()
    scan: ScanSettings = ScanSettings()
    rules: RulesSettings = RulesSettings()
    isolation: IsolationSettings = IsolationSettings()
    outbox: OutboxSettings = OutboxSettings()
    files: FilesSettings = FilesSettings()
    check: CheckSettings = CheckSettings()

    def __post_init__(self) -> None:
        _absolute(self.state_dir)

    @property
    def state(self) -> Path:
        """The folder that holds keys, outbox and caches."""
        return Path(self.state_dir)


def load(file: Path | None = None, *, state: Path | None = None) -> Settings:
    """The settings in force: from ``file``, else the file the environment names, else the system's, else defaults.

    ``state`` overrides the state folder. Raises `strict_yaml.FileMistake` naming key, file and line, and `OSError`
    where a file that was named cannot be read.
    """
    named = file or (Path(os.environ[ENVIRONMENT]) if os.environ.get(ENVIRONMENT) else None)
    if named is None and DEFAULT_FILE.exists():
        named = DEFAULT_FILE
    settings = strict_yaml.read(named, Settings) if named else Settings()
    return msgspec.structs.replace(settings, state_dir=str(state.absolute())) if state else settings
