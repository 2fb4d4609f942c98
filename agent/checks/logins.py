"""How people come in: rules for passwords, lock after failures, log-in without password, guests, screen lock."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.checks import people, system
from agent.checks.base import Check, Context, Fact, Result, cannot, fact, verdict
from agent.checks.tree import Tree
from agent.checks.windows import accounts as windows
from signatures.controls import Text

PAM_PASSWORD = ("etc/pam.d/common-password", "etc/pam.d/system-auth", "etc/pam.d/password-auth", "etc/pam.d/passwd")
PAM_LOGIN = ("etc/pam.d/common-auth", "etc/pam.d/system-auth", "etc/pam.d/password-auth", "etc/pam.d/login")
QUALITY = ("pam_pwquality.so", "pam_cracklib.so", "pam_passwdqc.so", "pam_deepin_pw_check.so")
LOCKS = ("pam_faillock.so", "pam_tally2.so", "pam_tally.so")
_OPTION = re.compile(r"(\w+)\s*=\s*(-?\d+)")


def _pam(tree: Tree, names: tuple[str, ...], modules: tuple[str, ...]) -> dict[str, int] | None:
    """The numbers given to the first of these modules that PAM uses; None where it uses none."""
    for name in names:
        for line in tree.lines(name):
            if any(module in line for module in modules):
                return {key: int(value) for key, value in _OPTION.findall(line)}
    return None


def _quality(context: Context) -> Result:
    """Shortest length and kinds of characters that a new password must have."""
    tree, parameters = context.tree, context.parameters
    options = _pam(tree, PAM_PASSWORD, QUALITY)
    if options is None:
        if not any(tree.exists(name) for name in PAM_PASSWORD):
            return cannot("系统中没有 PAM 口令配置", "the tree has no PAM settings for passwords")
        return verdict([fact("口令强度模块", "module for the strength of passwords", "none", "pam_pwquality")])
    settings: dict[str, int] = {}
    for name in (
        "etc/security/pwquality.conf",
        *tree.glob("etc/security/pwquality.conf.d/*.conf"),
        "etc/deepin/dde.conf",
    ):
        for line in tree.lines(name):
            settings |= {key.lower(): int(value) for key, value in _OPTION.findall(line)}
    settings |= options
    length = settings.get("minlen", settings.get("password_min_length", 8))
    credits = sum(settings.get(name, 0) < 0 for name in ("dcredit", "ucredit", "lcredit", "ocredit"))
    classes = max(settings.get("minclass", 0), credits, settings.get("validate_required", 0))
    seen = [
        fact("最短长度", "shortest length", length, f"≥ {parameters.password_min_length}"),
        fact("字符种类", "kinds of characters", classes, f"≥ {parameters.password_min_classes}"),
    ]
    enough = (length >= parameters.password_min_length, classes >= parameters.password_min_classes)
    return verdict(
        [one for one, good in zip(seen, enough, strict=True) if not good],
        [one for one, good in zip(seen, enough, strict=True) if good],
    )


def _new_accounts(context: Context) -> Result:
    """Longest life of passwords of accounts yet to be made."""
    tree, most = context.tree, context.parameters.password_max_days
    text = tree.read("etc/login.defs")
    if text is None:
        return cannot("系统中没有 login.defs", "the tree has no login.defs")
    found = re.findall(r"^\s*PASS_MAX_DAYS\s+(-?\d+)", text, re.MULTILINE)
    days = int(found[-1]) if found else 99999
    one = fact("新账户口令最长有效期", "longest life of passwords of new accounts", days, f"≤ {most}")
    return verdict([] if 0 < days <= most else [one], [one] if 0 < days <= most else [])


def _lockout(context: Context) -> Result:
    """Whether an account is locked after failed logins."""
    tree, most = context.tree, context.parameters.failed_logins
    options = _pam(tree, PAM_LOGIN, LOCKS)
    if options is None:
        return verdict([fact("登录失败锁定", "lock after failed logins", "none", f"≤ {most}")])
    for line in tree.lines("etc/security/faillock.conf"):
        options = {key: int(value) for key, value in _OPTION.findall(line)} | options
    deny = options.get("deny", 3)
    one = fact("登录失败锁定次数", "failed logins before the lock", deny, f"≤ {most}")
    return verdict([] if 0 < deny <= most else [one], [one] if 0 < deny <= most else [])


def _automatic(tree: Tree) -> Iterator[Fact]:
    """Every setting by which somebody is logged in without a password."""
    gdm = ("etc/gdm3/custom.conf", "etc/gdm3/daemon.conf", "etc/gdm/custom.conf")
    for path, parser in system.inis(tree, *gdm):
        for key in ("automaticloginenable", "timedloginenable"):
            if system.is_true(parser.get("daemon", key, fallback=None)):
                yield fact("自动登录（GDM）", "log-in without password (GDM)", path, "off")
    lightdm = (
        "etc/lightdm/lightdm.conf",
        "etc/lightdm/lightdm.conf.d/*.conf",
        "usr/share/lightdm/lightdm.conf.d/*.conf",
    )
    for path, parser in system.inis(tree, *lightdm):
        for section in parser.sections():
            if (parser.get(section, "autologin-user", fallback="") or "").strip():
                yield fact("自动登录（LightDM）", "log-in without password (LightDM)", path, "off")
    for path, parser in system.inis(tree, "etc/sddm.conf", "etc/sddm.conf.d/*.conf", "usr/lib/sddm/sddm.conf.d/*.conf"):
        if (parser.get("Autologin", "user", fallback="") or "").strip():
            yield fact("自动登录（SDDM）", "log-in without password (SDDM)", path, "off")
    for path in tree.glob("etc/systemd/system/getty@*.service.d/*.conf"):
        if any("--autologin" in line or re.search(r"agetty.*\s-a\s", line) for line in tree.lines(path)):
            yield fact("自动登录（控制台）", "log-in without password (console)", path, "off")
    nopass = people.groups(tree).get("nopasswdlogin", (0, ()))[1]
    for member in nopass:
        yield fact("免口令登录账户", "account that logs in without password", member, "-")


def _auto_login(context: Context) -> Result:
    """Log-in without a password, by any display manager or the console."""
    return verdict(list(_automatic(context.tree)))


def _guests(context: Context) -> Result:
    """Guest sessions and guest accounts."""
    tree = context.tree
    wrong = []
    has_lightdm = system.program(tree, "lightdm") is not None
    allowed: str | None = None
    for _, parser in system.inis(
        tree, "usr/share/lightdm/lightdm.conf.d/*.conf", "etc/lightdm/lightdm.conf.d/*.conf", "etc/lightdm/lightdm.conf"
    ):
        for section in parser.sections():
            allowed = parser.get(section, "allow-guest", fallback=allowed)
    if has_lightdm and system.is_true(allowed):
        wrong.append(fact("来宾会话", "guest session", "allow-guest", "off"))
    wrong += [
        fact("来宾账户", "guest account", one.name, "-")
        for one in people.accounts(tree)
        if one.may_log_in and re.fullmatch(r"guest\d*|test\d*|temp\d*", one.name, re.IGNORECASE)
    ]
    return verdict(wrong)


_NAMES = Text(zh="设置名与取值", en="names and values of settings")

CHECKS = (
    Check(
        name="password-quality",
        controls=("PWD-03",),
        title=Text(zh="口令长度和复杂度", en="Length and strength of passwords"),
        remedy=Text(
            zh="启用 pam_pwquality，在 /etc/security/pwquality.conf 中设定 minlen 和 minclass。",
            en="Use pam_pwquality and set minlen and minclass in /etc/security/pwquality.conf.",
        ),
        reads=(*PAM_PASSWORD, "etc/security/pwquality.conf"),
        records=_NAMES,
        look=_quality,
        windows=windows.password_quality,
    ),
    Check(
        name="new-accounts",
        controls=("PWD-02",),
        title=Text(zh="新账户口令有效期", en="Life of passwords of new accounts"),
        remedy=Text(zh="在 /etc/login.defs 中设定 PASS_MAX_DAYS。", en="Set PASS_MAX_DAYS in /etc/login.defs."),
        reads=("etc/login.defs",),
        records=_NAMES,
        look=_new_accounts,
        windows=windows.new_accounts,
    ),
    Check(
        name="lockout",
        controls=("PWD-10",),
        title=Text(zh="登录失败锁定", en="Accounts are locked after failed logins"),
        remedy=Text(zh="启用 pam_faillock 并设定 deny。", en="Use pam_faillock and set deny."),
        reads=(*PAM_LOGIN, "etc/security/faillock.conf"),
        records=_NAMES,
        look=_lockout,
        windows=windows.lockout,
    ),
    Check(
        name="auto-login",
        controls=("PWD-03", "PWD-10", "NPC-06"),
        title=Text(zh="禁止自动登录", en="Nobody is logged in without a password"),
        remedy=Text(
            zh="关闭显示管理器和控制台的自动登录。",
            en="Turn automatic log-in off in the display manager and on the console.",
        ),
        reads=(
            "etc/gdm3/*.conf",
            "etc/lightdm/**",
            "etc/sddm.conf*",
            "etc/systemd/system/getty@*.service.d/*",
            "etc/group",
        ),
        records=_NAMES,
        look=_auto_login,
        windows=windows.auto_login,
    ),
    Check(
        name="guests",
        controls=("NPC-06",),
        title=Text(zh="禁用来宾账户", en="No guests"),
        remedy=Text(
            zh="关闭来宾会话，删除来宾和测试账户。",
            en="Turn guest sessions off and remove accounts for guests and tests.",
        ),
        reads=("etc/lightdm/**", "etc/passwd"),
        records=_NAMES,
        look=_guests,
        windows=windows.guests,
    ),
)
