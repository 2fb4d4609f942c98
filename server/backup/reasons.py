"""Why a backup cannot be made or used."""

from __future__ import annotations


class BackupError(Exception):
    """A backup that cannot be made or used. ``str()`` is one of `REASONS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


REASONS: dict[str, tuple[str, str]] = {
    "not-a-backup": ("this file is no backup of a collector", "该文件不是收集端备份"),
    "newer": ("this backup was made by a newer version: update first", "该备份由更新的版本生成:请先升级"),
    "passphrase-missing": ("this backup is sealed: give its passphrase", "该备份已加密:请提供口令"),
    "damaged": (
        "the passphrase is wrong, or the file was altered or cut off: it cannot be restored",
        "口令错误,或文件被改动、截断:无法恢复",
    ),
    "incomplete": ("the backup lacks a part: it cannot be restored", "备份缺少内容:无法恢复"),
    "not-empty": (
        "there is a collector in this home already: restore into an empty folder (--home)",
        "该目录已有收集端:请恢复到空目录(--home)",
    ),
    "database-unsound": (
        "the database in the backup is damaged: it cannot be restored",
        "备份中的数据库已损坏:无法恢复",
    ),
}
"""Each reason in English and Chinese."""
