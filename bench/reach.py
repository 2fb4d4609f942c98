"""How much of what other programs read in real documents Mijian reads too: text beside LibreOffice and poppler.

    python -m bench.reach FOLDER [--least 0.9] [--json FILE]

Every office, OFD, PDF and mail file of the folder is read once by Mijian, with a sieve that lets everything through,
and once by a program of its own kind: LibreOffice (all text of the flat OpenDocument it makes), pdftotext, the
TextCode elements of OFD pages, Python's ``email``. A file counts as reached where Mijian has at least the share
``--least`` of the other's different words (two neighbouring characters where the script has no spaces). Left out are
files in which the other finds no text, that it cannot open, or that are encrypted or damaged.
"""

from __future__ import annotations

import argparse
import email
import email.policy
import io
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from shutil import which

from lxml import etree, html

from agent.scanning.formats import format_for
from agent.scanning.formats.base import Budget, Member, NotExamined, Reading, Source
from agent.scanning.identify import identify
from protocol.records import Reason
from signatures.passages import Passage

_PATIENCE = 120
_DEEPEST = 6
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_NO_TEXT = (
    *(f"{{urn:oasis:names:tc:opendocument:xmlns:office:1.0}}{name}" for name in ("binary-data", "meta", "settings")),
    "{urn:oasis:names:tc:opendocument:xmlns:meta:1.0}creator-initials",
    "{http://purl.org/dc/elements/1.1/}creator",
    "{http://purl.org/dc/elements/1.1/}date",
    f"{_TEXT}page-number",
    f"{_TEXT}sheet-name",
)
"""Elements within paragraphs that hold no text of the document: files, who wrote and when, numbers of pages."""
_OF_THIS_COMPUTER = re.compile(r"\b(?:INFO|CELL|TODAY|NOW|RAND\w*)\(")
"""Functions whose value is that of the computer which reads the workbook, not the one that stands in the file."""
_ERROR = re.compile(r"#[A-Z/0]+[!?]?|Err:\d+")
"""What LibreOffice shows in place of a value it cannot work out."""
_WORD = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]+|[^\W_]{2,}")
_SPACE = re.compile(r"\s+")
"""What stands between letters laid out one by one."""
_OFFICE = {
    "fodt": ("msword", "wordprocessingml", "ms-word", "rtf", "opendocument.text"),
    "fods": ("ms-excel", "spreadsheetml", "opendocument.spreadsheet"),
    "fodp": ("ms-powerpoint", "presentationml", "opendocument.presentation"),
}


class Everything:
    """A sieve that lets everything through."""

    def worth(self, data: bytes | memoryview, *, encodings: frozenset[str] | None = None) -> bool:  # noqa: ARG002
        """Always."""
        return True

    def spans(
        self,
        data: bytes | memoryview,
        *,
        encodings: frozenset[str] | None = None,  # noqa: ARG002
    ) -> list[tuple[int, int, str]]:
        """A hit in each line."""
        found, place = [], 0
        for line in bytes(data).split(b"\n"):
            if line.strip():
                found.append((place, place + 1, "utf-8"))
            place += len(line) + 1
        return found


@dataclass(frozen=True)
class Row:
    """How one file ended."""

    path: str
    media_type: str
    words: int
    """Different words the other program found."""
    share: float
    """How many of them Mijian has."""
    note: str = ""
    missing: tuple[str, ...] = ()


def words(text: str) -> set[str]:
    """The different words of a text."""
    found: set[str] = set()
    for word in _WORD.findall(text.lower()):
        if word.isdecimal():
            continue  # numbers are not text: how a cell shows one is its program's own affair
        if word[0] >= "\u2e80":
            found.update(word[at : at + 2] for at in range(max(1, len(word) - 1)))
        else:
            found.add(word)
    return found


def ours(data: bytes, name: str) -> tuple[str, str, Reason | None]:
    """All text Mijian reads in a file and what is in it, its media type, and why there is no more."""
    texts: list[str] = []
    reasons: list[Reason] = []
    budget = Budget()

    def read(data: bytes, name: str, depth: int) -> str:
        """One file with its members; its media type."""
        source = Source.of(data)
        identity = identify(source, name)
        module = format_for(identity.media_type)
        if module is None or depth > _DEEPEST:
            return identity.media_type
        try:
            for piece in module.pieces(source, Reading(Everything(), budget, name=name)):
                if isinstance(piece, Passage):
                    texts.append(piece.text)
                elif isinstance(piece, Member):
                    texts.append(piece.name)
                    if piece.data:
                        read(piece.data, piece.name.rpartition("/")[2], depth + 1)
        except NotExamined as problem:
            if not depth:
                reasons.append(problem.reason)
        return identity.media_type

    media_type = read(data, name, 0)
    return "\n".join(texts), media_type, reasons[0] if reasons else None


def theirs(path: Path, data: bytes, media_type: str) -> str | None:
    """The text by the other program; None where there is none for such files or it cannot open this one."""
    if media_type == "application/pdf":
        return _output(["pdftotext", "-q", "-enc", "UTF-8", str(path), "-"])
    if media_type == "application/ofd":
        return _ofd(data)
    if media_type in ("message/rfc822", "multipart/related"):
        return _mail(data)
    for form, kinds in _OFFICE.items():
        if any(kind in media_type for kind in kinds):
            return _libreoffice(path, form)
    return None


def _output(command: Sequence[str]) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, timeout=_PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def _libreoffice(path: Path, form: str) -> str | None:
    with tempfile.TemporaryDirectory() as folder:
        profile = Path(tempfile.gettempdir()) / "mijian-reach-profile"
        told = ["soffice", f"-env:UserInstallation=file://{profile}", "--headless", "--convert-to", form]
        if _output([*told, "--outdir", folder, str(path)]) is None:
            return None
        made = next(Path(folder).iterdir(), None)
        if made is None:
            return None
        tree = etree.parse(made, etree.XMLParser(huge_tree=True, recover=True))
    etree.strip_elements(tree, *_NO_TEXT, with_tail=False)
    paragraphs = (each for each in tree.iter(f"{_TEXT}p", f"{_TEXT}h") if not _computed(each))
    return "\n".join("".join(map(str, each.itertext())) for each in paragraphs)


def _computed(paragraph: etree._Element) -> bool:
    """Whether this is no text of the document: what LibreOffice puts in for fields of master pages, or works out."""
    if _ERROR.fullmatch("".join(map(str, paragraph.itertext()))):
        return True
    return any(
        str(around.tag).endswith(("}master-page", "}tracked-changes"))
        or _OF_THIS_COMPUTER.search(str(around.get(f"{_TABLE}formula", "")))
        for around in paragraph.iterancestors()
    )


def _ofd(data: bytes) -> str | None:
    texts: list[str] = []
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                if name.lower().endswith(".xml"):
                    tree = etree.fromstring(archive.read(name), etree.XMLParser(recover=True))
                    runs = () if tree is None else tree.iter("{*}TextObject")
                    texts += ["".join(code.text or "" for code in run.iter("{*}TextCode")) for run in runs]
    except (zipfile.BadZipFile, etree.XMLSyntaxError, RuntimeError, NotImplementedError, ValueError):
        return None
    return "\n".join(texts)


def _mail(data: bytes) -> str | None:
    letter = email.message_from_bytes(data, policy=email.policy.default)
    texts: list[str] = [str(letter.get("subject", ""))]
    for part in letter.walk():
        if part.get_content_type() not in ("text/plain", "text/html"):
            continue
        try:
            said = str(part.get_content())
        except (LookupError, UnicodeError, ValueError):
            continue
        if part.get_content_subtype() == "html" and said.strip():
            tree = html.fromstring(said.encode("utf-8", "replace"), parser=html.HTMLParser(encoding="utf-8"))
            etree.strip_elements(tree, "style", "script", "head", with_tail=False)
            said = " ".join(map(str, tree.itertext()))
        texts.append(said)
    return "\n".join(texts)


def rows(folder: Path, least: float, tell: Callable[[str], None]) -> Iterator[Row]:
    """One row for each file of which the other program has text."""
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        data = path.read_bytes()
        text, media_type, reason = ours(data, path.name)
        if reason in (Reason.ENCRYPTED, Reason.DAMAGED):
            continue
        other = theirs(path, data, media_type)
        wanted = words(other or "")
        if not wanted:
            continue
        squeezed = _SPACE.sub("", text.lower())
        missing = {word for word in wanted - words(text) if word not in squeezed}
        share = 1 - len(missing) / len(wanted)
        row = Row(
            str(path.relative_to(folder)), media_type, len(wanted), round(share, 3), str(reason or ""),
            tuple(sorted(missing)[:40]),
        )  # fmt: skip
        tell(f"{'  ' if share >= least else '! '}{share:6.1%} of {len(wanted):5} {row.path} {row.note}")
        yield row


def main() -> None:
    """Print one line a file and the share of files reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--least", type=float, default=0.9, help="share of words from which a file is reached")
    parser.add_argument("--json", type=Path, help="write the rows there, with words that are missing")
    options = parser.parse_args()
    for tool in ("soffice", "pdftotext"):
        if which(tool) is None:
            parser.error(f"{tool} is not installed (Debian: libreoffice, poppler-utils)")
    found = list(rows(options.folder, options.least, lambda line: print(line, flush=True)))
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in found], ensure_ascii=False, indent=1), "utf-8")
    reached = sum(row.share >= options.least for row in found)
    print(f"{reached} of {len(found)} files reached: {reached / max(1, len(found)):.1%}")
    sys.exit(0 if reached >= 0.97 * len(found) else 1)


if __name__ == "__main__":
    main()
