"""``make bench``: speed, recall and false alarms of `mijian scan` beside other tools, all in one run.

Every tool runs over the same seeded tree, in turn, several rounds, so that a change of the machine's speed meets all
of them; medians and the ratios between them are printed and written to ``bench/made/result.json``.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import statistics
import sys
from pathlib import Path
from typing import Any

from bench import peers
from bench.tree import make_large, make_tree

WORK = Path(__file__).parent / "made"
BLIND = ("read only", "read and inflate", "PDFium alone")
"""Tools that look for nothing."""


def labels_of(tree: Path) -> dict[str, dict[str, Any]]:
    """Path → label."""
    lines = tree.with_name(tree.name + ".jsonl").read_text("utf-8").splitlines()
    return {row["path"]: row for row in map(json.loads, lines)}


def part_of(tree: Path, name: str, paths: list[str], copies: int = 1) -> Path:
    """A folder of hard links to some of the tree's files (so that it costs no disk)."""
    folder = tree.with_name(f"{tree.name}-{name}")
    shutil.rmtree(folder, ignore_errors=True)
    for copy in range(copies):
        for path in paths:
            target = folder / str(copy) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.hardlink_to(tree / path)
    return folder


def size_of(folder: Path) -> tuple[int, int]:
    """How many files, how many bytes."""
    sizes = [p.stat().st_size for p in folder.rglob("*") if p.is_file()]
    return len(sizes), sum(sizes)


def measure(
    tools: list[peers.Peer], tree: Path, labels: dict[str, dict[str, Any]], rounds: int
) -> list[dict[str, Any]]:
    """Time every tool over one tree, round by round; give a row each with medians."""
    files, size = size_of(tree)
    seconds: dict[str, list[float]] = {tool.name: [] for tool in tools}
    found: dict[str, set[str]] = {}
    for number in range(rounds):
        for tool in tools:
            print(f"  round {number + 1}/{rounds}: {tool.name} …", end="\r", file=sys.stderr, flush=True)
            spent, output = peers.run(tool, tree)
            seconds[tool.name].append(spent)
            found[tool.name] = tool.found(tree, output)
    rows = []
    for tool in tools:
        median = statistics.median(seconds[tool.name])
        hits = {path.split("/", 1)[1] if path not in labels else path for path in found[tool.name]}
        marked = {path for path in labels if labels[path]["marked"] and (tree / path).exists()} or {
            path for path in labels if labels[path]["marked"] and (tree / "0" / path).exists()
        }
        rows.append(
            {
                "tool": tool.name,
                "seconds": round(median, 3),
                "rounds": [round(s, 3) for s in seconds[tool.name]],
                "files_per_second": round(files / median),
                "mb_per_second": round(size / median / 1e6, 1),
                "marked": len(marked),
                "found": len(hits & marked),
                "false_alarms": len(hits - marked),
                "note": tool.note,
            }
        )
    return rows


def show(title: str, rows: list[dict[str, Any]]) -> None:
    """Print one table, with the ratio of each tool's time to ours."""
    ours = next(row["seconds"] for row in rows if row["tool"].startswith("mijian"))
    print(f"\n{title}\n{'':24}{'seconds':>9}{'files/s':>9}{'MB/s':>9}{'found':>12}{'false':>7}{'time ÷ ours':>13}")
    for row in rows:
        share = f"{row['found']}/{row['marked']}" if row["tool"] != "read only" else "—"
        print(
            f"{row['tool']:24}{row['seconds']:9.2f}{row['files_per_second']:9}{row['mb_per_second']:9}{share:>12}"
            f"{row['false_alarms']:7}{row['seconds'] / ours:12.2f}×  {row['note']}"
        )


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=2024)
    parser.add_argument("--scale", type=float, default=1.0, help="1.0 is 3,000 files and about 200 MB")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("mixed", "text", "script"), action="append")
    options = parser.parse_args()
    if missing := peers.missing_tools():
        print(f"not on this machine: {', '.join(missing)}; deploy/setup.sh bench installs them", file=sys.stderr)
        return 2
    WORK.mkdir(exist_ok=True)
    wanted = options.only or ["mixed", "text", "script"]
    print(f"making the tree (seed {options.seed}) …", file=sys.stderr)
    tree = make_tree(WORK, options.seed, options.scale)
    labels = labels_of(tree)
    result: dict[str, Any] = {"seed": options.seed, "scale": options.scale}
    if "mixed" in wanted:
        tools = [peers.reader(), peers.ripgrep(WORK), peers.mijian(2), peers.clamav(WORK, 2)]
        result["mixed"] = measure(tools, tree, labels, options.rounds)
        files, size = size_of(tree)
        show(f"mixed tree: {files} files, {size / 1e6:.0f} MB", result["mixed"])
    if "text" in wanted:
        texts = part_of(tree, "text", [path for path, row in labels.items() if row["kind"] == "txt"], copies=6)
        tools = [peers.reader(), peers.ripgrep(WORK), peers.ripgrep_same(WORK), peers.mijian(2)]
        result["text"] = measure(tools, texts, labels, options.rounds)
        files, size = size_of(texts)
        show(f"plain text alone: {files} files, {size / 1e6:.0f} MB", result["text"])
        shutil.rmtree(texts)
        whole = make_large(WORK, options.seed)
        large = part_of(whole, "copies", sorted(labels_of(whole)), copies=12)
        result["large"] = measure(tools, large, labels_of(whole), options.rounds)
        files, size = size_of(large)
        show(f"large texts: {files} files, {size / 1e6:.0f} MB", result["large"])
        shutil.rmtree(large)
    if "script" in wanted:
        some = random.Random(options.seed).sample(sorted(labels), min(300, len(labels)))
        sample = part_of(tree, "sample", some)
        result["script"] = measure([peers.mijian(1), peers.plain_script(WORK)], sample, labels, 1)
        files, size = size_of(sample)
        show(f"sample for the plain script: {files} files, {size / 1e6:.0f} MB", result["script"])
        shutil.rmtree(sample)
    (WORK / "result.json").write_text(json.dumps(result, ensure_ascii=False, indent=1), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
