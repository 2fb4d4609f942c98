"""One reader under a fuzzer that sees which branches its inputs reach (Atheris), by hand and for as long as one likes.

    python tests/fuzz/guided.py doc SEEDS… -- -max_total_time=600 -artifact_prefix=crashes/

``SEEDS`` are files or folders to begin from; what stands after ``--`` is libFuzzer's. Needs Atheris, which is no
dependency of ours (``pip install atheris``). What it finds goes to ``crashes/`` under the name ``FORMAT-HASH``.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

with atheris.instrument_imports(include=["agent.scanning.formats"]):
    from agent.scanning.formats import FORMATS, load
    from agent.scanning.identify import identify

from conftest import CRASHES, read_whole  # noqa: E402 - of this folder, once the path is set


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
    atheris.Setup([sys.argv[0], str(corpus), *rest[cut + 1 :]], lambda data: read_whole(module, data))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
