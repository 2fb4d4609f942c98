"""Everything that reading files may ask for is loaded before the cage closes: nothing reads worse inside it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from agent.scanning.cage import Cage
from agent.scanning.descriptor import opened
from agent.scanning.examine import Examiner, about_file
from agent.scanning.formats import FORMATS
from agent.scanning.formats.base import Source
from agent.scanning.opening import open_to_read
from agent.scanning.walk import Found, Walk
from agent.scanning.wire import Examined, Start

WHAT_IS_LOADED = """
import json, sys
from agent.scanning import preload
preload.text()
core = [name for name in sys.modules if name.startswith("agent.scanning.formats.")]
preload.everything()
print(json.dumps([core, sorted(sys.modules)]))
"""

WHAT_IS_OPENED = """
import codecs, sys
from agent.scanning import formats, preload
from agent.scanning.formats.archive_library import available
from agent.scanning.identify import libmagic_available
preload.text()
preload.common()
preload.everything()
preload.close()
opened = []
sys.addaudithook(lambda event, values: opened.append(event) if event in ("open", "import", "ctypes.dlopen") else None)
for name in set(formats.FORMATS.values()):
    formats.load(name)
for charset in ("gb18030", "GB2312", "big5-hkscs", "utf_16", "cp936", "koi8-r", "shift_jis", "mac-roman", "hz"):
    codecs.lookup(charset)
print(libmagic_available(), available(), opened)
"""


WHAT_IS_LACKING = """
import codecs, sys
from agent.scanning import formats, preload
preload.text()
preload.close()
sys.meta_path.clear()  # as in a cage: nothing can be imported
for name in ("koi8-r", "EUC-KR", "no-such-charset"):
    try:
        "x".encode(name)
    except formats.NotLoaded as lacking:
        print(name, "lacking", lacking)
    except LookupError:
        print(name, "unknown")
"""


def _printed(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout


def test_text_comes_first_and_all_other_formats_later() -> None:
    core, everything = json.loads(_printed(WHAT_IS_LOADED))
    assert "agent.scanning.formats.text" in core
    assert not {f"agent.scanning.formats.{name}" for name in ("html", "pdf", "zipdir")} & set(core)
    assert {f"agent.scanning.formats.{name}" for name in FORMATS.values()} <= set(everything)


def test_what_was_preloaded_opens_nothing_when_it_is_used() -> None:
    assert _printed(WHAT_IS_OPENED).strip().endswith("[]")


def test_a_character_set_that_was_not_loaded_yet_is_told_from_one_that_does_not_exist() -> None:
    assert _printed(WHAT_IS_LACKING).splitlines() == [
        "koi8-r lacking koi8_r",
        "EUC-KR lacking euc_kr",
        "no-such-charset unknown",
    ]


WHAT_XML_LACKS = """
from agent.scanning import formats, preload
from agent.scanning.formats import text
from agent.scanning.formats.base import Reading, Source
from signatures.engine import build
reading = Reading(build(()))
preload.text()
preload.close()
try:
    list(text.pieces(Source.of(b"<?xml version='1.0'?><a>b</a>"), reading))
except formats.NotLoaded as lacking:
    print(lacking)
"""


def test_xml_is_left_to_a_worker_that_has_what_the_sieve_takes_for_references() -> None:
    assert _printed(WHAT_XML_LACKS).split() == ["html"]


LETTER = "From: a@example.org\nTo: b@example.org\nSubject: notes\nDate: Mon, 1 Jan 2024 10:00:00 +0800\n\n"


@pytest.mark.parametrize(("name", "head", "loaded"), [("notes.txt", "", False), ("letter.eml", LETTER, True)])
def test_a_folder_of_nothing_but_text_loads_no_other_format(
    tmp_path: Path, compiled: Path, name: str, head: str, loaded: bool
) -> None:
    for number in range(20):
        (tmp_path / f"{number}{name}").write_text(f"{head}会议通知\n")
    start = Start(rules=None, cache=str(compiled), least=45, memory=448 * 1024 * 1024)
    with Cage(start, 2) as cage:
        files = [one for one in Walk([str(tmp_path)]) if isinstance(one, Found)]
        done = list(cage.examine(iter(files)))
        (worker, *_) = cage.pids()
        nursery = Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[1]
        assert ("pdfium" in Path(f"/proc/{nursery}/maps").read_text()) == loaded
    assert len(done) == 20


SETS = """
import json
from importlib import import_module
from pkgutil import walk_packages
from agent import scanning
from agent.scanning.worker import OF_OTHERS, OF_TEXT
from signatures.engine.bytecode import ENCODINGS
asked = {
    value
    for module in walk_packages(scanning.__path__, "agent.scanning.") if ".ocr" not in module.name
    for value in vars(import_module(module.name)).values()
    if isinstance(value, frozenset) and value and value <= set(ENCODINGS)
}
print(json.dumps([sorted(map(sorted, asked)), sorted(map(sorted, OF_TEXT + OF_OTHERS))]))
"""


def test_what_any_format_asks_of_the_sieve_was_compiled_before_the_cage_closed() -> None:
    asked, prepared = json.loads(_printed(SETS))
    assert len(asked) > 3
    assert [each for each in asked if each not in prepared] == []


@pytest.mark.shared
def test_every_file_of_the_corpora_reads_the_same_inside_the_cage(
    shared: Path, compiled: Path, examiner: Examiner
) -> None:
    start = Start(rules=None, cache=str(compiled), least=45, memory=448 * 1024 * 1024)
    files = [one for one in Walk([str(shared / "corpus")]) if isinstance(one, Found)]
    with Cage(start, 2) as cage:
        caged = {done.file.path: done.reply.rows for done in cage.examine(iter(files))}
        assert cage.word == "full"
    different = [file.path for file in files if caged[file.path] != _uncaged(examiner, file)]
    assert different == []
    assert len(caged) == len(files)


def _uncaged(examiner: Examiner, file: Found) -> list[Examined]:
    with opened(open_to_read(file.path)) as stream:
        source, about = Source(stream, file.status.st_size), about_file(file.status.st_mtime)
        return examiner.examine(source, file.name, file.folder, about=about).rows
