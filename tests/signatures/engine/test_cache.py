"""Compiled databases on disk: quick where they can be trusted, ignored where not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from signatures.engine import build
from signatures.engine.cache import Cache
from signatures.literals import Literal

LITERALS = [Literal("机密", gaps=True)]
TEXT = "机 密".encode()


def kept(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.sieve"))


def test_a_database_is_kept_for_this_user_only_and_used_again(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    assert build(LITERALS, cache=folder).worth(TEXT)
    [file] = [path for path in kept(folder) if path.stat().st_size > 1000][:1]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert file.stat().st_mode & 0o777 == 0o600
    before = {path: path.stat().st_mtime_ns for path in kept(folder)}
    again = build(LITERALS, cache=folder)
    assert again.worth(TEXT)
    assert {path: path.stat().st_mtime_ns for path in kept(folder)} == before
    assert not list(folder.glob(".new-*"))


def test_other_literals_have_a_database_of_their_own(tmp_path: Path) -> None:
    build(LITERALS, cache=tmp_path)
    first = kept(tmp_path)
    build([Literal("绝密")], cache=tmp_path)
    assert len(kept(tmp_path)) == len(first) + 1


@pytest.mark.parametrize("damage", [b"", b"nonsense", None])
def test_a_damaged_database_is_compiled_anew(tmp_path: Path, damage: bytes | None) -> None:
    build(LITERALS, cache=tmp_path)
    [file] = kept(tmp_path)
    good = file.read_bytes()
    file.write_bytes(good[:-40] if damage is None else damage)
    assert build(LITERALS, cache=tmp_path).worth(TEXT, encodings=frozenset({"utf-8"}))
    assert len(file.read_bytes()) == len(good)


@pytest.mark.parametrize("place", [0, 48, 70, 500, 5000])
def test_a_database_of_which_a_single_bit_is_wrong_is_compiled_anew(tmp_path: Path, place: int) -> None:
    build(LITERALS, cache=tmp_path)
    [file] = kept(tmp_path)
    good = file.read_bytes()
    wrong = bytearray(good)
    wrong[place] ^= 1
    file.write_bytes(wrong)
    assert build(LITERALS, cache=tmp_path).worth(TEXT, encodings=frozenset({"utf-8"}))
    assert Cache(tmp_path).load(file.stem) is not None


def test_what_proves_itself_is_loaded_whatever_its_digest_and_never_cut_short(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.store("key", b"blob")
    file = tmp_path / "key.sieve"
    kept_whole = file.read_bytes()
    file.write_bytes(kept_whole[:-1] + b"B")
    assert cache.load("key") is None
    assert cache.load("key", proven=True) == b"bloB"
    file.write_bytes(kept_whole[:20])
    assert cache.load("key", proven=True) is None
    file.write_bytes(b"x" + kept_whole[1:])
    assert cache.load("key", proven=True) is None


def test_a_foreign_blob_in_a_good_wrapping_is_compiled_anew(tmp_path: Path) -> None:
    build(LITERALS, cache=tmp_path)
    [file] = kept(tmp_path)
    Cache(tmp_path).store(file.stem, b"no database at all")
    assert build(LITERALS, cache=tmp_path).worth(TEXT, encodings=frozenset({"utf-8"}))
    assert Cache(tmp_path).load(file.stem) != b"no database at all"


def test_nothing_is_loaded_from_or_put_into_a_folder_others_may_write_to(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    assert cache.store("key", b"blob")
    tmp_path.chmod(0o777)
    assert cache.load("key") is None
    assert not cache.store("other", b"blob")
    assert build(LITERALS, cache=tmp_path).worth(TEXT)


def test_a_file_that_others_may_write_to_is_not_loaded(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.store("key", b"blob")
    (tmp_path / "key.sieve").chmod(0o666)
    assert cache.load("key") is None


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    elsewhere = Cache(tmp_path / "elsewhere")
    elsewhere.store("key", b"blob")
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o700)
    (folder / "key.sieve").symlink_to(tmp_path / "elsewhere" / "key.sieve")
    assert Cache(folder).load("key") is None
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    assert Cache(tmp_path / "link").load("key") is None


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_not_trusted(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.store("key", b"blob")
    os.chown(tmp_path, 65534, 65534)
    assert cache.load("key") is None


def test_a_folder_that_cannot_be_made_costs_only_the_cache(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert build(LITERALS, cache=tmp_path / "file" / "cache").worth(TEXT)


def test_what_wakes_whom_is_kept_beside_the_database(tmp_path: Path) -> None:
    encodings = frozenset({"utf-8", "gb18030"})
    fresh = build(LITERALS, cache=tmp_path)
    fresh.prepare(encodings)
    assert len(list(tmp_path.glob("wakes-*.sieve"))) == 1
    data = "机 密和机密".encode() + b"\n" + "机密".encode("gb18030")
    kept = build(LITERALS, cache=tmp_path)
    assert kept.spans(data, encodings=encodings) == fresh.spans(data, encodings=encodings) != []


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"\xc0"])
def test_a_damaged_table_of_what_wakes_whom_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    encodings = frozenset({"utf-8"})
    build(LITERALS, cache=tmp_path).prepare(encodings)
    [table] = tmp_path.glob("wakes-*.sieve")
    assert Cache(tmp_path).store(table.stem, damage)
    assert build(LITERALS, cache=tmp_path).spans("机密".encode(), encodings=encodings) == [(0, 6, "utf-8")]
