from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.watching.folders import resolve


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = tmp_path / "home" / "wang"
    for folder in (
        "桌面",
        "下载",
        "Documents/xwechat_files/wxid_1/msg/file",
        ".deepinwine/Deepin-WXWork/drive_c/users/w/My Documents/WXWork/1688/Cache/File",
        ".config/QQ/nt_qq_abc/nt_data/File",
        ".config/DingTalk/123/resource_cache",
        ".config/LarkShell/sdk_storage/abc/resources",
        ".thunderbird/x.default/Mail",
        ".config",
    ):
        (made / folder).mkdir(parents=True, exist_ok=True)
    (made / ".config/user-dirs.dirs").write_text(
        '# made by xdg\nXDG_DESKTOP_DIR="$HOME/桌面"\nXDG_DOWNLOAD_DIR="$HOME/下载"\n'
    )
    return made


def below(home: Path, *words: str) -> set[str]:
    return {str(Path(path).relative_to(home)) for path in resolve(words, [home])}


def test_words_stand_for_the_folders_of_everybody(home: Path) -> None:
    assert below(home, "desktop", "downloads") == {"桌面", "下载"}
    assert below(home, "home") == {"."}
    assert below(home, "mail") == {".thunderbird/x.default/Mail"}


def test_received_files_of_chat_programs_are_found(home: Path) -> None:
    assert below(home, "chat") == {
        "Documents/xwechat_files/wxid_1/msg/file",
        ".deepinwine/Deepin-WXWork/drive_c/users/w/My Documents/WXWork/1688/Cache/File",
        ".config/QQ/nt_qq_abc/nt_data/File",
        ".config/DingTalk/123/resource_cache",
        ".config/LarkShell/sdk_storage/abc/resources",
    }


def test_a_folder_inside_another_is_not_watched_twice(home: Path) -> None:
    assert below(home, "home", "desktop", "chat") == {"."}


def test_a_full_path_is_kept_even_where_nothing_is_there(home: Path) -> None:
    assert resolve(["/none/there"], [home]) == ["/none/there"]


@pytest.mark.parametrize("said", ['XDG_DESKTOP_DIR="/"', 'XDG_DESKTOP_DIR="$HOME/../.."', 'XDG_DESKTOP_DIR="$HOME"'])
def test_nobody_can_have_the_agent_watch_the_whole_computer(home: Path, said: str) -> None:
    (home / ".config/user-dirs.dirs").write_text(said + "\n")
    assert below(home, "desktop") == {"桌面"}


def test_a_pipe_or_a_link_where_a_file_should_be_holds_nothing_up(home: Path) -> None:
    (home / ".config/user-dirs.dirs").unlink()
    os.mkfifo(home / ".config/user-dirs.dirs")
    assert below(home, "desktop") == {"桌面"}
    (home / ".config/user-dirs.dirs").unlink()
    (home / ".config/user-dirs.dirs").symlink_to("/dev/zero")
    assert below(home, "downloads") == {"下载"}
