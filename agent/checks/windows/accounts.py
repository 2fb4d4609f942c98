"""Accounts of a Windows system: passwords, who may sign in, who may administer (PWD-02, -03, -10, -12, NET-14 …)."""

from __future__ import annotations

from agent.checks.base import CONFIDENTIAL, Context, Fact, Result, fact, not_applicable, verdict
from agent.checks.windows import logs, sam, system


def password_age(context: Context) -> Result:
    """Days since the last change of every open account's password, and whether it ends at all."""
    most, policy = context.parameters.password_max_days, sam.policy(context.tree)
    wrong: list[Fact] = []
    right: list[Fact] = []
    for one in sam.accounts(context.tree):
        if not one.is_person or one.empty:
            continue
        zh, en = f"口令使用天数：{one.name}", f"age of the password in days: {one.name}"
        age = None if one.changed is None else max(0, (context.now - one.changed).days)
        if age is None or age > most:
            wrong.append(fact(zh, en, "unknown" if age is None else age, f"≤ {most}"))
        elif one.never_expires or policy.max_days is None or policy.max_days > most:
            ends = "never" if one.never_expires or policy.max_days is None else policy.max_days
            wrong.append(
                fact(f"口令最长有效期：{one.name}", f"longest life of the password: {one.name}", ends, f"≤ {most}")
            )
        else:
            right.append(fact(zh, en, age, f"≤ {most}"))
    if not wrong and not right:
        return not_applicable("没有使用口令登录的本地账户", "no local account logs in with a password")
    return verdict(wrong, right)


def empty_passwords(context: Context) -> Result:
    """Open accounts without a password, or that need none."""
    known = sam.accounts(context.tree)
    wrong = [
        fact(f"空口令账户：{one.name}", f"account without a password: {one.name}", "empty", "set")
        for one in known
        if one.is_person and (one.empty or one.may_be_empty)
    ]
    return verdict(wrong, [fact("已检查账户数", "accounts looked at", len(known))])


def users(context: Context) -> Result:
    """Open accounts, and those that signed in, beside those that may use this computer."""
    allowed = {name.casefold() for name in context.parameters.authorised_users}
    here = [one.name for one in sam.accounts(context.tree) if one.is_person and one.rid != 500]
    seen = [fact("可登录账户", "accounts that may log in", ", ".join(here) or "-", ", ".join(sorted(allowed)))]
    logged = logs.signed_in(context)
    seen += [fact(f"登录次数：{name}", f"signed in: {name}", times) for name, times in sorted(logged.items())]
    if not allowed:
        if len(here) > 1 and context.computer_class in CONFIDENTIAL:
            zh, en = (
                "未设定授权用户名单，且有多个账户",
                "no list of authorised users is set, and several accounts exist",
            )
            return verdict([fact(zh, en, len(here), 1)], seen)
        return verdict([], seen)
    wrong = [
        fact(f"不在授权名单中的账户：{name}", f"account that is not authorised: {name}", name, "authorised_users")
        for name in here
        if name.casefold() not in allowed
    ]
    wrong += [
        fact(f"不在授权名单中的账户登录过：{name}", f"signed in without being authorised: {name}", times, 0)
        for name, times in sorted(logged.items())
        if name.casefold() not in allowed
    ]
    return verdict(wrong, seen)


def departed(context: Context) -> Result:
    """Accounts of persons who left, still open."""
    gone = {name.casefold() for name in context.parameters.departed_users}
    if not gone:
        return not_applicable("未设定离岗人员名单（departed_users）", "no departed persons are listed (departed_users)")
    wrong = [
        fact(f"离岗人员账户未停用：{one.name}", f"account of a departed person is open: {one.name}", "open", "locked")
        for one in sam.accounts(context.tree)
        if one.name.casefold() in gone and one.is_person and not (one.expires and one.expires <= context.now)
    ]
    return verdict(wrong, [fact("名单人数", "persons listed", len(gone))])


def administrators(context: Context) -> Result:
    """Open accounts among the administrators."""
    allowed = {name.casefold() for name in context.parameters.authorised_admins}
    ids = sam.administrators(context.tree)
    here = [one for one in sam.accounts(context.tree) if one.rid in ids and one.is_person]
    wrong = [
        fact(
            f"未经授权的管理员：{one.name}",
            f"administrator who is not authorised: {one.name}",
            one.name,
            ", ".join(sorted(allowed)),
        )
        for one in here
        if allowed and one.name.casefold() not in allowed and one.rid != 500
    ]
    return verdict(wrong, [fact("管理员", "administrators", ", ".join(one.name for one in here) or "-")])


def guests(context: Context) -> Result:
    """The guest, where it is open."""
    wrong = [
        fact("来宾账户", "guest account", one.name, "-")
        for one in sam.accounts(context.tree)
        if one.rid == 501 and not one.disabled
    ]
    return verdict(wrong)


def password_quality(context: Context) -> Result:
    """Shortest length and complexity that the policy asks for."""
    policy, parameters = sam.policy(context.tree), context.parameters
    # Windows' own rule of complexity asks for three kinds of characters out of five.
    seen = [
        (policy.min_length >= parameters.password_min_length, "最短长度", "shortest length", str(policy.min_length),
         f"≥ {parameters.password_min_length}"),
        (policy.complex or parameters.password_min_classes == 1, "复杂性要求", "rule of complexity",
         "on" if policy.complex else "off", "on"),
    ]  # fmt: skip
    return verdict(
        [fact(zh, en, is_, due) for good, zh, en, is_, due in seen if not good],
        [fact(zh, en, is_, due) for good, zh, en, is_, due in seen if good],
    )


def new_accounts(context: Context) -> Result:
    """Longest life of passwords of accounts yet to be made."""
    most, days = context.parameters.password_max_days, sam.policy(context.tree).max_days
    one = fact("新账户口令最长有效期", "longest life of passwords of new accounts", days or "never", f"≤ {most}")
    good = days is not None and days <= most
    return verdict([] if good else [one], [one] if good else [])


def lockout(context: Context) -> Result:
    """Whether an account is locked after failed sign-ins."""
    most, count = context.parameters.failed_logins, sam.policy(context.tree).lockout
    one = fact("登录失败锁定次数", "failed logins before the lock", count or "never", f"≤ {most}")
    good = 0 < count <= most
    return verdict([] if good else [one], [one] if good else [])


def auto_login(context: Context) -> Result:
    """Sign-in without a password, and a password kept in the clear for it."""
    with system.hive(context.tree, "SOFTWARE") as software:
        known = software.values(rf"{system.CURRENT_VERSION}\Winlogon")
    wrong = []
    if str(known.get("autoadminlogon", "0")).strip() == "1":
        wrong.append(fact("自动登录（Winlogon）", "log-in without password (Winlogon)", "AutoAdminLogon=1", "0"))
    if known.get("defaultpassword"):
        wrong.append(fact("注册表中的明文口令", "a password in the clear in the registry", "DefaultPassword", "-"))
    return verdict(wrong)


def screen_lock(context: Context) -> Result:
    """Seconds until the computer locks itself: the limit of the machine, else each person's screen saver."""
    most = context.parameters.lock_minutes
    with system.hive(context.tree, "SOFTWARE") as software:
        seconds = software.number(rf"{system.POLICIES}\System", "InactivityTimeoutSecs") or 0
    if 0 < seconds <= most * 60:
        return verdict(
            [], [fact("本机锁定等待", "time until the computer locks", f"{seconds / 60:g} min", f"≤ {most} min")]
        )
    wrong: list[Fact] = []
    right: list[Fact] = []
    for name, own in system.users(context.tree):
        values = own.values(r"Control Panel\Desktop")
        values |= own.values(r"Software\Policies\Microsoft\Windows\Control Panel\Desktop")
        waits = str(values.get("screensavetimeout", "0"))
        minutes = int(waits) / 60 if waits.isascii() and waits.isdigit() else 0.0
        locks = all(str(values.get(key, "0")) == "1" for key in ("screensaveactive", "screensaverissecure"))
        told = f"{minutes:g} min" if locks and minutes else "off"
        one = fact(f"锁屏等待：{name}", f"time until the screen locks: {name}", told, f"≤ {most} min")
        (right if locks and 0 < minutes <= most else wrong).append(one)
    if not wrong and not right:
        wrong.append(fact("本机锁定等待", "time until the computer locks", "off", f"≤ {most} min"))
    return verdict(wrong, right)
