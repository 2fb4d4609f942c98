"""One reader under a fuzzer that sees which branches its inputs reach (Atheris), by hand and for as long as one likes.

    python tests/fuzz/guided.py doc SEEDS… -- -max_total_time=600 -artifact_prefix=crashes/

``SEEDS`` are files or folders to begin from; what stands after ``--`` is libFuzzer's. Needs Atheris, which is no
dependency of ours (``pip install atheris``). Of a zip mostly one member is changed, as what is packed could not be.
What it finds goes to ``crashes/`` under the name ``FORMAT-HASH``.
"""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

import atheris

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

with atheris.instrument_imports(include=["agent.scanning.formats"]):
    from agent.scanning.formats import FORMATS, load
    from agent.scanning.identify import identify

from conftest import CRASHES, in_zip, read_whole  # noqa: E402 - of this folder, once the path is set


def mutated(data: bytes, most: int, seed: int) -> bytes:
    """What libFuzzer makes of an input or, most often, of one member of a zip."""
    chance = random.Random(seed)  # noqa: S311 - no secret hangs on it
    if data.startswith(b"PK\3\4") and chance.random() < 0.9:
        inside = in_zip(data, chance, lambda part, _: atheris.Mutate(part, len(part) + 1024))
        if inside is not None and len(inside) <= most:
            return inside
    return bytes(atheris.Mutate(data, most))


def main() -> None:
    """Fuzz until libFuzzer ends or something breaks."""
    from agent.scanning.formats.base import Source

    name, *rest = sys.argv[1:]
    cut = rest.index("--") if "--" in rest else len(rest)
    with atheris.instrument_imports(include=["agent.scanning.formats"]):
        module = load(name)
    corpus = Path(tempfile.mkdtemp(prefix=f"guided-{name}-"))
    files = [file for seed in [*rest[:cut], str(CRASHES)] for file in sorted(Path(seed).rglob("*")) or [Path(seed)]]
    for number, file in enumerate(files):
        if file.is_file() and file.stat().st_size <= 1 << 18:
            data = file.read_bytes()
            if FORMATS.get(identify(Source.of(data), file.name).media_type) == name:
                (corpus / str(number)).write_bytes(data)
    asked = [sys.argv[0], str(corpus), *rest[cut + 1 :]]
    atheris.Setup(asked, lambda data: read_whole(module, data), custom_mutator=mutated)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
