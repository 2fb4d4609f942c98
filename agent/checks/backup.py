"""Backups: is there a job for them, and how old is the newest (SEC-06)."""

from __future__ import annotations

import stat

from agent.checks import people, system
from agent.checks.base import Check, Context, Result, age_in_days, fact, manual, verdict
from agent.checks.tree import Tree
from signatures.controls import Text

JOBS = (
    ("etc/timeshift/timeshift.json", "Timeshift"),
    ("etc/timeshift.json", "Timeshift"),
    ("etc/rsnapshot.conf", "rsnapshot"),
    ("etc/borgmatic/config.yaml", "borgmatic"),
    ("etc/backup.d", "backupninja"),
    ("etc/bareos/bareos-fd.conf", "Bareos"),
    ("etc/bacula/bacula-fd.conf", "Bacula"),
    ("etc/uos-recovery", "UOS Recovery"),
    ("etc/deepin/deepin-recovery", "deepin Recovery"),
    ("etc/kylin-backup", "Kylin Backup"),
)
"""Settings of programs that make backups."""
RESULTS = (
    "timeshift/snapshots",
    "run/timeshift/backup/timeshift/snapshots",
    "var/cache/rsnapshot",
    "backup/snapshots",
    "ghost",
    "recovery/backup",
    "var/lib/backup",
)
"""Folders in which such programs put them."""
_WORDS = ("backup", "borg", "restic", "rsnapshot", "timeshift", "duplicity", "bacula", "备份")


def _backup(context: Context) -> Result:
    """Days since the newest backup."""
    tree, most = context.tree, context.parameters.backup_max_days
    ages = [
        (path, age)
        for path in (*context.parameters.backup_paths, *RESULTS)
        if (age := _age(tree, path, context)) is not None
    ]
    if ages:
        path, age = min(ages, key=lambda one: one[1])
        one = fact(f"最近备份距今天数（{path}）", f"days since the newest backup ({path})", age, f"≤ {most}")
        return verdict([one] if age > most else [], [] if age > most else [one])
    jobs = _jobs(tree)
    if jobs:
        return manual(
            "有备份任务，但不知备份存放处：请在 backup_paths 中登记",
            "a backup job exists, but not where its backups lie: name the place in backup_paths",
            fact("备份任务", "backup jobs", ", ".join(jobs)),
        )
    return verdict([fact("备份任务", "backup jobs", "none", "one")])


def _age(tree: Tree, path: str, context: Context) -> int | None:
    """Days since the newest entry of a folder, or the file itself, was made; None where there is none."""
    status = tree.status(path)
    if status is None:
        return None
    if not stat.S_ISDIR(status.st_mode):
        return age_in_days(status, context.now)
    inside = [one for name in tree.names(path) if (one := tree.status(f"{path}/{name}"))]
    return min((age_in_days(one, context.now) for one in inside), default=None)


def _jobs(tree: Tree) -> list[str]:
    """Names of what makes backups here: settings of known programs, timers and lines of cron that speak of them."""
    found = [name for path, name in JOBS if tree.exists(path)]
    for folder in ("etc/cron.d", "etc/cron.daily", "etc/cron.weekly", "etc/cron.monthly"):
        found += [f"{folder}/{name}" for name in tree.names(folder) if _speaks(name) and name not in {"dpkg", "passwd"}]
    for name in tree.names("etc/systemd/system/timers.target.wants"):
        if _speaks(name) and not name.startswith("dpkg-db-backup"):
            found.append(name)
    if any(_speaks(line) for line in tree.lines("etc/crontab")):
        found.append("etc/crontab")
    for account in people.homes(tree):
        if tree.exists(f"{account.home}/.config/deja-dup") or tree.exists(f"{account.home}/.config/vorta"):
            found.append(f"{account.name}: deja-dup")
    if system.enabled(tree, "borgmatic.timer", "restic.timer", "kylin-backup.service", "uos-recovery.service"):
        found.append("timer")
    return found


def _speaks(text: str) -> bool:
    return any(word in text.lower() for word in _WORDS)


CHECKS = (
    Check(
        name="backup",
        controls=("SEC-06",),
        title=Text(zh="重要数据定期备份", en="Important data are backed up regularly"),
        remedy=Text(
            zh="建立定期备份任务，并在 backup_paths 中登记备份位置。",
            en="Set up a regular backup and name its place in backup_paths.",
        ),
        reads=("etc/cron*", "etc/systemd/system/timers.target.wants", *RESULTS),
        records=Text(zh="最近备份距今天数", en="days since the newest backup"),
        look=_backup,
    ),
)
