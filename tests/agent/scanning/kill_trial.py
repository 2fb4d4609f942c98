"""Kills a scan again and again at random moments, and holds what comes out against an undisturbed one.

Started by a developer: ``.venv/bin/python tests/agent/scanning/kill_trial.py --files 2000 --kills 200``. The suite runs
a short one (`test_kill.py`). A scan is killed as a whole (and started again, with its ledger), or its nursery, or one
of its workers; what the scan that comes to its end says must hold each file once, with the verdict it has undisturbed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from contextlib import closing
from pathlib import Path

import psutil
from PIL import Image, ImageDraw, ImageFont

MIJIAN = (sys.executable, "-m", "agent.cli", "scan", "--all", "--format", "jsonl")
SETTLES = 2.2
"""Seconds after which a file is no longer taken for one that is just being written."""

_PICTURES = 200
"""One file of so many is a picture: none in a short trial, for which OCR would be loaded with each scan."""

Verdicts = dict[tuple[str, str | None], str]


def make_tree(folder: Path, files: int, r: random.Random) -> None:
    """Small files of several kinds, some of them marked."""
    for number in range(files):
        place = folder / f"{number % 20:02}"
        place.mkdir(parents=True, exist_ok=True)
        marked = r.random() < 0.1
        text = ("机密★10年\n" if marked else "") + f"第 {number} 号一般材料\n" * r.randint(1, 60)
        match number % 10:
            case 0:
                with zipfile.ZipFile(place / f"{number}.zip", "w") as archive:
                    archive.writestr("甲.txt", text)
                    archive.writestr("乙.txt", "一般材料")
            case 1:
                (place / f"{number}.html").write_text(f"<html><body><p>{text}</p></body></html>", "utf-8")
            case 2:
                (place / f"{number}.zip").write_bytes(b"PK\x03\x04" + r.randbytes(200))
            case 3:
                with closing(sqlite3.connect(place / f"{number}.sqlite")) as base:
                    base.execute("CREATE TABLE notes (text)")
                    base.execute("INSERT INTO notes VALUES (?)", (text,))
                    base.commit()
            case 9 if number % _PICTURES == _PICTURES - 1:
                _picture(number, marked=marked).save(place / f"{number}.png")
            case _:
                (place / f"{number}.txt").write_text(text, r.choice(("utf-8", "gb18030")))


def _picture(number: int, *, marked: bool) -> Image.Image:
    """A small scan, read by the worker with OCR where that is installed."""
    picture = Image.new("L", (640, 200), 255)
    lines = ("TOP SECRET//NOFORN" if marked else "ORDINARY PAPER", f"Number {number}")
    ImageDraw.Draw(picture).multiline_text((30, 30), "\n".join(lines), 0, ImageFont.load_default(40))
    return picture


def environment(cache: Path) -> dict[str, str]:
    """A ledger and compiled rules of its own."""
    return os.environ | {"XDG_CACHE_HOME": str(cache), "LC_ALL": "C.UTF-8"}


def start(folder: Path, cache: Path, output: Path) -> subprocess.Popen[bytes]:
    """A scan under way, its output going into a file."""
    with output.open("wb") as stream:
        return subprocess.Popen(
            [*MIJIAN, str(folder)], stdout=stream, stderr=subprocess.DEVNULL, env=environment(cache)
        )


def verdicts(output: Path) -> tuple[Verdicts, dict[str, object]]:
    """Each file's verdict and the sum. Fails where a file is told twice, or the sum does not add up."""
    *rows, last = (json.loads(line) for line in output.read_bytes().splitlines())
    summary = last["summary"]
    told = Counter((row["path"], row["member"]) for row in rows)
    assert max(told.values()) == 1, "a file is told twice"
    assert summary["enumerated"] == summary["clean"] + summary["finding"] + summary["not_examined"] == len(rows)
    return {(row["path"], row["member"]): row["reason"] or row["verdict"] for row in rows}, summary


def undisturbed(folder: Path, cache: Path, output: Path) -> tuple[Verdicts, float]:
    """What a scan says that nobody kills, without a ledger; and how long it takes."""
    began = time.monotonic()
    with output.open("wb") as stream:
        subprocess.run([*MIJIAN, "--no-cache", str(folder)], stdout=stream, env=environment(cache), check=False)
    return verdicts(output)[0], time.monotonic() - began


def kill_one(scan: subprocess.Popen[bytes], target: str, r: random.Random) -> str:
    """Kill the scan, or the nursery, or a worker of it; what was killed, empty where there was none to kill."""
    if target == "scan":
        scan.kill()
        scan.wait()
        return target
    try:
        nurseries = psutil.Process(scan.pid).children()
        victims = nurseries if target == "nursery" else [one for each in nurseries for one in each.children()]
        if victims:
            r.choice(victims).send_signal(signal.SIGKILL)
            return target
    except psutil.NoSuchProcess:
        pass  # it has come to its end
    return ""


def trial(files: int, kills: int, seed: int, work: Path) -> Counter[str]:
    """Kill ``kills`` times; counts of what was killed. Fails with the difference where something came out otherwise."""
    r = random.Random(seed)  # noqa: S311 - moments, not secrets
    folder, output = work / "tree", work / "out.jsonl"
    make_tree(folder, files, r)
    undisturbed(folder, work / "cache", output)  # compiles the rules
    expected, seconds = undisturbed(folder, work / "cache", output)
    time.sleep(SETTLES)
    killed: Counter[str] = Counter()
    while killed.total() < kills:
        ledger = work / "cache" / "mijian" / "ledger.sqlite"
        for leftover in ledger.parent.glob("ledger.sqlite*"):
            leftover.unlink()
        # One scan after another is killed and goes on with what the ones before it have written.
        for _ in range(r.randint(1, 5)):
            scan = start(folder, work / "cache", output)
            time.sleep(r.uniform(0.05, seconds))
            killed[kill_one(scan, "worker", r)] += 1
            time.sleep(r.uniform(0.0, seconds / 4))
            killed[kill_one(scan, "scan", r)] += 1
        scan = start(folder, work / "cache", output)
        time.sleep(r.uniform(0.1, seconds))
        killed[kill_one(scan, r.choice(("worker", "worker", "nursery")), r)] += 1
        scan.wait()
        told, _ = verdicts(output)
        different = {place: (expected.get(place), told.get(place)) for place in expected.keys() | told.keys()}
        assert told == expected, {place: pair for place, pair in different.items() if pair[0] != pair[1]}
        del killed[""]
    return killed


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))  # noqa: S311
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        killed = trial(options.files, options.kills, options.seed, Path(work))
    sys.stdout.write(f"seed {options.seed}: {dict(killed)} killed; every file told once, with the same verdict\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
