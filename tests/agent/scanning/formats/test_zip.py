"""A zip hands on every file in it, and says of each that it cannot why."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from agent.scanning.formats import zip as zip_format
from agent.scanning.formats.base import Budget, MiB
from protocol.records import Reason
from signatures.engine import build
from signatures.literals import Literal
from signatures.passages import Zone

Zipped = Callable[[Mapping[str, bytes | str]], bytes]


def test_every_file_is_handed_on_with_its_bytes(read_pieces: Any, zipped: Zipped) -> None:
    outcome = read_pieces(zip_format, zipped({"文件/a.txt": "甲", "b.bin": b"\0\1"}))
    assert [(member.name, member.data, member.size) for member in outcome.members] == [
        ("文件/a.txt", "甲".encode(), 3),
        ("b.bin", b"\0\1", 2),
    ]
    assert outcome.problem is None


def test_names_that_climb_out_are_just_names(read_pieces: Any, zipped: Zipped, tmp_path: Path) -> None:
    outcome = read_pieces(zip_format, zipped({"../../evil.txt": "x", "/etc/passwd": "y", "C:\\a\\b": "z"}))
    assert [member.name for member in outcome.members] == ["../../evil.txt", "/etc/passwd", "C:/a/b"]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_named_with_a_level_is_told_and_other_folders_are_not(read_pieces: Any, zipped: Zipped) -> None:
    outcome = read_pieces(zip_format, zipped({"秘密-材料/": "", "照片/": "", "照片/a.txt": "x"}))
    assert outcome.texts(Zone.PATH) == ["秘密-材料"]
    assert [member.name for member in outcome.members] == ["照片/a.txt"]


def test_a_bomb_beside_an_honest_file_costs_only_itself(read_pieces: Any, zipped: Zipped) -> None:
    outcome = read_pieces(zip_format, zipped({"zeros.bin": bytes(20 * MiB), "a.txt": "机密★10年"}))
    bomb, honest = outcome.members
    assert bomb.data is None
    assert bomb.problem.reason is Reason.BOMB
    assert honest.data == "机密★10年".encode()


def test_the_budget_of_all_members_together_is_kept(read_pieces: Any, zipped: Zipped) -> None:
    outcome = read_pieces(zip_format, zipped({f"{n}.txt": bytes(range(256)) * 40 for n in range(10)}), Budget(30_000))
    problems = [member.problem.reason for member in outcome.members if member.problem]
    assert len(problems) == 8
    assert set(problems) == {Reason.BOMB}


def test_a_wrong_checksum_gives_the_bytes_and_ends_as_damaged(read_pieces: Any) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.txt", "机密★10年")
    data = out.getvalue().replace("★10年".encode(), "★20年".encode(), 1)
    outcome = read_pieces(zip_format, data)
    assert outcome.members[0].data == "机密★20年".encode()
    assert outcome.reason == "damaged"


def test_a_truncated_zip_gives_what_is_there_and_ends_as_damaged(read_pieces: Any, zipped: Zipped) -> None:
    data = zipped({"a.txt": "机密★10年" * 100, "b.txt": "x" * 1000})
    outcome = read_pieces(zip_format, data[: len(data) - 90])
    assert outcome.members[0].data == ("机密★10年" * 100).encode()
    assert outcome.reason == "damaged"


@pytest.mark.parametrize("data", [b"PK\x03\x04" + bytes(100), b"PK\x03\x04", b"PK\x05\x06" + b"\xff" * 18])
def test_what_only_begins_like_a_zip_is_damaged(read_pieces: Any, data: bytes) -> None:
    assert read_pieces(zip_format, data).reason == "damaged"


def test_an_empty_zip_is_clean(read_pieces: Any, zipped: Zipped) -> None:
    outcome = read_pieces(zip_format, zipped({}))
    assert (outcome.members, outcome.passages, outcome.problem) == ([], [], None)


@pytest.mark.shared
def test_no_real_zip_raises_anything_but_not_examined(read_pieces: Any, shared: Path) -> None:
    kinds = ("zip", "jar", "z01", "z02", "epub")
    files = [path for kind in kinds for path in (shared / "corpus/real" / kind).iterdir()]
    members = sum(len(read_pieces(zip_format, path.read_bytes()).members) for path in files)
    assert len(files) > 20
    assert members > 100


@pytest.mark.parametrize("codec", ["utf-8", "gb18030"])
def test_what_is_remarked_on_a_zip_or_on_a_member_is_told(read_pieces: Any, codec: str) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        member = zipfile.ZipInfo("a.txt")
        member.comment = "绝密★20年".encode(codec)
        archive.writestr(member, "x")
        archive.comment = "机密★10年".encode(codec)
    sieve = build([Literal("机密"), Literal("绝密")])
    assert read_pieces(zip_format, out.getvalue(), sieve=sieve).texts(Zone.BODY) == ["机密★10年", "绝密★20年"]
