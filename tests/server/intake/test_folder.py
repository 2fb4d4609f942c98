"""The watch folder: whole files only, each with its receipt, nothing deleted, no link followed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from protocol import keys
from protocol.receipts import Answer, open_receipt
from server.intake.folder import take_in
from server.intake.models import SpoolEntry
from server.keys import collector_keys


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.MIJIAN_WATCH_FOLDER = str(tmp_path)
    take_in()
    return tmp_path


def answer(file: Path) -> Answer:
    return open_receipt(file.read_bytes(), keys.public_bytes(collector_keys().signing)).answer


def test_a_file_is_taken_once_it_no_longer_grows_and_gets_its_receipt(
    folder: Path, sender: Any, file_seen: Any
) -> None:
    raw = sender.next(file_seen())
    (folder / "a.mijian").write_bytes(raw[:50])
    assert take_in() == 0
    (folder / "a.mijian").write_bytes(raw)
    assert take_in() == 0, "it has just changed"
    assert take_in() == 1
    assert answer(folder / "a.mijian.receipt") is Answer.ACCEPTED
    assert [path.read_bytes() for path in (folder / "taken").iterdir()] == [raw]
    assert SpoolEntry.objects.get().road == "file"
    assert take_in() == take_in() == 0


def test_what_is_refused_is_kept_apart_with_its_receipt(folder: Path) -> None:
    (folder / "b.mijian").write_bytes(b"nonsense")
    take_in()
    assert take_in() == 1
    assert answer(folder / "b.mijian.receipt") is Answer.REFUSED
    assert [path.name.endswith("-b.mijian") for path in (folder / "refused").iterdir()] == [True]


def test_links_pipes_folders_and_half_copied_files_are_left_alone(folder: Path, tmp_path_factory: Any) -> None:
    secret = tmp_path_factory.mktemp("elsewhere") / "secret"
    secret.write_bytes(b"x")
    (folder / "link").symlink_to(secret)
    os.mkfifo(folder / "pipe")
    (folder / "sub").mkdir()
    (folder / "c.part").write_bytes(b"x")
    assert take_in() == take_in() == 0
    assert secret.read_bytes() == b"x"
    assert sorted(path.name for path in folder.iterdir()) == ["c.part", "link", "pipe", "sub"]
