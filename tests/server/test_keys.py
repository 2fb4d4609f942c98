"""The collector's own keys: made once, whole or not at all, for its owner only."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from server import keys


def test_keys_are_made_whole_and_for_the_owner_only(tmp_path: Path) -> None:
    keys.create(tmp_path)
    assert keys.missing_keys(tmp_path) == []
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "keys").iterdir()} == {0o600}
    assert [path.name for path in tmp_path.iterdir()] == ["keys"]


def test_two_collectors_have_nothing_in_common(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        keys.create(tmp_path / name)
    for file in keys.FILES:
        assert (tmp_path / "a" / "keys" / file).read_bytes() != (tmp_path / "b" / "keys" / file).read_bytes()


def test_keys_are_never_replaced(tmp_path: Path) -> None:
    keys.create(tmp_path)
    before = (tmp_path / "keys" / "signing").read_bytes()
    with pytest.raises(FileExistsError):
        keys.create(tmp_path)
    assert (tmp_path / "keys" / "signing").read_bytes() == before


def test_a_missing_or_damaged_key_says_what_to_do(tmp_path: Path, settings: Any) -> None:
    settings.MIJIAN_HOME = tmp_path
    with pytest.raises(keys.KeysError, match="mijian-server init"):
        keys.collector_keys()
    keys.create(tmp_path)
    (tmp_path / "keys" / "sealing").write_bytes(b"short")
    with pytest.raises(keys.KeysError, match="backup"):
        keys.collector_keys()
