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
from cronsim import CronSim, CronSimError

from agent.probe_target import target
from protocol.policy import Hold
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
    proxy: str = ""
    """``http://host:port`` of a proxy on the way to the collector; empty: none. The environment is never asked."""
    client_certificate: str = ""
    """PEM file with the certificate this computer shows, where the administrator uses such."""
    client_key: str = ""
    """PEM file with its private key; empty: the key stands in the same file."""

    def __post_init__(self) -> None:
        _absolute(self.ca_file, self.client_certificate, self.client_key)
        if self.proxy and not self.proxy.startswith(("http://", "https://")):
            raise ValueError(f"{self.proxy!r} is not the address of a proxy; it looks like http://proxy.example:3128")


class UplinkSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How reports leave, and when to try again: waits grow from first to last, drawn at random below a ceiling."""

    transport: Literal["auto", "http", "sealed"] = "auto"
    """``http`` sends to the collector; ``sealed`` sends nothing, reports are carried (`mijian export`); ``auto`` is
    ``sealed`` for confidential computers and ``http`` for all others."""

    first_retry_seconds: Positive = 1.0
    last_retry_seconds: Positive = 300.0
    answer_timeout_seconds: Positive = 30.0
    policy_seconds: Positive = 900.0
    """How often the collector is asked for a newer policy, give or take a fifth."""

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
    register_in_force: bool = False
    """Whether a medium that stands in no register is a violation (MEDIA-03) even where the policy does not say so."""
    unknown: Hold = "report"
    """What becomes of media that no register vouches for until they were scanned without a finding, or approved:
    ``report``, ``read-only`` or ``block`` (unmounted). The policy's word goes before this one. Needs root."""
    transfer_days: Positive = 7.0
    """Days for which a document may lie on a medium that the register approves for carrying between networks; what
    lies there longer is a violation of MEDIA-10."""
    phones: bool = True
    """Tell of phones, cameras and players (MTP, PTP) too, whose files cannot be read."""

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
    passages_mb: Annotated[float, msgspec.Meta(ge=0, le=65536)] = 0
    """Megabytes of documents' text that may be kept, sealed, so that new rules need not read them again; 0: none.
    Never on confidential computers, whatever stands here: there hashes and verdicts are all that is kept."""
    ocr: bool = True
    """Whether to read text in pictures and scanned pages, where the extra ``ocr`` is installed."""
    ocr_file_seconds: Positive = 60.0
    """Processor time that the pictures of one file may cost."""
    ocr_seconds: Annotated[float, msgspec.Meta(ge=0)] = 600.0
    """Seconds that pictures may cost in one scan; 0: as long as it takes. What is left is told as not examined."""


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


FOLDER_WORDS = ("home", "desktop", "documents", "downloads", "chat", "mail")
"""Words for folders of every person who uses the computer (see `agent.watching.folders`)."""


def _folders(*folders: str) -> None:
    _absolute(*(folder for folder in folders if folder not in FOLDER_WORDS))


class FilesSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Folders on fixed disks that are watched while people work."""

    watch: tuple[str, ...] = ()
    """Full paths, and words of `FOLDER_WORDS`; the policy may name more."""
    settle_seconds: Positive = 2.0
    """A changed file is looked at when it has been left alone for this long."""

    def __post_init__(self) -> None:
        _folders(*self.watch)


class ScheduleSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When the computer's own disks are scanned without anybody asking; the policy may add schedules."""

    cron: str = ""
    """Five fields as in crontab(5), in local time; empty: none."""
    roots: tuple[str, ...] = ()
    """Folders to scan; empty: every fixed file system of this computer."""
    jitter_seconds: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 1800.0
    """A run begins up to this much later, by the id of the agent, so that not all computers begin at once."""

    def __post_init__(self) -> None:
        _absolute(*self.roots)
        if self.cron:
            try:
                CronSim(self.cron, datetime(2026, 1, 1))  # noqa: DTZ001 (only to see whether it can be read)
            except CronSimError as error:
                raise ValueError(
                    f"{self.cron!r} is no cron expression ({error}); it looks like '30 2 * * 1'"
                ) from error


class BudgetSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the agent may take of the computer while somebody works at it. It waits, it is not killed."""

    processor_percent: Annotated[float, msgspec.Meta(gt=0, le=100)] = 10.0
    """Share of all processors together, over twelve seconds; without anybody there, and on the charger, no limit."""
    memory_mb: Annotated[int, msgspec.Meta(ge=100, le=100_000)] = 200
    """Megabytes the whole service is to keep to, workers included: while somebody works it scans with one process,
    and health says ``limited`` where that takes more."""
    idle_minutes: Positive = 5.0
    """Nobody works at the computer when nothing was typed or moved for so long."""


class NoticeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the people at the computer are told."""

    desktop: bool = True
    """One notification for each media session on their desktops, or on their terminals where there is no desktop."""


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
    schedule: ScheduleSettings = ScheduleSettings()
    budget: BudgetSettings = BudgetSettings()
    notice: NoticeSettings = NoticeSettings()
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
