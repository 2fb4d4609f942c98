"""Words that every form of a self-check's report shares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from agent.checks.selfcheck import Line, Report
from agent.words import SEVERITIES, language, text
from protocol.records import CheckOutcome
from signatures.controls import Text

OUTCOMES = {
    CheckOutcome.PASS: ("通过", "pass"),
    CheckOutcome.FAIL: ("不合格", "FAIL"),
    CheckOutcome.NOT_APPLICABLE: ("不适用", "not applicable"),
    CheckOutcome.MANUAL: ("需人工检查", "manual"),
    CheckOutcome.ERROR: ("无法检查", "could not be checked"),
}
ANSWERS = {
    "yes": ("是", "yes"),
    "no": ("否", "no"),
    "not-applicable": ("不适用", "not applicable"),
    "": ("未答", "not answered"),
}
CLASSES = {
    "internet": ("互联网计算机", "internet"),
    "internal": ("内部网络计算机", "internal"),
    "confidential": ("涉密计算机", "confidential"),
}
VALUES = {
    "none": "无",
    "one": "应有",
    "on": "开启",
    "off": "关闭",
    "set": "已设置",
    "empty": "空",
    "locked": "锁定",
    "open": "未停用",
    "installed": "已安装",
    "registered": "已登记",
    "shared": "共享",
    "encrypted": "已加密",
    "not encrypted": "未加密",
    "not kept": "未保存",
    "persistent": "持久保存",
    "unknown": "不详",
    "named hosts": "指定主机",
    "verified": "验证签名",
    "input drop": "入站拒绝",
    "input DROP": "入站拒绝",
    "input accept": "入站放行",
    "input ACCEPT": "入站放行",
    "no": "否",
    "≤ now": "不晚于当前",
}
"""Fixed words that stand as values in evidence, in Chinese; everything else is told as it is."""
ORDER = (CheckOutcome.FAIL, CheckOutcome.ERROR, CheckOutcome.MANUAL, CheckOutcome.PASS, CheckOutcome.NOT_APPLICABLE)


def outcome(value: CheckOutcome) -> str:
    """An outcome in the language in force."""
    return text(*OUTCOMES[value])


def pick(words: Text | None) -> str:
    """Words in the language in force; nothing for None."""
    return words.pick(language()) if words else ""


def severity(line: Line) -> str:
    """The severity of a line's control in the language in force."""
    return text(*SEVERITIES[line.severity])


def title(report: Report) -> str:
    """What the report is called."""
    if report.kind == "device":
        return text("存储介质残留数据检查证书", "Certificate of residual data")
    return text("保密自查报告", "Secrecy self-check report")


def heading(report: Report) -> list[tuple[str, str]]:
    """What stands at the head of a report, as names and values."""
    level = f" {report.level}" if report.level else ""
    kind = text(*CLASSES.get(report.computer_class, (report.computer_class, report.computer_class)))
    return [
        (text("单位", "Organisation"), report.organisation or text("（未填写）", "(not filled in)")),
        (text("报告编号", "Number"), report.number),
        (text("检查对象", "Examined"), report.subject),
        (text("类别与密级", "Class and level"), kind + level),
        (text("检查时间", "Time"), report.started_at.astimezone().strftime("%Y-%m-%d %H:%M:%S %z")),
        (text("用时", "Took"), f"{report.seconds:g} s"),
        (text("检查方案", "Profile"), f"{pick(report.profile_title)} ({report.profile} {report.profile_version})"),
        (text("方案校验值", "Digest of the profile"), report.profile_digest[:23] + "…"),
        (
            text("标志规则", "Marking rules"),
            (report.rules[:23] + "…") if report.rules else text("未扫描文件", "no files were scanned"),
        ),
        (
            text("扫描文件", "Files scanned"),
            f"{report.files} ({text('未能检查', 'not examined')} {report.not_examined})",
        ),
        (text("程序版本", "Program"), f"mijian {report.version}"),
    ]


def by_regime(lines: Iterable[Line]) -> list[tuple[str, Counter[CheckOutcome]]]:
    """Regime → how many checks ended in which way, in the order in which regimes first occur by name of control."""
    found: dict[str, Counter[CheckOutcome]] = {}
    for line in sorted(lines, key=lambda one: one.controls[0]):
        found.setdefault(pick(line.regime), Counter())[line.outcome] += 1
    return list(found.items())


def evidence(line: Line) -> list[str]:
    """The facts of a line as sentences."""
    sentences = []
    for one in line.facts:
        asked = text(f"（要求 {value(one.expected)}）", f" (asked for: {one.expected})") if one.expected else ""
        colon = text("：", ": ")
        sentences.append(f"{pick(one.what)}{colon}{value(one.seen)}{asked}")
    return sentences


def value(told: str) -> str:
    """A value of evidence in the language in force, as far as it is one of our fixed words."""
    if language() != "zh":
        return told
    return ", ".join(VALUES.get(word, word) for word in told.split(", "))
