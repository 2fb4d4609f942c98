"""Markings on the computer's own disks, by class, from the sums of a scan (``mijian check --scan``).

What a scan found is judged by `agent.judging` before it comes here; these checks hold the counts against the
controls. Without a scan they say so: a computer that was not scanned is never called clean.
"""

from __future__ import annotations

from collections.abc import Callable

from agent.checks.base import (
    ALL,
    CONFIDENTIAL,
    OPEN,
    Check,
    Context,
    Fact,
    Marked,
    Result,
    fact,
    manual,
    not_applicable,
    verdict,
)
from protocol.records import ComputerClass, Level
from signatures.controls import Text

NOT_SCANNED = (
    "本次自查未扫描文件：请用 --scan 指定要扫描的目录或扫描结果",
    "no files were scanned for this self-check: name folders or a scan's result with --scan",
)
_REMEDY = Text(
    zh="停止使用所涉文件，不要自行删除，保持现场并报告保密员；核查来源和去向后按规定移交、清除。",
    en="Leave these files as they are and tell the secrecy officer; find out where they came from before erasing.",
)
_FORM_REMEDY = Text(zh="由定密责任人按规定改正标志。", en="Let the classification officer put the markings right.")
_COUNTS = Text(zh="文件数和控制项编号，不含文件名", en="numbers of files and ids of controls, never names of files")
FORM_CODES = (
    "STAR_VARIANT",
    "STAR_MISSING",
    "STAR_IN_NON_STATE",
    "ORDER",
    "DIGIT_WIDTH",
    "SPACING",
    "CN_NUMERAL",
    "TRAD_CHAR",
    "POSITION",
)
PERIOD_CODES = (
    "PERIOD_TOO_LONG",
    "PERIOD_UNIT",
    "PERIOD_MISSING",
    "PERIOD_ZERO",
    "PERIOD_FOREVER",
    "LONG_TERM_BASIS",
    "DATE_PAST_AT_ISSUE",
)
PLACES = {
    "mail": ("邮件存储", "mail stores"),
    "sync": ("网盘和聊天文件夹", "folders of sync and chat clients"),
    "share": ("共享目录", "shared folders"),
}

Counted = Callable[[Context, Marked], tuple[list[Fact], list[Fact]]]


def _from_scan(counted: Counted) -> Callable[[Context], Result]:
    """A look that needs a scan; without one it asks for it."""

    def look(context: Context) -> Result:
        """Count in the scan there is."""
        if context.marked is None:
            return manual(*NOT_SCANNED)
        wrong, right = counted(context, context.marked)
        examined = fact("扫描文件数", "files scanned", context.marked.files)
        missed = fact("未能检查的文件数", "files that could not be examined", context.marked.not_examined)
        return verdict(wrong, [*right, examined, *([missed] if context.marked.not_examined else [])])

    return look


def _broken(*controls: str) -> Counted:
    def counted(_context: Context, marked: Marked) -> tuple[list[Fact], list[Fact]]:
        return [
            fact(f"违反 {control} 的文件数", f"files that break {control}", marked.by_control[control], 0)
            for control in controls
            if marked.by_control.get(control)
        ], []

    return counted


def _any_marking(_context: Context, marked: Marked) -> tuple[list[Fact], list[Fact]]:
    return [
        fact(f"带标志的文件数（{family}）", f"marked files ({family})", count, 0)
        for family, count in sorted(marked.families.items())
        if family != "notation"
    ], []


def _in_places(_context: Context, marked: Marked) -> tuple[list[Fact], list[Fact]]:
    return [
        fact(f"带标志的文件数：{zh}", f"marked files: {en}", marked.by_place[place], 0)
        for place, (zh, en) in PLACES.items()
        if marked.by_place.get(place)
    ], []


def _drafts(_context: Context, marked: Marked) -> tuple[list[Fact], list[Fact]]:
    return (
        [fact("带标志的草稿和自动保存文件数", "marked drafts and autosaves", marked.drafts, 0)] if marked.drafts else []
    ), []


def _coded(*codes: str) -> Counted:
    def counted(_context: Context, marked: Marked) -> tuple[list[Fact], list[Fact]]:
        return [
            fact(f"标志问题 {code}", f"fault of markings {code}", marked.codes[code], 0)
            for code in codes
            if marked.codes.get(code)
        ], []

    return counted


def _exposed(_context: Context, marked: Marked) -> tuple[list[Fact], list[Fact]]:
    return (
        [fact("所有用户可读的带标志文件数", "marked files that everybody may read", marked.exposed, 0)]
        if marked.exposed
        else []
    ), []


def _top_secret(context: Context, marked: Marked) -> tuple[list[Fact], list[Fact]]:
    wrong = marked.top_secret and context.rank < 3
    return ([fact("绝密标志文件数", "files marked 绝密", marked.top_secret, 0)] if wrong else []), []


def _kinds(_context: Context, marked: Marked) -> tuple[list[Fact], list[Fact]]:
    return [], [
        fact(f"标志族 {family}", f"family {family}", count) for family, count in sorted(marked.families.items())
    ]


def _outside(_context: Context, marked: Marked) -> tuple[list[Fact], list[Fact]]:
    zh, en = "指定目录之外的带标志文件数", "marked files outside the folders designated"
    one = fact(zh, en, marked.outside, 0)
    return ([one], []) if marked.outside else ([], [one])


def _designated(context: Context) -> Result:
    """Whether marked files lie in the folders designated, where some are."""
    if not context.parameters.marked_folders:
        return not_applicable("未设定涉密文件目录（marked_folders）", "no folders are designated (marked_folders)")
    return _from_scan(_outside)(context)


def _copies(_context: Context, marked: Marked) -> tuple[list[Fact], list[Fact]]:
    zh, en = "同名副本标志不一致的文件名数", "names whose copies are marked otherwise"
    return ([fact(zh, en, marked.unlike_copies, 0)] if marked.unlike_copies else []), []


def _recordings(context: Context) -> Result:
    """Recordings without a level: for a person to hold against the register."""
    if context.marked is None:
        return manual(*NOT_SCANNED)
    count = fact("未标密级的录音录像数", "recordings and films without a level", context.marked.recordings)
    if context.marked.recordings:
        return manual("请与录音录像台帐核对密级", "compare with the register of recordings and their levels", count)
    return verdict([], [count])


def _contract(context: Context) -> Result:
    """Files marked 绝密 or 机密 in homes of contract staff."""
    names = context.parameters.contract_users
    if not names:
        return not_applicable("未设定文职人员账户（contract_users）", "no contract staff is listed (contract_users)")
    if context.marked is None:
        return manual(*NOT_SCANNED)
    found = [
        (level, fact(f"{level}文件数：{name}", f"files marked {level}: {name}", count, 0))
        for name in names
        for level, count in context.marked.by_account.get(name, {}).items()
        if level in (Level.TOP_SECRET, Level.CONFIDENTIAL)
    ]
    wrong = [one for level, one in found if level == Level.TOP_SECRET]
    maybe = [one for level, one in found if level != Level.TOP_SECRET]
    if maybe and not wrong:
        return manual("机密级文件须经批准：请核对审批记录", "机密 needs an approval: compare with the records", *maybe)
    return verdict(wrong, maybe)


def _check(
    name: str, controls: tuple[str, ...], title: tuple[str, str], counted: Counted | None = None, **more: object
) -> Check:
    """A check of this family: what they share is said once."""
    settings: dict[str, object] = {"remedy": _REMEDY, "records": _COUNTS, "reads": ("scan",), **more}
    if counted is not None:
        settings["look"] = _from_scan(counted)
    return Check(
        everywhere=True,
        name=name,
        controls=controls,
        title=Text(zh=title[0], en=title[1]),
        **settings,  # type: ignore[arg-type]
    )


CHECKS = (
    _check(
        "state-secrets",
        ("CPC-02", "NPC-01"),
        ("没有国家秘密文件", "No state secrets on a computer that may hold none"),
        _broken("CPC-02", "NPC-01"),
        classes=OPEN,
        in_part=("NPC-03", "NPC-15"),
    ),
    _check(
        "level-above",
        ("CPC-09",),
        ("没有高于本机密级的文件", "No file above the level of the computer"),
        _broken("CPC-09"),
        classes=CONFIDENTIAL,
    ),
    _check(
        "top-secret",
        ("CPC-18",),
        ("绝密文件只在绝密级计算机", "绝密 only on computers of that level"),
        _top_secret,
        extent="part",
    ),
    _check(
        "work-secrets",
        ("NPC-14", "CLASS-13", "CLASS-12"),
        ("工作秘密、内部和商业秘密资料存放合规", "Work, internal and commercial secrets are where they may be"),
        _broken("NPC-14", "CLASS-13", "CLASS-12", "MEDIA-05"),
        classes=OPEN,
    ),
    _check(
        "public-terminal",
        ("SITE-10",),
        ("公共终端没有任何带标志的文件", "No marked file at all on a public terminal"),
        _any_marking,
        classes=frozenset({ComputerClass.INTERNET}),
    ),
    _check(
        "outgoing-folders",
        ("NET-07", "NPC-08", "NET-09", "NET-18"),
        ("邮件、网盘、聊天和共享目录中没有带标志的文件", "No marked files in mail, sync, chat and shared folders"),
        _in_places,
        extent="part",
    ),
    _check(
        "drafts",
        ("CPC-10",),
        ("草稿和临时文件没有标志", "No markings in drafts and autosaves"),
        _drafts,
        classes=OPEN,
        in_part=("MARK-16",),
    ),
    _check(
        "readable-by-all",
        ("NPC-20",),
        ("带标志的文件限定访问权限", "Marked files are not readable by everybody"),
        _exposed,
        extent="part",
    ),
    _check(
        "marking-form",
        ("MARK-02", "MARK-03", "MARK-01"),
        ("标志规范", "Markings are of the prescribed form"),
        _coded(*FORM_CODES, "PROPERTY_MISMATCH"),
        remedy=_FORM_REMEDY,
        extent="part",
    ),
    _check(
        "marking-period",
        ("MARK-04", "MARK-05", "MARK-06", "MARK-07", "MARK-19"),
        ("保密期限规范", "Periods of markings are right"),
        _coded(*PERIOD_CODES),
        remedy=_FORM_REMEDY,
    ),
    _check(
        "marking-expired",
        ("MARK-08", "MARK-12"),
        ("到期文件已审核", "Expired markings are reviewed"),
        _coded("EXPIRED_REVIEW"),
        remedy=Text(
            zh="报定密责任人审核是否解密。", en="Have the classification officer review whether they are declassified."
        ),
    ),
    _check(
        "marking-kinds",
        ("CLASS-11", "PUB-07"),
        ("标志族与密级清单", "Families and levels of what was found"),
        _kinds,
        classes=ALL,
    ),
    _check(
        "marked-folders",
        ("MARK-17",),
        ("带标志的文件分类存放", "Marked files lie in the folders designated"),
        look=_designated,
        remedy=Text(
            zh="将带标志的文件移入指定目录（marked_folders）。",
            en="Move marked files into the folders of marked_folders.",
        ),
        extent="part",
    ),
    _check(
        "copies",
        ("MARK-15",),
        ("副本与原件标志一致", "Copies carry the marking of the original"),
        _copies,
        remedy=_FORM_REMEDY,
        extent="part",
    ),
    _check(
        "recordings",
        ("MARK-18",),
        ("录音录像确定密级", "Recordings and films have a level"),
        look=_recordings,
        classes=CONFIDENTIAL,
        remedy=Text(zh="由指定部门整理并确定密级。", en="Have the department in charge sort them and set their level."),
        extent="part",
    ),
    _check(
        "contract-staff",
        ("PERS-05",),
        ("文职人员未接触绝密级事项", "Contract staff hold nothing marked 绝密"),
        look=_contract,
        extent="part",
    ),
)
