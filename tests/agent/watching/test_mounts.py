from __future__ import annotations

from agent.watching.mounts import Mount, MountTable, parse

LINE = rb"42 27 8:1 / /media/my\040stick\134x rw,relatime shared:1 master:2 - vfat /dev/sdb1 rw,utf8"


def test_a_mount_is_read_with_its_escapes_and_optional_fields() -> None:
    assert parse(LINE) == [Mount(42, "8:1", "/", "/media/my stick\\x", "vfat", "/dev/sdb1", "rw,relatime", "rw,utf8")]


def test_a_name_that_is_not_utf8_is_kept() -> None:
    assert parse(b"1 1 8:1 / /m/\xb9\xfa rw - vfat /dev/x rw")[0].path == "/m/\udcb9\udcfa"


def test_lines_of_another_shape_are_left_out() -> None:
    assert parse(b"\nnonsense\n1 2 3:4 / - \n" + LINE + b"\n")[0].id == 42


def test_this_computer_s_own_table_holds_the_root() -> None:
    table = MountTable()
    assert "/" in {mount.path for mount in table.read()}
    assert table.read() == table.read()
    table.close()
