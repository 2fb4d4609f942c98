"""``make bench-formats``: the cost of every format, beside ClamAV, a program that only inflates, and PDFium alone.

The mixed tree and what an office has beside it (old Office, RTF, OFD, mail), whole and without PDFs; one worker beside
two; the text of all PDFs beside PDFium's; and what a file of each kind costs one worker, its start taken off.

At scale 1 (3,760 files) a run takes some two seconds, of which starting is a sixth: that is what a stick costs. At the
scale of 4 that is used unless another is asked for (15,040 files) it is what a disk costs.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
from pathlib import Path
from typing import Any

from bench import offices, peers
from bench.run import WORK, labels_of, measure, part_of, show, size_of
from bench.tree import make_tree


def whole_tree(seed: int, scale: float) -> tuple[Path, dict[str, dict[str, Any]]]:
    """All files in one folder of hard links, and their labels."""
    whole = WORK / "whole"
    shutil.rmtree(whole, ignore_errors=True)
    labels: dict[str, dict[str, Any]] = {}
    for name, tree in (("mixed", make_tree(WORK, seed, scale)), ("offices", offices.make_offices(WORK, seed, scale))):
        for path, row in labels_of(tree).items():
            target = whole / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.hardlink_to(tree / path)
            labels[f"{name}/{path}"] = row
    return whole, labels


def cost_per_kind(whole: Path, labels: dict[str, dict[str, Any]], rounds: int) -> list[dict[str, Any]]:
    """Milliseconds that a file of each kind takes one worker: whole runs, less a run over one such file."""
    tool = peers.mijian(1)
    rows = []
    for kind in sorted({row["kind"] for row in labels.values()}):
        paths = [path for path, row in labels.items() if row["kind"] == kind]
        seconds = []
        for name, some in (("one", paths[:1]), ("kind", paths)):
            part = part_of(whole, name, some)
            files, size = size_of(part)
            seconds.append(statistics.median(peers.run(tool, part)[0] for _ in range(rounds)))
            shutil.rmtree(part)
        spent = max(seconds[1] - seconds[0], 0.001)
        each = round(1000 * spent / max(1, files - 1), 2)
        rows.append({"kind": kind, "files": files, "ms": each, "MB/s": round(size / spent / 1e6, 1)})
    return rows


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=2024)
    parser.add_argument("--scale", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    lacking = [*peers.missing_tools(), *filter(None, [offices.missing()])]
    if lacking:
        print(
            f"not on this machine: {', '.join(lacking)}; deploy/setup.sh bench installs all but LibreOffice:",
            file=sys.stderr,
        )
        print("apt-get install libreoffice-writer libreoffice-calc libreoffice-impress", file=sys.stderr)
        return 2
    WORK.mkdir(exist_ok=True)
    print(f"making the files (seed {options.seed}; some minutes the first time) …", file=sys.stderr)
    whole, labels = whole_tree(options.seed, options.scale)
    result: dict[str, Any] = {}
    tools = [peers.inflater(), peers.mijian(2), peers.mijian(1), peers.clamav(WORK, 2)]
    for name, title, kinds in (("whole", "all files", None), ("without_pdf", "without PDFs", "pdf")):
        part = part_of(whole, name, [path for path, row in labels.items() if row["kind"] != kinds])
        result[name] = measure(tools, part, labels, options.rounds)
        files, size = size_of(part)
        show(f"{title}: {files} files, {size / 1e6:.0f} MB", result[name])
        shutil.rmtree(part)
    pdfs = part_of(whole, "pdf", [path for path, row in labels.items() if row["kind"] == "pdf"])
    result["pdf"] = measure([peers.pdfium(), peers.mijian(1)], pdfs, labels, options.rounds)
    show("PDFs, one process", result["pdf"])
    shutil.rmtree(pdfs)
    result["kinds"] = cost_per_kind(whole, labels, options.rounds)
    print("\none worker, a file of each kind")
    for row in result["kinds"]:
        print(f"  {row['kind']:6}{row['files']:6} files{row['ms']:9.2f} ms{row['MB/s']:9.1f} MB/s")
    shutil.rmtree(whole)
    (WORK / "formats.json").write_text(json.dumps(result, ensure_ascii=False, indent=1), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
