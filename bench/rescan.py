"""How long a second scan of an unchanged tree takes, beside `find` printing the size and time of each file.

``python -m bench.rescan [--files 200000] [--rounds 5]``. The tree is made in a folder of its own (``--folder``),
scanned once, and then both tools take turns, so that a change of the
machine's speed meets both. Processor seconds are told too: on a machine that does other work they vary less.
"""

from __future__ import annotations

import argparse
import json
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
SETTLES = 2.5
"""Seconds after which a file is no longer taken for one that is just being written."""

FIND = ("find", "{tree}", "-printf", "%s %T@\\n")
MIJIAN = (sys.executable, "-m", "agent.cli", "scan", "{tree}", "--format", "jsonl")


def make_tree(folder: Path, files: int) -> Path:
    """Small text files, no two alike, in folders of five hundred."""
    tree = folder / "tree"
    for number in range(files):
        place = tree / f"{number // (FILES_IN_A_FOLDER * 20):03}" / f"{number // FILES_IN_A_FOLDER:05}"
        if number % FILES_IN_A_FOLDER == 0:
            place.mkdir(parents=True)
        (place / f"材料{number:06}.txt").write_text(f"一般材料 {number}\n", "utf-8")
    return tree


def timed(command: tuple[str, ...], tree: Path, cache: Path) -> tuple[float, float, bytes]:
    """Seconds by the clock, processor seconds of it and all it started, and what it printed."""
    given = [word.format(tree=tree) for word in command]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(given, stdout=subprocess.PIPE, env=os.environ | {"XDG_CACHE_HOME": str(cache)}, check=False)
    spent, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp(dir=options.folder, prefix="mijian-rescan-"))
    try:
        tree = make_tree(work, options.files)
        time.sleep(SETTLES)
        first, _, _ = timed(MIJIAN, tree, work / "cache")
        print(f"first scan of {options.files} files: {first:.1f} s")
        rows: dict[str, list[tuple[float, float]]] = {"find": [], "mijian": []}
        for _ in range(options.rounds):
            for name, command in (("find", FIND), ("mijian", MIJIAN)):
                spent, processor, out = timed(command, tree, work / "cache")
                rows[name].append((spent, processor))
        summary = json.loads(out.splitlines()[-1])["summary"]
        assert summary["enumerated"] == options.files, summary
        clock = {name: statistics.median(spent for spent, _ in row) for name, row in rows.items()}
        processor_seconds = {name: statistics.median(spent for _, spent in row) for name, row in rows.items()}
        for name in rows:
            print(f"{name:8}{clock[name]:8.2f} s{processor_seconds[name]:8.2f} s of processor")
        print(f"scan ÷ find: {clock['mijian'] / clock['find']:.2f} by the clock")
    finally:
        shutil.rmtree(work)
    return 0


if __name__ == "__main__":
    sys.exit(main())
