"""The catalogue of translations, without the gettext tools: what is to be translated, what is, and the compiled file.

    python -m server.web.translations            write django.mo anew from django.po
    python -m server.web.translations --check    only say what is missing, stale or compiled from something else

The compiled file is committed beside its source, so that nobody who installs the collector needs a compiler for it.
"""

from __future__ import annotations

import ast
import gettext
import re
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation.template import templatize

SERVER = Path(__file__).resolve().parents[1]
CATALOGUE = Path(__file__).resolve().parent / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
CONTEXT = "\x04"
"""What gettext puts between a context and its string."""

_CALLS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"}
_LINE = re.compile(r'^(msgctxt|msgid_plural|msgid|msgstr(?:\[\d+\])?)?\s*(".*")$')
_TEMPLATE_CALL = re.compile(r"\b((?:n|p|np)?gettext|_)\(")


def used_strings() -> dict[str, str]:
    """Every string that pages and models of the collector ask a translation for, with the file that first does."""
    found: dict[str, str] = {}
    for path in sorted(SERVER.rglob("*.py")):
        if "migrations" not in path.parts:
            for text in _in_code(ast.parse(path.read_text(encoding="utf-8"))):
                found.setdefault(text, str(path.relative_to(SERVER.parent)))
    for path in sorted(SERVER.rglob("templates/**/*.html")):
        for text in _in_template(path.read_text(encoding="utf-8")):
            found.setdefault(text, str(path.relative_to(SERVER.parent)))
    return found


def read_catalogue(path: Path = CATALOGUE) -> dict[str, str]:
    """Strings and their translations; a plural's forms are joined by NUL, a context stands before `CONTEXT`.

    Raises `ValueError` for a line that cannot be read or a string that stands twice.
    """
    entries: dict[str, str] = {}
    parts: dict[str, str] = {}
    keyword = ""
    for number, line in enumerate([*path.read_text(encoding="utf-8").splitlines(), ""], 1):
        line = line.strip()
        if not line or line.startswith("#"):
            if "msgid" in parts:
                _add(entries, parts, number)
            parts = {}
            continue
        match = _LINE.match(line)
        if match is None:
            raise ValueError(f"{path.name} line {number} cannot be read")
        keyword = match[1] or keyword
        parts[keyword] = parts.get(keyword, "") + ast.literal_eval(match[2])
    return entries


def compiled(entries: dict[str, str]) -> bytes:
    """The bytes of a .mo file (GNU gettext manual, "The Format of GNU MO Files")."""
    pairs = sorted((key.encode(), text.encode()) for key, text in entries.items() if text)
    keys_at, texts_at = 28, 28 + 8 * len(pairs)
    offset = texts_at + 8 * len(pairs)
    tables: list[bytes] = []
    for column in (0, 1):
        for pair in pairs:
            tables.append(struct.pack("<II", len(pair[column]), offset))
            offset += len(pair[column]) + 1
    strings = b"".join(pair[column] + b"\0" for column in (0, 1) for pair in pairs)
    head = struct.pack("<7I", 0x950412DE, 0, len(pairs), keys_at, texts_at, 0, 0)
    return head + b"".join(tables) + strings


def complaints(path: Path = CATALOGUE) -> list[str]:
    """What is wrong with the catalogue, each in one line; empty where all is well."""
    entries, used = read_catalogue(path), used_strings()
    wrong = [f"{where}: {_shown(text)} is not translated" for text, where in used.items() if not entries.get(text)]
    wrong += [f"{path.name}: {_shown(text)} is used nowhere" for text in entries if text and text not in used]
    wrong += [
        f"{path.name}: the translation of {_shown(text)} has other placeholders"
        for text, translated in entries.items()
        if text and _placeholders(text.split("\0")[-1]) != _placeholders(translated.split("\0")[-1])
    ]
    target = path.with_suffix(".mo")
    if not target.is_file() or target.read_bytes() != compiled(entries):
        wrong.append(f"{target.name} was not made from {path.name}: run python -m server.web.translations")
    return wrong


def _add(entries: dict[str, str], parts: dict[str, str], number: int) -> None:
    key = parts["msgid"] + (f"\0{parts['msgid_plural']}" if "msgid_plural" in parts else "")
    if "msgctxt" in parts:
        key = parts["msgctxt"] + CONTEXT + key
    if key in entries:
        raise ValueError(f"{_shown(key)} stands twice (before line {number})")
    forms = [text for keyword, text in sorted(parts.items()) if keyword.startswith("msgstr")]
    entries[key] = "\0".join(forms)


def _in_code(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            if name in _CALLS and texts:
                yield _key(name, texts)


def _in_template(source: str) -> Iterator[str]:
    """What `makemessages` would find: Django turns the template into calls, and these are read as code."""
    code = templatize(source)
    for match in _TEMPLATE_CALL.finditer(code):
        call = code[match.start() : _end_of_call(code, match.end())]
        yield from _in_code(ast.parse(call.strip()))


def _end_of_call(code: str, start: int) -> int:
    """Where the bracket that was opened before ``start`` is closed, strings left alone."""
    quote, position = "", start
    while True:
        char = code[position]
        if quote:
            if char == "\\":
                position += 1
            elif char == quote:
                quote = ""
        elif char in "\"'":
            quote = char
        elif char == ")":
            return position + 1
        position += 1


def _key(name: str, texts: list[str]) -> str:
    if name.startswith("n"):
        return "\0".join(texts[:2])
    return CONTEXT.join(texts[:2]) if name.startswith("p") else texts[0]


def _placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)[sd]", text))


def _shown(text: str) -> str:
    return repr(text.replace("\0", " | ").replace(CONTEXT, " » "))


def main(arguments: list[str]) -> int:
    """Compile the catalogue, or check it; 1 where something is missing or stale."""
    if "--check" not in arguments:
        CATALOGUE.with_suffix(".mo").write_bytes(compiled(read_catalogue()))
        with CATALOGUE.with_suffix(".mo").open("rb") as file:
            gettext.GNUTranslations(file)  # what Python reads, Django reads
    wrong = complaints()
    sys.stdout.writelines(f"{line}\n" for line in wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
