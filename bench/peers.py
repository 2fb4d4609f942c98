"""The tools that are timed beside us. Each gives its command and reads which files it reported from its output."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.vocabulary import MARKS
from signatures.engine.bytecode import spellings
from signatures.rules import load_rules

BIN = Path(sys.executable).parent
TERMS = sorted({mark.term for mark in MARKS})
ENCODINGS = ("utf-8", "gb18030", "utf-16-le", "utf-16-be", "big5")


@dataclass
class Peer:
    """One tool: how it is started and how its answer is read."""

    name: str
    commands: Callable[[Path], list[list[str]]]
    """Command lines to run at the same time over a tree (two where the tool is single-threaded)."""
    found: Callable[[Path, str], set[str]]
    """Paths, relative to the tree, that it reported, from its standard output."""
    note: str = ""
    sample: int | None = None
    """Where it is too slow for the whole tree: only every so-manyth file is given to it."""
    good: tuple[int, ...] = (0, 1)
    """Exit statuses that mean it did its work."""


def byte_forms() -> list[bytes]:
    """Every term in the bytes of all encodings."""
    forms = set()
    for term in TERMS:
        for encoding in ENCODINGS:
            try:
                forms.add(term.encode(encoding))
            except UnicodeEncodeError:
                continue
    return sorted(forms)


def _none(_tree: Path, _output: str) -> set[str]:
    return set()


def _lines(tree: Path, output: str) -> set[str]:
    return {str(Path(line).relative_to(tree)) for line in output.splitlines() if line.startswith(str(tree))}


def _mijian(tree: Path, output: str) -> set[str]:
    rows = (json.loads(line) for line in output.splitlines())
    return {str(Path(row["path"]).relative_to(tree)) for row in rows if row.get("verdict") == "finding"}


def _clam(tree: Path, output: str) -> set[str]:
    hits = (line.split(": ")[0] for line in output.splitlines() if line.endswith(" FOUND"))
    return {str(Path(path).relative_to(tree)) for path in hits}


def halves(tree: Path, work: Path) -> list[Path]:
    """Two lists of the tree's files of about the same number of bytes."""
    files = sorted((p for p in tree.rglob("*") if p.is_file()), key=lambda p: -p.stat().st_size)
    lists = []
    for number in range(2):
        path = work / f"half{number}.txt"
        path.write_text("".join(f"{p}\n" for p in files[number::2]))
        lists.append(path)
    return lists


def _program(name: str, code: str) -> Peer:
    """A few lines of Python that look for nothing: what comes before any search."""
    return Peer(name, lambda tree: [[sys.executable, "-I", "-c", code, str(tree)]], _none, "one process")


def reader() -> Peer:
    """A program that only reads the files: the floor."""
    code = (
        "import os,sys\n"
        "for d,_,fs in os.walk(sys.argv[1]):\n"
        "    for f in fs:\n"
        "        with open(os.path.join(d,f),'rb',0) as h:\n"
        "            while h.read(1<<20): pass\n"
    )
    return _program("read only", code)


def inflater() -> Peer:
    """A program that only reads the files and inflates what is a zip, zips in zips too."""
    code = (
        "import io,os,sys,zipfile\n"
        "def inflate(data):\n"
        "    if data[:4]==b'PK\\3\\4':\n"
        "        with zipfile.ZipFile(io.BytesIO(data)) as z:\n"
        "            for one in z.infolist(): inflate(z.read(one))\n"
        "for d,_,fs in os.walk(sys.argv[1]):\n"
        "    for f in fs:\n"
        "        with open(os.path.join(d,f),'rb',0) as h: inflate(h.read())\n"
    )
    return _program("read and inflate", code)


def pdfium() -> Peer:
    """The text of every page by PDFium alone: nothing is looked for in it."""
    code = (
        "import pathlib,sys,pypdfium2\n"
        "for path in sorted(pathlib.Path(sys.argv[1]).rglob('*.pdf')):\n"
        "    with pypdfium2.PdfDocument(path) as document:\n"
        "        for number in range(len(document)):\n"
        "            page=document[number]; text=page.get_textpage()\n"
        "            text.get_text_range(); text.close(); page.close()\n"
    )
    return _program("PDFium alone", code)


def mijian(workers: int = 2) -> Peer:
    """Ourselves: no cache, no OCR."""
    options = ["--format", "jsonl", "--no-cache", "--no-ocr", "--workers", str(workers)]
    return Peer(
        f"mijian, {workers} worker{'s' if workers > 1 else ''}",
        lambda tree: [[str(BIN / "mijian"), "scan", str(tree), *options]],
        _mijian,
    )


def ripgrep(work: Path) -> Peer:
    """ripgrep with the byte forms of the terms in all encodings (opens no container)."""
    forms = ["(?-u)" + "".join(f"\\x{byte:02x}" for byte in form) for form in byte_forms()]
    return _ripgrep(f"ripgrep, {len(TERMS)} terms", work / "patterns.txt", forms)


def _ripgrep(name: str, file: Path, patterns: list[str]) -> Peer:
    file.write_text("\n".join(patterns), "ascii")
    command = ["rg", "-a", "-l", "--no-ignore", "--hidden", "--no-unicode", "--threads", "2", "-f", str(file)]
    return Peer(name, lambda tree: [[*command, str(tree)]], _lines, f"{len(patterns)} strings; opens no container")


def ripgrep_same(work: Path) -> Peer:
    """ripgrep with every literal our rules look for, in the bytes of all encodings: the same search as ours.

    Without full-width forms and without what may stand between the characters, which would make it slower; without the
    ends of lines in a few of them, which it does not take.
    """
    lines = set()
    for literal in load_rules().literals:
        flags = "(?i-u)" if literal.any_case else "(?-u)"
        for form in {form for encoding in ENCODINGS for form in spellings(literal.text.strip("\n"), encoding)}:
            lines.add(flags + "".join(f"\\x{byte:02x}" for byte in form))
    return _ripgrep("ripgrep, our literals", work / "literals.txt", sorted(lines))


def clamav(work: Path, processes: int = 2) -> Peer:
    """ClamAV with the same terms as byte signatures, two processes over halves of the tree."""
    database = work / "terms.ndb"
    rows = (f"Mijian.Term{n}:0:*:{form.hex()}\n" for n, form in enumerate(byte_forms()) if len(form) >= 4)
    database.write_text("".join(rows))
    command = [
        "clamscan",
        "-d",
        str(database),
        "--no-summary",
        "--infected",
        "--max-filesize=100M",
        "--max-scansize=400M",
    ]

    def commands(tree: Path) -> list[list[str]]:
        return [[*command, f"--file-list={path}"] for path in halves(tree, work)[:processes]]

    return Peer(f"clamscan, {processes} processes", commands, _clam)


def plain_script(work: Path) -> Peer:
    """What somebody writes in an afternoon: python-docx, openpyxl, python-pptx, pdfminer and `re`."""
    script = Path(__file__).with_name("plain_script.py")
    terms = work / "terms.txt"
    terms.write_text("\n".join(TERMS), "utf-8")
    return Peer(
        "plain script", lambda tree: [[sys.executable, str(script), str(terms), str(tree)]], _lines, "one process"
    )


def missing_tools() -> list[str]:
    """Tools the benchmark needs and this machine has not."""
    return [tool for tool in ("rg", "clamscan") if shutil.which(tool) is None]


def run(peer: Peer, tree: Path) -> tuple[float, str]:
    """Run once: wall seconds until the last process has ended, and what they printed.

    Raises `SystemExit` where a tool did not do its work: a failed run would look like a fast one.
    """
    start = time.perf_counter()
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for command in peer.commands(tree)
    ]
    said = [process.communicate() for process in processes]
    spent = time.perf_counter() - start
    for process, (_, errors) in zip(processes, said, strict=True):
        if process.returncode not in peer.good:
            raise SystemExit(f"{peer.name} failed with status {process.returncode}:\n{errors.decode()[-2000:]}")
    return spent, "".join(output.decode("utf-8", "replace") for output, _ in said)
