"""``mijian rules schema``: the JSON Schema of a pack, for editors that check while one writes."""

from __future__ import annotations

import argparse
import sys

WHAT = ("输出规则包的 JSON Schema, 供编辑器使用", "print the JSON Schema of a pack, for editors")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The action has no options."""


def run(options: argparse.Namespace) -> int:  # noqa: ARG001  # every action takes them
    """Print it. Status 0."""
    from signatures.schema import pack_schema, written

    sys.stdout.write(written(pack_schema()))
    return 0
