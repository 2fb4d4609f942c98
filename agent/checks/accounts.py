"""Accounts: age and strength of passwords, empty ones, who may log in, who may administer (PWD-02, -03, -12 …)."""

from __future__ import annotations

from agent.checks import people
from agent.checks.base import ALL, CONFIDENTIAL, Check, Context, Fact, Result, cannot, fact, not_applicable, verdict
from agent.checks.tree import Tree
from agent.checks.windows import accounts as windows
from signatures.controls import Text

ADMIN_GROUPS = ("sudo", "wheel", "admin", "root")
NO_SHADOW = ("系统中没有 shadow 文件", "the tree has no shadow file")


def _password_age(context: Context) -> Result:
    """Days since the last change and the most that is allowed before the next, of everybody with a password."""
    known = people.secrets(context.tree)
    if known is None:
        return cannot(*NO_SHADOW)
    most = context.parameters.password_max_days
    wrong, right = [], []
    for account in people.people(context.tree):
        secret = known.get(account.name)
        if secret is None or secret.state not in {"set", "weak"}:
            continue
        age = None if secret.changed is None else context.today - secret.changed
        if age is None or age > most:
            seen = "unknown" if age is None else age
            wrong.append(
                fact(f"口令使用天数：{account.name}", f"age of the password in days: {account.name}", seen, f"≤ {most}")
            )
        elif secret.max_days is None or not 0 < secret.max_days <= most:
            seen = "none" if secret.max_days is None else secret.max_days
            wrong.append(
                fact(
                    f"口令最长有效期：{account.name}",
                    f"longest life of the password: {account.name}",
                    seen,
                    f"≤ {most}",
                )
            )
        else:
            right.append(
                fact(f"口令使用天数：{account.name}", f"age of the password in days: {account.name}", age, f"≤ {most}")
            )
    if not wrong and not right:
        return not_applicable("没有使用口令登录的本地账户", "no local account logs in with a password")
    return verdict(wrong, right)


def _empty_passwords(context: Context) -> Result:
    """Accounts without a password, or with one hashed by a method that is broken."""
    known = people.secrets(context.tree)
    if known is None:
        return cannot(*NO_SHADOW)
    wrong = []
    for account in people.accounts(context.tree):
        secret = known.get(account.name)
        if secret is None or not account.may_log_in:
            continue
        if secret.state == "empty":
            wrong.append(
                fact(f"空口令账户：{account.name}", f"account without a password: {account.name}", "empty", "set")
            )
        elif secret.state == "weak":
            wrong.append(
                fact(
                    f"口令散列算法过弱：{account.name}",
                    f"password hashed weakly: {account.name}",
                    "DES/MD5",
                    "SHA-512, SM3, yescrypt",
                )
            )
    wrong.extend(_open_in_passwd(context.tree))
    return verdict(wrong, [fact("已检查账户数", "accounts looked at", len(known))])


def _open_in_passwd(tree: Tree) -> list[Fact]:
    """An empty second field of passwd itself means no password at all, whatever shadow says."""
    lines = (line.split(":") for line in (tree.read("etc/passwd") or "").splitlines())
    return [
        fact(f"空口令账户：{fields[0]}", f"account without a password: {fields[0]}", "empty", "x")
        for fields in lines
        if len(fields) == 7 and fields[1] == ""
    ]


def _users(context: Context) -> Result:
    """Accounts of people beside those that may use this computer."""
    allowed = set(context.parameters.authorised_users)
    here = [one.name for one in people.people(context.tree) if one.uid != 0]
    doubled = [one.name for one in people.accounts(context.tree) if one.uid == 0 and one.name != "root"]
    wrong = [
        fact(f"与 root 同权的账户：{name}", f"account with the rights of root: {name}", name, "root")
        for name in doubled
    ]
    seen = fact("可登录账户", "accounts that may log in", ", ".join(here) or "-", ", ".join(sorted(allowed)) or "")
    if not allowed:
        if wrong:
            return verdict(wrong, [seen])
        if len(here) > 1 and context.computer_class in CONFIDENTIAL:
            return verdict(
                [
                    fact(
                        "未设定授权用户名单，且有多个账户",
                        "no list of authorised users is set, and several accounts exist",
                        len(here),
                        1,
                    )
                ],
                [seen],
            )
        return verdict([], [seen])
    wrong += [
        fact(f"不在授权名单中的账户：{name}", f"account that is not authorised: {name}", name, "authorised_users")
        for name in here
        if name not in allowed
    ]
    return verdict(wrong, [seen])


def _departed(context: Context) -> Result:
    """Accounts of persons who left, changed post or are in their cooling-off period, still open."""
    gone = set(context.parameters.departed_users)
    if not gone:
        return not_applicable("未设定离岗人员名单（departed_users）", "no departed persons are listed (departed_users)")
    known = people.secrets(context.tree)
    if known is None:
        return cannot(*NO_SHADOW)
    wrong = []
    for account in people.accounts(context.tree):
        secret = known.get(account.name)
        if account.name not in gone or not account.may_log_in or secret is None:
            continue
        expired = secret.expires is not None and 0 < secret.expires <= context.today
        if secret.state != "locked" and not expired:
            wrong.append(
                fact(
                    f"离岗人员账户未停用：{account.name}",
                    f"account of a departed person is open: {account.name}",
                    "open",
                    "locked",
                )
            )
    return verdict(wrong, [fact("名单人数", "persons listed", len(gone))])


def _administrators(context: Context) -> Result:
    """Who may administer the computer, and rights given without a password."""
    tree = context.tree
    allowed = set(context.parameters.authorised_admins)
    known = people.groups(tree)
    primary = {gid: name for name, (gid, _) in known.items() if name in ADMIN_GROUPS}
    admins = {member for name in ADMIN_GROUPS for member in known.get(name, (0, ()))[1]}
    admins |= {one.name for one in people.accounts(tree) if one.is_person and one.gid in primary}
    wrong = [
        fact(
            f"未经授权的管理员：{name}",
            f"administrator who is not authorised: {name}",
            name,
            ", ".join(sorted(allowed)),
        )
        for name in sorted(admins - allowed - {"root"})
        if allowed
    ]
    free = [path for path in ("etc/sudoers", *tree.glob("etc/sudoers.d/*")) if _gives_freely(tree, path)]
    wrong += [fact("免口令的管理权限", "administration without a password", path, "-") for path in free]
    return verdict(wrong, [fact("管理员", "administrators", ", ".join(sorted(admins)) or "-")])


def _gives_freely(tree: Tree, path: str) -> bool:
    """Whether a sudoers file lets anybody run anything without a password."""
    for line in tree.lines(path):
        rule = line.partition("#")[0]
        if "NOPASSWD" in rule and rule.rstrip().endswith("ALL"):
            return True
    return False


_SHADOW = Text(
    zh="账户名、口令天数（不含口令及其散列）", en="names of accounts and ages in days, never a password or its hash"
)

CHECKS = (
    Check(
        name="password-age",
        controls=("PWD-02",),
        title=Text(zh="口令按期更换", en="Passwords are changed in time"),
        remedy=Text(
            zh="立即更换所列账户口令，并执行 chage -M 天数 账户 设定最长有效期。",
            en="Change the passwords of the accounts listed, and set their longest life: chage -M DAYS ACCOUNT.",
        ),
        reads=("etc/shadow", "etc/passwd"),
        records=_SHADOW,
        look=_password_age,
        windows=windows.password_age,
    ),
    Check(
        name="empty-passwords",
        controls=("PWD-03", "PWD-10"),
        title=Text(zh="没有空口令和弱散列口令", en="No account without a password or with one hashed weakly"),
        remedy=Text(
            zh="为所列账户设置口令，或锁定账户（passwd -l 账户）。",
            en="Give the accounts listed a password, or lock them (passwd -l ACCOUNT).",
        ),
        reads=("etc/shadow", "etc/passwd"),
        records=_SHADOW,
        look=_empty_passwords,
        windows=windows.empty_passwords,
    ),
    Check(
        name="users",
        controls=("CPC-05", "NPC-06"),
        title=Text(zh="只有授权人员的账户", en="Only authorised persons have accounts"),
        remedy=Text(
            zh="经批准的人员登记入授权名单（authorised_users）；其余账户停用或删除。",
            en="Register persons who were approved in authorised_users; disable or remove the other accounts.",
        ),
        reads=("etc/passwd",),
        records=Text(zh="账户名", en="names of accounts"),
        look=_users,
        windows=windows.users,
        classes=ALL,
    ),
    Check(
        name="departed-users",
        controls=("PWD-12", "DISPOSE-05", "PERS-10"),
        title=Text(zh="离岗、脱密期人员账户已停用", en="Accounts of departed persons are closed"),
        remedy=Text(
            zh="停用所列账户，接任者重设用户名和口令。",
            en="Lock the accounts listed; the successor sets a new name and password.",
        ),
        reads=("etc/passwd", "etc/shadow"),
        records=Text(zh="账户名", en="names of accounts"),
        look=_departed,
        windows=windows.departed,
        extent="part",
    ),
    Check(
        name="administrators",
        controls=("NET-14",),
        title=Text(zh="管理权限仅授予经批准的人员", en="Only approved persons administer the computer"),
        remedy=Text(
            zh="将未经批准的人员移出管理组，删除免口令的 sudo 规则。",
            en="Take persons who were not approved out of the administrators; remove sudo rules without password.",
        ),
        reads=("etc/group", "etc/passwd", "etc/sudoers", "etc/sudoers.d/*"),
        records=Text(zh="账户名、规则文件名", en="names of accounts and of files with rules"),
        look=_administrators,
        windows=windows.administrators,
        extent="part",
    ),
)
