"""Controls: the rules that findings and check results are held against, each with its clause and severity, and the
table that says which control a finding breaks. Data in the ``*.yaml`` files beside; a new control is a new entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from protocol.records import ComputerClass, Severity
from signatures.strict_yaml import FileMistake, read

FOLDER = Path(__file__).parent
TABLE = "judging.yaml"
MEDIA_TABLE = "media_judging.yaml"
LAPSED_TABLE = "lapsed_judging.yaml"
_TABLES = (TABLE, MEDIA_TABLE, LAPSED_TABLE)


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same words in Chinese and English."""

    zh: str
    en: str

    def pick(self, language: str) -> str:
        """The words in a language: Chinese for ``zh``, ``zh-hans`` …, else English."""
        return self.zh if language.lower().startswith("zh") else self.en


class Control(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule that can be broken."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]+-\d{2}$")]
    title: Text
    rule: Text
    """What the rule demands, in one sentence."""
    clause: str
    """Where it comes from, in the words of the source."""
    severity: Severity
    remedy: Text
    """What to do when it is broken."""


Place = Literal["medium", "fixed"]
"""Where a file lay: on a removable medium, or on a disk of the computer."""


Store = Literal["mail", "sync"]
"""Where files are passed on to others: in mail, or in a folder that a cloud or chat program serves."""


class When(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a row of the judging table fits. A key that is left out fits everything."""

    computer: tuple[ComputerClass, ...] = ()
    family: tuple[str, ...] = ()
    level: tuple[str, ...] = ()
    place: tuple[Place, ...] = ()
    medium_class: tuple[str, ...] = ()
    """What the medium may hold by the ledger; ``unknown`` where the ledger does not say."""
    above: bool | None = None
    """Whether the level is above the highest that the computer may hold."""
    codes: tuple[str, ...] = ()
    """Validator codes of which the finding has one."""
    period: bool | None = None
    """Whether the marking names a period."""
    store: tuple[Store, ...] = ()
    """Where the file is passed on to others."""
    open: bool | None = None
    """Whether everybody on the computer may change the file."""
    draft: bool | None = None
    """Whether the file is a draft, an autosave or a template by its name."""
    inside: bool | None = None
    """Whether the file is marked in the document itself, and not in its name, folder or properties alone; fits neither
    way where the document could not be read."""
    designated: bool | None = None
    """Whether the file lies in a folder designated for marked files; fits neither way where none is designated."""


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row of the judging table: the first that fits decides."""

    when: When
    control: str | None
    """Id of the control that is broken; null where nothing is."""
    severity: Severity | None = None
    """In place of the control's own severity."""


class MediumWhen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a row of the table of media fits. A key that is left out fits everything."""

    status: tuple[Literal["registered", "lost", "destroyed", "unregistered"], ...] = ()
    computer: tuple[ComputerClass, ...] = ()
    medium_class: tuple[Literal["internet", "internal", "confidential"], ...] = ()
    """What the medium may hold by the register; fits no medium that stands in none."""
    above: bool | None = None
    """Whether the medium's level is above the highest that the computer may hold."""
    crossed: bool | None = None
    """Whether computers of another class have reported it."""
    transfer: bool | None = None
    """Whether it is approved for carrying between classes."""
    left: bool | None = None
    """Whether documents have lain on it for longer than the computer's settings allow (``media.transfer_days``)."""


class MediumRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row of the table of media: every one that fits counts, each control once."""

    when: MediumWhen
    control: str
    severity: Severity | None = None
    """In place of the control's own severity."""


class LapsedWhen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a row of the table of ended approvals fits. A key that is left out fits everything."""

    waived: tuple[str, ...] = ()
    """The control whose violation had been approved."""
    computer: tuple[ComputerClass, ...] = ()
    place: tuple[Place, ...] = ()


class LapsedRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row of the table of ended approvals: every one that fits counts, beside the violation itself."""

    when: LapsedWhen
    control: str
    severity: Severity | None = None
    """In place of the control's own severity."""


def load_controls(folder: Path = FOLDER) -> dict[str, Control]:
    """Every control by id. Raises `strict_yaml.FileMistake` for a mistake in a file or an id that stands twice."""
    controls: dict[str, Control] = {}
    for path in sorted(folder.glob("*.yaml")):
        if path.name in _TABLES:
            continue
        for control in read(path, list[Control]):
            if control.id in controls:
                raise FileMistake(path, 1, f"the control {control.id} stands in two places")
            controls[control.id] = control
    return controls


def load_table(folder: Path = FOLDER, controls: dict[str, Control] | None = None) -> tuple[Row, ...]:
    """The judging table. Raises `strict_yaml.FileMistake`, also where a row names a control that does not exist."""
    rows = read(folder / TABLE, tuple[Row, ...])
    _known(folder / TABLE, rows, load_controls(folder) if controls is None else controls)
    return rows


def load_media_table(folder: Path = FOLDER, controls: dict[str, Control] | None = None) -> tuple[MediumRow, ...]:
    """The table of media. Raises as `load_table`."""
    rows = read(folder / MEDIA_TABLE, tuple[MediumRow, ...])
    _known(folder / MEDIA_TABLE, rows, load_controls(folder) if controls is None else controls)
    return rows


def load_lapsed_table(folder: Path = FOLDER, controls: dict[str, Control] | None = None) -> tuple[LapsedRow, ...]:
    """The table of ended approvals. Raises as `load_table`."""
    rows = read(folder / LAPSED_TABLE, tuple[LapsedRow, ...])
    _known(folder / LAPSED_TABLE, rows, load_controls(folder) if controls is None else controls)
    return rows


def _known(path: Path, rows: Sequence[Row | MediumRow | LapsedRow], controls: dict[str, Control]) -> None:
    for number, row in enumerate(rows, 1):
        if row.control is not None and row.control not in controls:
            raise FileMistake(path, 1, f"row {number} names the control {row.control!r}, which is in no file here")
