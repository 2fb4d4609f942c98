"""What a self-check costs: of this computer, and of one with very many files in a managed folder, beside `find`.

``python -m bench.selfcheck [--files 200000] [--rounds 3]``. The second asks for a date in the name of each document
(DOC-24), the one check that looks at every file of a folder without a scan: it should take no more than some walks.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FILES_IN_A_FOLDER = 500
CHECK = (sys.executable, "-m", "agent.cli", "check", "--no-report", "--profile", "confidential", "--level", "机密")
ONE = (sys.executable, "-m", "agent.cli", "check", "--no-report", "--profile", "{profile}", "--root", "{tree}")
FIND = ("find", "{tree}", "-printf", "%f %s %T@\\n")
PROFILE = """
id: bench
version: "2026.1"
title: {zh: 测量, en: measured}
computer_class: internal
checks: [%s]
parameters: {dated_folders: [/srv]}
questions: []
"""


def make_tree(folder: Path, files: int) -> Path:
    """Empty documents with a date in their names, in folders of five hundred."""
    tree = folder / "tree"
    for number in range(files):
        place = tree / "srv" / f"{number // FILES_IN_A_FOLDER:05}"
        if number % FILES_IN_A_FOLDER == 0:
            place.mkdir(parents=True)
        (place / f"20261120-{number:07}.docx").touch()
    return tree


def timed(command: tuple[str, ...], **given: object) -> tuple[float, float]:
    """Seconds by the clock, and the most memory in MB that it held."""
    words = [word.format(**given) for word in command]
    began = time.perf_counter()
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as started:
        _, _, usage = os.wait4(started.pid, 0)
        started.returncode = 0
    return time.perf_counter() - began, usage.ru_maxrss / 1024


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    rounds = [timed(CHECK) for _ in range(options.rounds)]
    seconds, memory = statistics.median(spent for spent, _ in rounds), max(held for _, held in rounds)
    print(f"self-check of this computer: {seconds:.2f} s, {memory:.0f} MB (aim: 5 s, 120 MB)")
    work = Path(tempfile.mkdtemp(dir=options.folder, prefix="mijian-selfcheck-"))
    try:
        tree = make_tree(work, options.files)
        rows: dict[str, list[float]] = {"find": [], "nothing": [], "names": []}
        for name, check in (("nothing", "class-shown"), ("names", "dated-names")):
            (work / f"{name}.yaml").write_text(PROFILE % check, "utf-8")
        for _ in range(options.rounds):
            rows["find"].append(timed(FIND, tree=tree)[0])
            for name in ("nothing", "names"):
                rows[name].append(timed(ONE, tree=tree, profile=work / f"{name}.yaml")[0])
        find, nothing, names = (statistics.median(rows[name]) for name in ("find", "nothing", "names"))
        ratio = (names - nothing) / find
        print(f"names of {options.files} files: {names - nothing:.2f} s; find: {find:.2f} s; ratio {ratio:.2f}")
    finally:
        shutil.rmtree(work)
    return 0


if __name__ == "__main__":
    sys.exit(main())
