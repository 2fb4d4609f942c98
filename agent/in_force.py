"""In force: which rules and which list of keywords the running agent scans with, and what is wrong with the new ones.

A bundle of rules that is altered, unreadable or signed by nobody we trust never comes into force, and neither does a
list of keywords with a mistake: the last good one stays, and that is said, in `mijian status` and to the collector.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from agent.reporting.rules_fetch import FOLDER, named_key
from agent.scanning.pipeline import ScanOptions
from agent.settings import Settings
from agent.words import text
from protocol.ids import uuid7
from protocol.records import CheckDone, CheckOutcome
from signatures.strict_yaml import FileMistake

if TYPE_CHECKING:
    from signatures.bundles import Installed
    from signatures.keywords import Watched

# Bundles, keywords and rules are loaded only where there are any: the agent is to be small while nothing happens.

RULES, KEYWORDS = FOLDER, "keywords"
"""Where installed rules, and the last good list of keywords, lie in the state folder."""
CONTROL = "SEC-13"
"""The agent itself is intact and running."""

TROUBLES: dict[str, tuple[str, str]] = {
    "rules-altered": (
        "规则包损坏或被改动, 未采用; 请重新安装规则包",
        "the installed rules are damaged or were altered and are not used; install the bundle again",
    ),
    "rules-no-key": (
        "没有可核验规则包的公钥, 未采用; 请设置 rules.trusted_key 或重新安装规则包",
        "there is no key to verify the installed rules with, and they are not used; set rules.trusted_key or install "
        "the bundle again",
    ),
    "rules-mistake": (
        "规则包有错误或 rules.families 中有未知名称, 其余仍然有效; 详见 mijian status",
        "a pack of rules has a mistake, or rules.families names none, and is left out; the others are in force; "
        "mijian status says which",
    ),
    "rules-expired": (
        "规则包已过期, 仍在使用; 请安装新的规则包",
        "the installed rules have expired and are still in use; install a newer bundle",
    ),
    "keywords-refused": (
        "关键词表有错误或无法读取, 沿用上一份正确的; 请更正 rules.keywords 所指文件",
        "the list of keywords has a mistake or cannot be read, and the last good one is in use; mend the file that "
        "rules.keywords names",
    ),
}
"""What can be wrong, for people: what happened, and what to do."""


@dataclass(frozen=True, slots=True)
class State:
    """What is in force at one moment."""

    origin: Literal["shipped", "bundle"]
    folder: Path | None
    """The packs of the bundle; None for those we ship."""
    version: int | None
    """Of the bundle."""
    keywords: Path | None
    """A copy of the last good list."""
    troubles: Mapping[str, str]
    """Keys of `TROUBLES`, each with what was found: for the people of this computer alone."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """What is wrong as words of the agent's health, in order: a pack that is left out does not stop the scans."""
        return tuple(sorted("rules-in-part" if one == "rules-mistake" else one for one in self.troubles))

    def told(self) -> dict[str, Any]:
        """For `mijian status`, as one object."""
        return {
            "origin": self.origin,
            "version": self.version,
            "keywords": self.keywords is not None,
            "troubles": [
                {"trouble": trouble, "told": text(*TROUBLES[trouble]), "detail": detail}
                for trouble, detail in sorted(self.troubles.items())
            ],
        }


class InForce:
    """Keeps what is in force current. Ask it before each scan: it is cheap while nothing changed."""

    def __init__(self, settings: Settings, *, keep: bool = True) -> None:
        """``keep`` False only looks, as `mijian status` does: nothing is written."""
        self._settings = settings
        self._keep = keep
        self._sound: tuple[object, tuple[FileMistake, ...]] | None = None
        self._watched: Watched | None = None

    def look(self) -> State:
        """What is in force now. Never raises for what is wrong with it."""
        troubles: dict[str, str] = {}
        found = self._rules(troubles)
        if found is not None and not self._has_packs(found.folder, troubles):
            found = None
        if found is None and self._settings.rules.families:
            self._has_packs(None, troubles)
        if found is not None and found.expired(datetime.now(UTC)):
            troubles["rules-expired"] = str(found.header.expires)
        return State(
            origin="bundle" if found else "shipped",
            folder=found.folder if found else None,
            version=found.header.version if found else None,
            keywords=self._keywords(troubles),
            troubles=troubles,
        )

    def applied(self, options: ScanOptions, state: State) -> ScanOptions:
        """How to scan with what is in force."""
        families = tuple(sorted(self._settings.rules.families))
        return replace(
            options,
            rules=state.folder,
            keywords=state.keywords,
            enable=families,
            labels=self._settings.rules.labels,
            sound=True,
        )

    # --- rules ---------------------------------------------------------------------------------------------------

    def _rules(self, troubles: dict[str, str]) -> Installed | None:
        """The bundle in force; the newest whole one beside it, or none, where it cannot be used."""
        directory = self._settings.state / RULES
        if not directory.is_dir():
            return None
        from signatures.bundles import BundleRefused, installed, newest_whole

        key = self._key(directory, troubles)
        try:
            found = installed(directory, key)
            if found is None or key is not None:
                return found
            troubles.setdefault("rules-no-key", "")
        except BundleRefused as refused:
            troubles["rules-altered"] = str(refused)
        return newest_whole(directory, key) if key is not None else None

    def _key(self, directory: Path, troubles: dict[str, str]) -> bytes | None:
        named = self._settings.rules.trusted_key
        if not named:
            from signatures.bundles import remembered_key

            return remembered_key(directory)
        key = named_key(named)
        if key is None:
            troubles["rules-no-key"] = named
        return key

    def _has_packs(self, folder: Path | None, troubles: dict[str, str]) -> bool:
        """Whether there are packs to work with; of a bundle made for another version of this program maybe none."""
        about = (folder, self._settings.rules.families)
        if self._sound is None or self._sound[0] != about:
            from signatures.rules import load_sound

            try:
                self._sound = (about, load_sound(folder, enable=self._settings.rules.families).mistakes)
            except FileMistake as mistake:
                troubles["rules-mistake"] = str(mistake)
                return False
        if self._sound[1]:
            troubles["rules-mistake"] = str(self._sound[1][0])
        return True

    # --- keywords ------------------------------------------------------------------------------------------------

    def _keywords(self, troubles: dict[str, str]) -> Path | None:
        """The copy of the last good list, brought up to date; None where none is wanted, or none was ever good."""
        named = self._settings.rules.keywords
        if not named:
            return None
        from signatures.keywords import Watched

        copy = self._settings.state / KEYWORDS / f"list{Path(named).suffix.lower()}"
        try:
            if self._watched is None:
                self._watched = Watched(Path(named))
            else:
                self._watched.refresh()
        except FileMistake as mistake:
            troubles["keywords-refused"] = str(mistake)
        except OSError as error:
            troubles["keywords-refused"] = f"{named}: {error.strerror}"
        else:
            if self._watched.problem is not None:
                troubles["keywords-refused"] = self._watched.problem
            elif self._keep:
                _keep(self._watched.data, copy)
        return copy if copy.exists() else None


def _keep(data: bytes, copy: Path) -> None:
    """Let a good list take the place of the last one, whole or not at all: it must outlive a restart."""
    if copy.exists() and copy.read_bytes() == data:
        return
    copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = copy.with_name(f".{secrets.token_hex(4)}{copy.suffix}")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(copy)


def report_of(state: State) -> CheckDone:
    """What the collector is told of it: that all is well, or in fixed words what is not (control SEC-13)."""
    return CheckDone(
        id=uuid7(),
        seen_at=datetime.now(UTC),
        control=CONTROL,
        outcome=CheckOutcome.ERROR if state.troubles else CheckOutcome.PASS,
        why="; ".join(TROUBLES[trouble][1] for trouble in sorted(state.troubles)),
    )
