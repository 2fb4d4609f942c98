"""``make bench-matching``: how fast bytes are searched on one core, beside the engines one might take instead.

The built-in packs alone, and with 1,000 and 10,000 keywords, over clean Chinese text, English text and text dense with
level words, in three encodings. Every engine is given the same byte strings; seconds are CPU seconds, the least of
several passes. `re` and the portable engines see one document only: they would take minutes.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from bench.vocabulary import TALK, paragraphs, sentence
from signatures.engine import LiteralSieve, build
from signatures.engine.bytecode import spellings
from signatures.literals import Literal
from signatures.rules import load_rules

WORK = Path(__file__).parent / "made"
DOCUMENT = 1_000_000
RIPGREP_COPIES = 8
"""How often ripgrep gets the documents: it is timed as a process, most of whose time goes into its patterns."""
ENCODINGS = ("utf-8", "gb18030", "utf-16-le", "utf-16-be", "big5")
SEARCHED = frozenset(ENCODINGS)
SHOWN = ("utf-8", "gb18030", "utf-16-le")
RULES = load_rules()

Search = Callable[[list[bytes]], int]
"""Search documents; how many matches there were."""


def texts(documents: int) -> dict[str, list[str]]:
    """Documents of about a megabyte in UTF-8, by kind."""
    r = random.Random("matching")

    def cut(line: Callable[[], str], characters: int) -> list[str]:
        made = []
        for _ in range(documents):
            lines, left = [], characters
            while left > 0:
                lines.append(line())
                left -= len(lines[-1]) + 1
            made.append("\n".join(lines))
        return made

    return {
        "clean Chinese": cut(lambda: "".join(sentence(r, 0.02) for _ in range(5)), DOCUMENT // 3),
        "English": cut(lambda: " ".join(sentence(r, 1.0) for _ in range(4)), DOCUMENT),
        "dense": cut(
            lambda: "".join(r.choice(TALK) if r.random() < 0.6 else sentence(r, 0) for _ in range(5)), DOCUMENT // 3
        ),
    }


def words(count: int) -> list[str]:
    """Invented words of two to six ideographs, and one in ten of Latin letters; none of them in the texts."""
    r = random.Random("words")
    known = "".join(paragraphs(r, 100_000)) + "".join(TALK)
    made: set[str] = set()
    while len(made) < count:
        if r.random() < 0.1:
            word = "".join(r.choices("abcdefghijklmnoprstuvw", k=r.randint(5, 10)))
        else:
            # Level 1 of GB 2312: the characters in use.
            raw = bytes(
                byte
                for _ in range(r.choice((2, 3, 3, 4, 4, 4, 5, 6)))
                for byte in (r.randint(0xB0, 0xD6), r.randint(0xA1, 0xFE))
            )
            word = raw.decode("gb2312", "ignore")
        if len(word) > 1 and word not in known:
            made.add(word)
    return sorted(made)


def strings_of(listed: Iterable[str]) -> list[tuple[bytes, bool]]:
    """The byte strings of our literals and of these words in all encodings, each with whether case counts not."""
    found: dict[bytes, bool] = {}
    for text, caseless in [
        *((one.text.strip("\n"), one.any_case) for one in RULES.literals),
        *((word, True) for word in listed),
    ]:
        for form in {form for encoding in ENCODINGS for form in spellings(text, encoding)}:
            found[form] = caseless
    return sorted(found.items())


# The engines


def ours(listed: list[str], prefer: str, cache: Path | None) -> Search:
    """Our sieve: it also looks for full-width letters, for gaps, and proves each place."""
    sieve = sieve_of(listed, prefer, cache)
    return lambda documents: sum(len(sieve.spans(data, encodings=SEARCHED)) for data in documents)


def sieve_of(listed: list[str], prefer: str, cache: Path | None) -> LiteralSieve:
    """The sieve of the packs and these words."""
    literals = [Literal(word, any_case=True) for word in listed]
    return build(RULES.literals, words=literals, prefer=prefer, cache=cache)


def _hexadecimal(string: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in string)


def yara_x(strings: list[tuple[bytes, bool]]) -> Search:
    """YARA-X, each string one of a rule of its own size."""
    import yara_x as engine

    lines = [f'$s{n} = "{_hexadecimal(s)}"{" nocase" if free else ""}' for n, (s, free) in enumerate(strings)]
    rules = engine.compile("rule words { strings: " + "\n".join(lines) + " condition: any of them }")
    scanner = engine.Scanner(rules)
    return lambda documents: sum(len(scanner.scan(data).matching_rules) for data in documents)


def daachorse(strings: list[tuple[bytes, bool]]) -> Search:
    """daachorse's double array, over bytes; it knows no case, so it looks for less."""
    import daachorse as engine

    machine = engine.DoubleArrayAhoCorasick([string for string, _ in strings])
    return lambda documents: sum(len(machine.find(data)) for data in documents)


def plain_re(strings: list[tuple[bytes, bool]]) -> Search:
    """Python's `re`: one alternation."""
    pattern = re.compile(b"|".join(re.escape(string) for string, _ in strings))
    return lambda documents: sum(1 for data in documents for _ in pattern.finditer(data))


def ripgrep(strings: list[tuple[bytes, bool]], documents: list[bytes], folder: Path) -> float:
    """CPU seconds of ripgrep over one large file of these documents, less those it takes for an empty one."""
    patterns, empty, file = folder / "patterns", folder / "empty", folder / "documents"
    # It goes by lines: strings with the byte of a line end in them (UTF-16) are not for it, and it has less to do.
    lines = [("(?i-u)" if free else "(?-u)") + _hexadecimal(s) for s, free in strings if b"\n" not in s]
    patterns.write_text("\n".join(lines), "ascii")
    empty.write_bytes(b"")
    with file.open("wb") as out:
        for _ in range(RIPGREP_COPIES):
            out.writelines(documents)
    limits = ["--regex-size-limit", "8G", "--dfa-size-limit", "8G"]
    command = ["rg", "-a", "-c", "--no-unicode", "--threads", "1", "--no-mmap", *limits, "-f", str(patterns)]
    spent = []
    for target in (empty, file):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([*command, str(target)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        if done.returncode not in (0, 1):
            raise SystemExit(f"ripgrep failed:\n{done.stderr.decode()[-1000:]}")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return max(spent[1] - spent[0], 1e-6) / RIPGREP_COPIES


# Measuring


def rate(search: Search, documents: list[bytes], passes: int = 3) -> float:
    """MB/s of one core: the best of several passes. Some is searched before, for what is made ready at first need."""
    best = float("inf")
    search([data[:2000] for data in documents[:1]])
    for _ in range(passes):
        start = time.process_time()
        search(documents)
        best = min(best, time.process_time() - start)
    return sum(map(len, documents)) / 1e6 / best


def whole_check() -> Search:
    """A document as a scan treats it: searched, its lines read around each hit, and judged by the grammar."""
    from agent.scanning.examine import Examiner
    from agent.scanning.formats.base import Source
    from agent.scanning.talk import talk_of
    from signatures.markings import Grammar

    examiner = Examiner(build(RULES.literals, talk=talk_of(RULES), cache=WORK), Grammar(RULES))
    return lambda given: sum(len(examiner.examine(Source.of(data), "a.txt").rows) for data in given)


def loading(count: int) -> dict[str, float]:
    """In a process of its own, from the cache: the time until a first text is searched, and the MB that it takes."""
    code = (
        "import json,resource,time;from pathlib import Path;from bench.matching import *\n"
        f"listed=words({count}) if {count} else []\n"
        "def rss(): return int(Path('/proc/self/statm').read_text().split()[1])*4096/1e6\n"
        "literals=[Literal(word, any_case=True) for word in listed]\n"
        "from signatures.engine import engines; each=[]; made=engines.Hyperscan.__init__\n"
        "def timed(self, *given):\n"
        "    start=time.process_time(); made(self, *given); each.append(1000*(time.process_time()-start))\n"
        "build(()).worth(b'x'); RULES.literals; before=rss(); engines.Hyperscan.__init__=timed\n"
        "text=texts(1)['clean Chinese'][0][:1000].encode()\n"
        "cpu=time.process_time(); start=time.perf_counter(); sieve=build(RULES.literals, words=literals, cache=WORK)\n"
        "sieve.worth(text, encodings=SEARCHED); spent=time.perf_counter()-start; cpu=time.process_time()-cpu\n"
        "told={'milliseconds': 1000*spent, 'CPU milliseconds': 1000*cpu, 'MB': rss()-before}\n"
        "told|={'databases': len(each), 'of which the slowest, CPU milliseconds': max(each)}\n"
        "print(json.dumps({name: round(each,1) for name, each in told.items()}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=WORK.parents[1])
    return dict(json.loads(done.stdout))


def table(count: int, made: dict[str, dict[str, list[bytes]]], folder: Path) -> dict[str, dict[str, float]]:
    """One table: engines against texts, in MB/s."""
    listed = words(count) if count else []
    strings = strings_of(listed)
    engines: dict[str, tuple[Search, int]] = {
        "mijian": (ours(listed, "auto", WORK), 99),
        "mijian, portable": (ours(listed, "portable", None), 1),
        "yara-x": (yara_x(strings), 99 if count < 5000 else 2),
        "daachorse": (daachorse(strings), 99),
        "re": (plain_re(strings), 1 if count < 5000 else 0),
    }
    rows: dict[str, dict[str, float]] = {name: {} for name in [*engines, "ripgrep"]}
    for kind, encodings in made.items():
        for encoding, documents in encodings.items():
            column = f"{kind}, {encoding}"
            print(f"  {count} words: {column} …", end="\r", file=sys.stderr, flush=True)
            for name, (search, most) in engines.items():
                if most:
                    some = documents[:most]
                    some = [data[:200_000] for data in some] if name == "re" else some
                    rows[name][column] = round(rate(search, some, 3 if most > 2 else 1), 1)
            size = sum(map(len, documents)) / 1e6
            rows["ripgrep"][column] = round(size / ripgrep(strings, documents, folder), 1)
    return rows


def show(title: str, rows: dict[str, dict[str, float]]) -> None:
    """Print one table, and our speed as a multiple of the fastest other engine's."""
    columns = list(rows["mijian"])
    print(f"\n{title} (MB/s, one core)")
    for name, row in rows.items():
        print(f"{name:18}" + "".join(f"{row.get(column, 0):>10.0f}" for column in columns))
    others = [max(row.get(c, 0) for name, row in rows.items() if not name.startswith("mijian")) for c in columns]
    print(
        f"{'× fastest other':18}"
        + "".join(f"{rows['mijian'][c] / o:>10.2f}" for c, o in zip(columns, others, strict=True))
    )
    print(" " * 18 + "".join(f"{column.split(',')[0][:9]:>10}" for column in columns))
    print(" " * 18 + "".join(f"{column.split(', ')[1]:>10}" for column in columns))


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=8, help="of a megabyte each, for every kind and encoding")
    parser.add_argument(
        "--words", type=int, action="append", help="numbers of keywords; 0, 1000 and 10000 if not given"
    )
    options = parser.parse_args()
    WORK.mkdir(exist_ok=True)
    made = {
        kind: {encoding: [text.encode(encoding) for text in each] for encoding in SHOWN}
        for kind, each in texts(options.documents).items()
    }
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for count in options.words or (0, 1000, 10000):
            result[str(count)] = table(count, made, Path(folder))
            show(f"the packs and {count} words" if count else "the packs alone", result[str(count)])
            result[f"{count} loaded"] = loading(count)
            print(f"loaded from the cache in {result[f'{count} loaded']}")
    result["whole check"] = checked = {
        encoding: {kind: rate(whole_check(), each[encoding]) for kind, each in made.items()} for encoding in SHOWN
    }
    for encoding, each in checked.items():
        rates = ", ".join(f"{kind} {one:.0f}" for kind, one in each.items())
        slower = each["clean Chinese"] / each["dense"]
        print(f"whole examination of a text, {encoding}, MB/s: {rates}; dense is {slower:.1f} times slower than clean")
    (WORK / "matching.json").write_text(json.dumps(result, ensure_ascii=False, indent=1), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
