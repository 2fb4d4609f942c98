"""JSON Schemas for editors, made from the structs that read the files, so that they cannot say anything else.

``pack.schema.json`` lies beside; a test holds it against `pack_schema`. To renew it::

    mijian rules schema > signatures/schema/pack.schema.json
"""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from signatures.markings.zones import GROUPS
from signatures.passages import Zone
from signatures.plain_words import FAMILIES
from signatures.rules import Example, Examples, LevelWord, LiteralEntry, Pack, Rule, Vocabulary, Words

PACK_SCHEMA = Path(__file__).parent / "pack.schema.json"
"""The file that editors are pointed to."""

_STRUCTS = (Pack, Rule, Vocabulary, LevelWord, LiteralEntry, Examples, Example, Words)


def pack_schema() -> dict[str, Any]:
    """The schema of a pack (``signatures/packs/*.yaml``), JSON Schema 2020-12."""
    schema = msgspec.json.schema(Pack)
    definitions = schema["$defs"]
    for struct in _STRUCTS:
        for name, told in _field_texts(struct).items():
            definitions[struct.__name__]["properties"][name].setdefault("description", told)
    rule = definitions["Rule"]["properties"]
    rule["id"]["pattern"] = r"^[a-z0-9]+(-[a-z0-9]+)*\.[a-z0-9]+(-[a-z0-9]+)*$"
    rule["zones"]["items"] = {"enum": [*GROUPS, *map(str, Zone)]}
    rule["family"]["examples"] = list(FAMILIES)
    definitions["LiteralEntry"]["properties"]["text"]["minLength"] = 2
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Mijian: a pack of rules",
        **schema,
    }


def written(schema: dict[str, Any]) -> str:
    """A schema as the text of its file."""
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def _field_texts(struct: type[msgspec.Struct]) -> dict[str, str]:
    """The texts that stand under the fields of a struct."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(struct))).body
    found: dict[str, str] = {}
    body = tree.body if isinstance(tree, ast.ClassDef) else []
    for field, after in pairwise(body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
            and isinstance(after.value.value, str)
        ):
            found[field.target.id] = inspect.cleandoc(after.value.value).replace("\n", " ")
    return found
