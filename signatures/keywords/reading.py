"""Reading lists of keywords that people wrote: YAML, CSV, or one word a line, in the encodings that editors leave.

A mistake is told with file, line, what is wrong and how to mend it. Nothing is guessed that could lose a word.
"""

from __future__ import annotations

import csv
import difflib
import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import msgspec
import yaml

from protocol.records import Severity
from signatures.keywords.charset import decode
from signatures.keywords.detectors import DETECTORS, Wanted
from signatures.keywords.folding import fold
from signatures.keywords.lists import FARTHEST, LONGEST_WORD, MOST_WORDS, Keyword, KeywordList
from signatures.strict_yaml import FileMistake
from signatures.strict_yaml import parse as parse_yaml

LARGEST = 16 * 1024 * 1024
"""Bytes of one file of keywords."""

Weight = Annotated[float, msgspec.Meta(gt=0, le=1000)]

_NAME = re.compile(r"[^\W_](?:[\w-]{0,62}[^\W_])?")
_COLUMNS = {
    "word": ("word", "keyword", "词", "词语", "关键词", "关键字"),
    "weight": ("weight", "权重", "分值"),
    "whole_word": ("whole_word", "whole word", "whole", "整词", "全词匹配"),
    "not_near": ("not_near", "not near", "排除", "排除词", "不邻近"),
    "label": ("label", "标签", "代号"),
}
_YES, _NO = ("1", "yes", "true", "y", "是"), ("0", "no", "false", "n", "否")


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    word: str
    weight: Weight | None = None
    whole_word: bool | None = None
    not_near: list[str] | None = None
    label: str = ""


class _Detector(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    at_least: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None
    severity: Severity | None = None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str = ""
    severity: Severity = Severity.LOW
    threshold: Weight = 1.0
    weight: Weight = 1.0
    whole_word: bool | None = None
    not_near: list[str] = []
    distance: Annotated[int, msgspec.Meta(ge=0, le=FARTHEST)] = 20
    show: bool = False
    words: list[Any] = []
    detectors: dict[str, _Detector | None] = {}


@dataclass(frozen=True)
class _Word:
    """A word as it was read, with its line."""

    keyword: Keyword
    line: int


def read(path: Path) -> KeywordList:
    """Read one list: YAML by ``.yaml`` or ``.yml``, CSV by ``.csv`` or ``.tsv``, anything else one word a line.

    Raises `FileMistake` for anything wrong in it, and `OSError` where the file cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(LARGEST + 1)
    return parse(data, path)


def parse(data: bytes, path: Path) -> KeywordList:
    """The same for bytes already read; of ``path`` only the name matters."""
    if len(data) > LARGEST:
        raise FileMistake(path, 1, f"larger than {LARGEST // 1024 // 1024} MiB: a list has at most {MOST_WORDS} words")
    text = decode(data, path)
    kind = path.suffix.lower()
    if kind in (".yaml", ".yml"):
        settings = parse_yaml(text.encode(), _File, path)
        words = _from_yaml(settings, text, path)
        detectors = _detectors(settings, text, path)
    else:
        settings, detectors = _File(), ()
        words = list(_from_table(text, path) if kind in (".csv", ".tsv") else _from_lines(text))
    if not words and not detectors:
        raise FileMistake(path, 1, "the list is empty; give at least one word")
    if len(words) > MOST_WORDS:
        line = words[MOST_WORDS].line
        raise FileMistake(
            path, line, f"{len(words)} words; a list has at most {MOST_WORDS}: split it into several files"
        )
    kept, warnings = _checked(words, path)
    name = settings.id or re.sub(r"[^\w-]+", "-", path.stem).strip("-_")[:64].strip("-_") or "list"
    if not _NAME.fullmatch(name):
        raise FileMistake(path, _line_of(text, "id"), f"{name!r} is no name: letters, digits, - and _, at most 64")
    return KeywordList(
        id=name,
        words=kept,
        severity=settings.severity,
        threshold=settings.threshold,
        distance=settings.distance,
        show=settings.show,
        detectors=detectors,
        digest=_digest(data, path, name),
        warnings=warnings,
    )


def _digest(data: bytes, path: Path, name: str) -> str:
    told = f"{path.suffix.lower()}\0{name}\0".encode()
    return f"sha256:{hashlib.sha256(told + data).hexdigest()}"


def _from_yaml(settings: _File, text: str, path: Path) -> list[_Word]:
    lines = _lines_of_words(text)
    found = []
    for number, given in enumerate(settings.words):
        line = lines[number] if number < len(lines) else 1
        entry = _entry(given, path, line)
        keyword = Keyword(
            text=entry.word,
            number=number + 1,
            weight=settings.weight if entry.weight is None else entry.weight,
            whole_word=settings.whole_word if entry.whole_word is None else entry.whole_word,
            not_near=(*settings.not_near, *(entry.not_near or ())),
            label=entry.label,
        )
        found.append(_Word(keyword, line))
    return found


def _entry(given: Any, path: Path, line: int) -> _Entry:
    """One entry of ``words``: a word, or a mapping with a word and what is particular about it."""
    if isinstance(given, str):
        return _Entry(given)
    if not isinstance(given, dict):
        raise FileMistake(path, line, "YAML reads this word as a number, a date or yes and no; put it in quotes")
    for key in given:
        if key not in _Entry.__struct_fields__:
            near = difflib.get_close_matches(key, _Entry.__struct_fields__, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(_Entry.__struct_fields__)}"
            raise FileMistake(path, line, f"unknown key {key!r}; {hint}")
    try:
        return msgspec.convert(given, _Entry)
    except msgspec.ValidationError as error:
        raise FileMistake(path, line, str(error)) from error


def _lines_of_words(text: str) -> list[int]:
    """On which line each entry of ``words`` stands."""
    root = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    for key, value in root.value if isinstance(root, yaml.MappingNode) else ():
        if key.value == "words" and isinstance(value, yaml.SequenceNode):
            return [node.start_mark.line + 1 for node in value.value]
    return []


def _detectors(settings: _File, text: str, path: Path) -> tuple[Wanted, ...]:
    found = []
    for name, given in settings.detectors.items():
        detector = DETECTORS.get(name)
        if detector is None:
            known = ", ".join(DETECTORS)
            raise FileMistake(path, _line_of(text, name), f"there is no detector {name!r}; known are {known}")
        chosen = given or _Detector()
        found.append(Wanted(detector, chosen.at_least or detector.at_least, chosen.severity or settings.severity))
    return tuple(found)


def _line_of(text: str, key: str) -> int:
    at = re.search(rf"(?m)^\s*['\"]?{re.escape(key)}['\"]?\s*:", text)
    return text.count("\n", 0, at.start(0) + len(at[0]) - len(at[0].lstrip())) + 1 if at else 1


def _from_lines(text: str) -> Iterator[_Word]:
    """One word a line. Blank lines, and lines that begin with # and a blank, are passed over."""
    number = 0
    for line, content in enumerate(text.splitlines(), 1):
        word = content.strip()
        if word and word != "#" and not word.startswith("# "):
            number += 1
            yield _Word(Keyword(word, number), line)


def _from_table(text: str, path: Path) -> Iterator[_Word]:
    """CSV or TSV: the first column is the word, unless a first row names the columns."""
    first = text.split("\n", 1)[0]
    delimiter = "\t" if "\t" in first else ";" if ";" in first and "," not in first else ","
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: dict[int, str] | None = None
    number, line = 0, 0
    while True:
        before = line
        try:
            row = next(rows, None)
        except csv.Error as error:
            raise FileMistake(path, rows.line_num, f"not readable as CSV: {error}") from error
        line = rows.line_num
        if row is None:
            return
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        if columns is None:
            named = _named(cells, path, line)
            columns = named or {0: "word", 1: "weight"}
            if named:
                continue
        number += 1
        yield _Word(_of_row(cells, columns, number, path, before + 1), before + 1)


def _named(cells: Sequence[str], path: Path, line: int) -> dict[int, str] | None:
    """Which column is what, where this row names them."""
    found: dict[int, str] = {}
    for place, cell in enumerate(cells):
        for name, spellings in _COLUMNS.items():
            if fold(cell) in map(fold, spellings):
                found[place] = name
    if "word" not in found.values():
        return None
    unknown = [cell for place, cell in enumerate(cells) if cell and place not in found]
    if unknown:
        known = ", ".join(_COLUMNS)
        raise FileMistake(path, line, f"unknown column {unknown[0]!r}; known are {known}")
    return found


def _of_row(cells: Sequence[str], columns: dict[int, str], number: int, path: Path, line: int) -> Keyword:
    values = {name: cells[place] for place, name in columns.items() if place < len(cells) and cells[place]}
    extra = [cell for place, cell in enumerate(cells) if cell and place not in columns]
    if extra:
        raise FileMistake(path, line, "more cells than columns: put a word with commas into quotes")
    return Keyword(
        text=values.get("word", ""),
        number=number,
        weight=_weight(values.get("weight", "1"), path, line),
        whole_word=_truth(values.get("whole_word", ""), path, line),
        not_near=tuple(filter(None, (word.strip() for word in re.split(r"[|/、;；]", values.get("not_near", ""))))),
        label=values.get("label", ""),
    )


def _weight(cell: str, path: Path, line: int) -> float:
    if not re.fullmatch(r"[0-9]{1,4}(?:\.[0-9]{1,6})?", cell) or not 0 < float(cell) <= 1000:
        raise FileMistake(path, line, f"the weight {cell!r} is no number above 0 and up to 1000")
    return float(cell)


def _truth(cell: str, path: Path, line: int) -> bool | None:
    if not cell:
        return None
    if cell.lower() in _YES:
        return True
    if cell.lower() in _NO:
        return False
    raise FileMistake(path, line, f"{cell!r} is neither yes nor no (whole word)")


def _checked(words: Sequence[_Word], path: Path) -> tuple[tuple[Keyword, ...], tuple[str, ...]]:
    """The words, each once, and what was passed over. Raises `FileMistake` for a word that cannot be looked for."""
    seen: dict[str, _Word] = {}
    warnings = []
    for given in words:
        text = re.sub(r"\s+", " ", given.keyword.text.strip())
        keyword = replace(given.keyword, text=text)
        problem = _problem(keyword)
        if problem:
            raise FileMistake(path, given.line, problem)
        folded = fold(text)
        before = seen.get(folded)
        if before is None:
            seen[folded] = _Word(keyword, given.line)
            if folded.isascii() and len(folded) < 3:
                warnings.append(f"{path}:{given.line}: a word of two letters is in most texts: scanning gets slow")
        elif replace(before.keyword, number=0, text="") != replace(keyword, number=0, text=""):
            raise FileMistake(
                path, given.line, f"the word stands on line {before.line} already, with other values; keep one of them"
            )
        else:
            warnings.append(f"{path}:{given.line}: the word stands on line {before.line} already and is counted once")
    return tuple(word.keyword for word in seen.values()), tuple(warnings)


def _problem(keyword: Keyword) -> str:
    """What is wrong with one word; empty where nothing is. The word itself is not told: it may be secret."""
    text = keyword.text
    if not text:
        return "an empty word; remove the line or write the word"
    if sum(letter.isalnum() for letter in text) < 2 or not any(len(run) > 1 for run in text.split()):
        return "a word of one character would be found in nearly every file; write at least two letters in a row"
    if len(text) > LONGEST_WORD:
        return f"a word of {len(text)} characters; {LONGEST_WORD} are allowed: write its telling part"
    if any("\ue000" <= letter <= "\uf8ff" or letter == "\ufffd" or not (letter.isprintable()) for letter in text):
        return "a character that cannot be read; save the file as UTF-8 (was it Big5?)"
    if any(not other.strip() for other in keyword.not_near):
        return "an empty word among those that must not be near"
    if len(keyword.label) > LONGEST_WORD or not keyword.label.isprintable():
        return f"a label has at most {LONGEST_WORD} characters, all of them printable"
    return ""
