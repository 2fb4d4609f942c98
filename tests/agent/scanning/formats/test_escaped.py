"""Text with escaped characters: read as it is meant, with no character that was not there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agent.scanning.formats import escaped
from agent.scanning.formats.base import Source
from agent.scanning.identify import identify


def told(outcome: Any) -> str:
    return "\n".join(passage.text for passage in outcome.passages)


@pytest.mark.parametrize("name", ["a.json", "a.ipynb", "lines.jsonl", "messages.properties", "a.yml", "a.toml", "a.js"])
def test_it_is_known_by_the_ending_of_its_name(name: str) -> None:
    assert identify(Source.of(b'{"a": 1}'), name).media_type in escaped.MEDIA_TYPES


@pytest.mark.parametrize("ascii_only", [True, False])
def test_characters_are_read_whether_they_are_escaped_or_not(read_pieces: Any, ascii_only: bool) -> None:
    data = json.dumps({"title": "方案", "密级": "机密★10年"}, ensure_ascii=ascii_only, indent=1).encode()
    assert "机密★10年" in told(read_pieces(escaped, data))


def test_a_cell_of_a_notebook_keeps_its_lines(read_pieces: Any) -> None:
    data = json.dumps({"cells": [{"source": "机密★10年\n# 方案"}]}).encode()
    assert any(line.endswith("机密★10年") for line in told(read_pieces(escaped, data)).split("\n"))


def test_characters_beyond_the_first_plane_and_halves_of_them_do_no_harm(read_pieces: Any) -> None:
    found = read_pieces(escaped, b'{"a": "\\ud83d\\ude00 \\ud83d \\u673a\\u5bc6"}')
    assert "\U0001f600" in told(found)
    assert "机密" in told(found)


def test_what_is_escaped_ends_no_string(read_pieces: Any) -> None:
    assert '机密" ,' not in told(read_pieces(escaped, b'{"a": "\\u673a\\u5bc6\\u0022 , "}'))


def test_a_file_without_any_literal_gives_nothing(read_pieces: Any) -> None:
    assert not read_pieces(escaped, b'{"a": "\\u65b9\\u6848"}').passages


def test_a_file_that_nothing_is_escaped_in_is_read_from_its_beginning(read_pieces: Any) -> None:
    data = "机密★10年\n".encode("utf-16")
    assert "机密★10年" in told(read_pieces(escaped, data))
