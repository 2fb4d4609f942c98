"""Logging and audit: is what happens on the computer written down, and kept (PWD-10, DOC-10, SEC-05)."""

from __future__ import annotations

import re

from agent.checks import system
from agent.checks.base import Check, Context, Result, fact, verdict
from agent.checks.windows import logs as windows
from signatures.controls import Text


def _audit(context: Context) -> Result:
    """Whether the audit service starts with the system, and whether it was given rules."""
    tree = context.tree
    if system.enabled(tree, "auditd.service") is None:
        installed = system.program(tree, "auditd") is not None
        return verdict([fact("审计服务", "audit service", "off" if installed else "none", "on")])
    rules = [
        line
        for name in ("etc/audit/audit.rules", *tree.glob("etc/audit/rules.d/*.rules"))
        for line in tree.lines(name)
        if line.startswith(("-w", "-a"))
    ]
    one = fact("审计规则数", "audit rules", len(rules), "≥ 1")
    return verdict([] if rules else [one], [one] if rules else [])


def _kept(context: Context) -> Result:
    """Whether the system's log outlives a restart, and for how long."""
    tree = context.tree
    if system.enabled(tree, "rsyslog.service", "syslog-ng.service", "syslog.service"):
        return verdict([], [fact("日志服务", "log service", "rsyslog/syslog-ng")])
    storage = "auto"
    for name in ("etc/systemd/journald.conf", *tree.glob("etc/systemd/journald.conf.d/*.conf")):
        found = re.findall(r"^\s*Storage\s*=\s*(\w+)", tree.read(name) or "", re.MULTILINE)
        storage = found[-1] if found else storage
    kept = storage == "persistent" or (storage == "auto" and tree.exists("var/log/journal"))
    one = fact("日志持久保存", "log kept across restarts", storage if kept else f"{storage}, not kept", "persistent")
    return verdict([] if kept else [one], [one] if kept else [])


CHECKS = (
    Check(
        name="audit",
        controls=("PWD-10", "SEC-05"),
        title=Text(zh="启用安全审计", en="Access is audited"),
        remedy=Text(
            zh="安装并启用 auditd，在 /etc/audit/rules.d 中配置审计规则。",
            en="Install auditd, turn it on and give it rules in /etc/audit/rules.d.",
        ),
        reads=("etc/audit/**", "etc/systemd/system/*.wants"),
        records=Text(zh="服务状态、规则数", en="state of the service, number of rules"),
        look=_audit,
    ),
    Check(
        name="logs-kept",
        controls=("PWD-10", "SEC-05"),
        title=Text(zh="系统日志持久保存", en="Logs are kept"),
        remedy=Text(
            zh="启用 rsyslog，或在 journald.conf 中设 Storage=persistent。",
            en="Turn rsyslog on, or set Storage=persistent in journald.conf.",
        ),
        reads=("etc/systemd/journald.conf", "etc/systemd/system/*.wants", "var/log/journal"),
        records=Text(zh="日志设置", en="settings of the log"),
        look=_kept,
        windows=windows.kept,
        extent="part",
    ),
)
