"""The schema that editors check with is the one the program reads with."""

from __future__ import annotations

import json
from typing import Any

import yaml

from signatures.rules import PACKS, Production, Unit
from signatures.schema import PACK_SCHEMA, pack_schema, written


def definition(schema: dict[str, Any], name: str) -> dict[str, Any]:
    properties: dict[str, Any] = schema["$defs"][name]["properties"]
    return properties


def test_the_schema_beside_is_current() -> None:
    assert PACK_SCHEMA.read_text("utf-8") == written(pack_schema()), (
        "renew it: mijian rules schema > " + PACK_SCHEMA.name
    )


def test_an_editor_refuses_unknown_keys_and_offers_the_known_values() -> None:
    schema = json.loads(PACK_SCHEMA.read_text("utf-8"))
    for name in ("Pack", "Rule", "Examples", "Example", "LiteralEntry", "Vocabulary"):
        assert schema["$defs"][name]["additionalProperties"] is False
    assert schema["$defs"]["Production"]["enum"] == sorted(Production)
    assert schema["$defs"]["Unit"]["enum"] == sorted(Unit)
    assert {"marking", "header", "body"} <= set(definition(schema, "Rule")["zones"]["items"]["enum"])


def test_an_editor_tells_what_each_key_is_for() -> None:
    rule = definition(pack_schema(), "Rule")
    assert rule["pattern"]["description"].startswith("Regular expression over the normalised view")
    assert rule["companions"]["description"].startswith("Patterns of which each must be found")


def test_every_key_that_our_packs_use_is_in_the_schema() -> None:
    schema = pack_schema()
    used = [yaml.safe_load(file.read_text("utf-8")) for file in sorted(PACKS.glob("*.yaml"))]
    assert used
    for pack in used:
        assert pack.keys() <= definition(schema, "Pack").keys()
        for rule in pack["rules"]:
            assert rule.keys() <= definition(schema, "Rule").keys()
