"""Identity of the computer: is it registered, with a class and level, and is it the one it says (CPC-01, NET-16)."""

from __future__ import annotations

from agent.checks.base import ALL, CONFIDENTIAL, Check, Context, Result, fact, verdict
from agent.checks.windows import system as windows
from signatures.controls import Text


def _registered(context: Context) -> Result:
    """Whether the ledger of computers knows this one, and by the class that is checked here."""
    told = context.registration
    if told is None:
        return verdict([fact("登记", "registration", "none", "mijian enroll")])
    wrong = []
    if told.computer_class is not context.computer_class:
        wrong.append(fact("登记的类别", "class it is registered with", told.computer_class, context.computer_class))
    if context.computer_class in CONFIDENTIAL and told.level is None:
        wrong.append(fact("登记的密级", "level it is registered with", "none", "秘密, 机密, 绝密"))
    serial = _serial(context)
    return verdict(
        wrong,
        [
            fact("登记编号", "number in the register", told.agent),
            fact("登记时间", "registered at", told.enrolled_at.date().isoformat()),
            fact("类别与密级", "class and level", f"{told.computer_class} {told.level or ''}".strip()),
            fact("序列号末四位", "last four of its serial", serial),
        ],
    )


def _serial(context: Context) -> str:
    """The last four characters of the maker's serial, where it can be had (E-DEV)."""
    text = context.tree.read_bytes("sys/class/dmi/id/product_serial", 4096) if context.tree.live else None
    return "…" + text.decode("ascii", "replace").strip()[-4:] if text and text.strip() else "-"


def _label(context: Context) -> Result:
    """The notice that is shown before log-in: it tells everybody what the computer may hold."""
    return _said("\n".join(context.tree.read(name) or "" for name in ("etc/issue", "etc/motd", "etc/issue.net")))


def _label_on_windows(context: Context) -> Result:
    """The same of Windows: the notice of its policy."""
    with windows.hive(context.tree, "SOFTWARE") as software:
        path = rf"{windows.POLICIES}\System"
        return _said(f"{software.text(path, 'legalnoticecaption')}\n{software.text(path, 'legalnoticetext')}")


def _said(text: str) -> Result:
    """Whether a notice says what the computer may hold."""
    words = ("涉密", "秘密", "机密", "绝密", "非涉密", "内部", "严禁", "internal", "classified", "confidential")
    said = [word for word in words if word in text.lower()]
    one = fact("登录提示中的类别用语", "words on its class before log-in", ", ".join(said) or "none", "one")
    return verdict([] if said else [one], [one] if said else [])


CHECKS = (
    Check(
        name="registered",
        controls=("CPC-01", "NPC-05"),
        in_part=("NET-16",),
        title=Text(zh="计算机已登记，类别与密级一致", en="The computer is registered, with its class and level"),
        remedy=Text(
            zh="到保密员处登记，并以登记的类别运行 mijian enroll。",
            en="Register it with the secrecy officer and enrol it with the class registered (mijian enroll).",
        ),
        reads=("the agent's identity", "sys/class/dmi/id/product_serial"),
        records=Text(zh="登记编号、类别、密级、序列号末四位", en="number, class, level, last four of the serial"),
        look=_registered,
        everywhere=True,
        classes=ALL,
    ),
    Check(
        name="class-shown",
        controls=("CPC-08",),
        title=Text(zh="登录前提示计算机类别", en="The class of the computer is told before log-in"),
        remedy=Text(
            zh="在 /etc/issue 中写明本机类别、密级和“严禁”事项。",
            en="Say in /etc/issue what the computer may hold and what is forbidden.",
        ),
        reads=("etc/issue", "etc/motd"),
        records=Text(zh="命中的提示用语", en="words of the notice"),
        look=_label,
        windows=_label_on_windows,
        classes=CONFIDENTIAL,
        extent="part",
    ),
)
