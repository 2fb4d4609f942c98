"""The walk meets every file once, and says what it does not enter."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.scanning.walk import Found, MissingPath, NotEntered, Walk, shown
from protocol.records import Reason


def met(*paths: Path | str, **options: object) -> tuple[list[str], dict[str, Reason]]:
    """Paths of the files that were found, and what was not entered with its reason."""
    walked = list(Walk([os.fspath(path) for path in paths], **options))  # type: ignore[arg-type]
    return (
        [one.path for one in walked if isinstance(one, Found)],
        {one.path: one.reason for one in walked if isinstance(one, NotEntered)},
    )


def test_hidden_files_and_folders_are_met(tmp_path: Path) -> None:
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / ".secret").write_text("x")
    assert met(tmp_path) == ([f"{tmp_path}/.hidden/.secret"], {})


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a").write_text("x")
    (tmp_path / "to-file").symlink_to(tmp_path / "real" / "a")
    (tmp_path / "to-folder").symlink_to(tmp_path / "real")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    assert met(tmp_path) == ([f"{tmp_path}/real/a"], {})


def test_a_link_that_the_person_names_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "file").symlink_to(tmp_path / "real" / "a")
    assert met(tmp_path / "link") == ([f"{tmp_path}/link/a"], {})
    (found,) = Walk([f"{tmp_path}/file"])
    assert isinstance(found, Found)
    assert (found.path, found.target) == (f"{tmp_path}/file", f"{tmp_path}/real/a")


def test_special_files_are_named_and_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"{tmp_path}/socket")
        files, others = met(tmp_path)
    assert files == []
    assert others == {f"{tmp_path}/fifo": Reason.SPECIAL_FILE, f"{tmp_path}/socket": Reason.SPECIAL_FILE}


def test_a_name_that_is_not_utf8_is_kept_and_shown_escaped(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/\xbb\xfa\xc3\xdc.txt"
    Path(os.fsdecode(raw)).write_text("x")
    ((path,), _) = met(tmp_path)
    assert os.fsencode(path) == raw
    assert shown(path) == f"{tmp_path}/\\xbb\\xfa\\xc3\\xdc.txt"
    assert shown("/报告 2024.docx") == "/报告 2024.docx"


def test_a_path_that_does_not_exist_is_told_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(MissingPath) as raised:
        next(iter(Walk([f"{tmp_path}", f"{tmp_path}/nothing"])))
    assert raised.value.path == f"{tmp_path}/nothing"
    assert raised.value.missing


def test_a_file_below_two_given_paths_is_met_once(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").write_text("x")
    (tmp_path / "y").write_text("y")
    files, _ = met(tmp_path, tmp_path / "a", tmp_path / "y", f"{tmp_path}/./a", tmp_path)
    assert sorted(Path(file).resolve() for file in files) == [tmp_path / "a" / "x", tmp_path / "y"]


def test_a_folder_that_cannot_be_read_is_reported(tmp_path: Path) -> None:
    deep = tmp_path
    home = Path.cwd()
    try:
        # A path longer than the kernel takes, made step by step: the one folder that even root cannot open by name.
        os.chdir(tmp_path)
        for _ in range(20):
            Path("n" * 250).mkdir()
            os.chdir("n" * 250)
            deep = deep / ("n" * 250)
    finally:
        os.chdir(home)
    files, others = met(tmp_path)
    assert files == []
    assert list(others.values()) == [Reason.UNREADABLE]
    subprocess.run(["rm", "-rf", tmp_path / ("n" * 250)], check=True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_folder_without_permission_is_reported(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o000)
    try:
        assert met(tmp_path) == ([], {f"{tmp_path}/closed": Reason.UNREADABLE})
    finally:
        (tmp_path / "closed").chmod(0o700)


def test_newest_files_come_first_when_asked(tmp_path: Path) -> None:
    for number, name in enumerate(["old", "middle", "new"]):
        (tmp_path / name).write_text("x")
        os.utime(tmp_path / name, (1_000_000 + number, 1_000_000 + number))
    files, _ = met(tmp_path, order="newest")
    assert [Path(file).name for file in files] == ["new", "middle", "old"]


def test_folders_are_told_from_the_start_of_the_walk(tmp_path: Path) -> None:
    (tmp_path / "start" / "b").mkdir(parents=True)
    (tmp_path / "start" / "b" / "x").write_text("x")
    (found,) = Walk([f"{tmp_path}/start"])
    assert isinstance(found, Found)
    assert (found.folder, found.name) == ("start/b", "x")


def test_the_kernels_own_file_systems_are_never_entered() -> None:
    assert met("/proc/self/fdinfo") == ([], {"/proc/self/fdinfo": Reason.SPECIAL_FILE})


def test_one_file_can_be_left_out(tmp_path: Path) -> None:
    (tmp_path / "output").write_text("x")
    (tmp_path / "other").write_text("x")
    status = (tmp_path / "output").stat()
    assert met(tmp_path, skip=(status.st_dev, status.st_ino)) == ([f"{tmp_path}/other"], {})


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """A folder with another file system mounted in it."""
    inner = tmp_path / "mount"
    inner.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "none", inner], check=False, capture_output=True)
    if made.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        (inner / "there").write_text("x")
        (tmp_path / "here").write_text("x")
        yield tmp_path
    finally:
        subprocess.run(["umount", "-l", inner], check=True)


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_other_file_systems_are_entered_only_when_asked(mounted: Path) -> None:
    walk = Walk([f"{mounted}"])
    assert [one.path for one in walk] == [f"{mounted}/here"]
    assert walk.other_file_systems == [f"{mounted}/mount"]
    files, _ = met(mounted, cross_file_systems=True)
    assert sorted(files) == [f"{mounted}/here", f"{mounted}/mount/there"]


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_folder_mounted_into_itself_does_not_go_round(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "x").write_text("x")
    if subprocess.run(
        ["mount", "--bind", tmp_path / "a", tmp_path / "a" / "b"], check=False, capture_output=True
    ).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        assert met(tmp_path) == ([f"{tmp_path}/a/x"], {})
    finally:
        subprocess.run(["umount", "-l", tmp_path / "a" / "b"], check=True)
