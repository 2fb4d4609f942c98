"""A self-check as one HTML file for people and printers: no script, nothing fetched, A4 by its style."""

from __future__ import annotations

from html import escape

from agent.checks.selfcheck import Change, Line, Report
from agent.commands.check_table import changes
from agent.commands.check_words import ANSWERS, ORDER, by_regime, evidence, heading, outcome, pick, severity, title
from agent.words import language, printable, text
from protocol.records import CheckOutcome

_STYLE = """
:root{--ink:#1b1f24;--soft:#5b6470;--line:#cfd5dc;--bad:#a3161a;--warn:#8a5a00;--good:#14663a}
@page{size:A4;margin:16mm 14mm}
*{box-sizing:border-box}
body{font:10.5pt/1.5 "Noto Sans CJK SC","Source Han Sans SC","Microsoft YaHei","WenQuanYi Micro Hei",sans-serif;
color:var(--ink);margin:0 auto;max-width:182mm;padding:8mm 0;overflow-wrap:anywhere}
h1{font-size:17pt;text-align:center;margin:0 0 6mm}
h2{font-size:12.5pt;border-bottom:1.5px solid var(--ink);margin:8mm 0 3mm;break-after:avoid}
table{border-collapse:collapse;width:100%;table-layout:fixed}
th,td{border:1px solid var(--line);padding:1.2mm 2mm;text-align:left;vertical-align:top}
th{background:#f2f4f7;font-weight:600}
td.n,th.n{text-align:right;width:20mm}
.head th{width:32mm}
article{border:1px solid var(--line);border-left:4px solid var(--soft);padding:2mm 3mm;margin:0 0 3mm;
break-inside:avoid}
article.fail{border-left-color:var(--bad)}article.error,article.manual{border-left-color:var(--warn)}
article.pass{border-left-color:var(--good)}
article h3{font-size:11pt;margin:0}
.tag{font-weight:700}.fail .tag{color:var(--bad)}.error .tag,.manual .tag{color:var(--warn)}
.pass .tag{color:var(--good)}
p,ul{margin:1mm 0}ul{padding-left:5mm}.soft{color:var(--soft)}
.sign{display:flex;gap:8mm;margin-top:12mm;break-inside:avoid}
.sign div{flex:1;border-top:1px solid var(--ink);padding-top:2mm}
"""


def html(report: Report, change: Change | None) -> bytes:
    """The whole file."""
    called = title(report)
    body = [
        f"<h1>{called}</h1>",
        _head(report),
        f"<h2>{text('按制度汇总', 'Sum by regime')}</h2>",
        _sum(report),
    ]
    if change:
        first, *rest = changes(report, change)
        items = "".join(f"<li>{_safe(one.strip())}</li>" for one in rest)
        body.append(f"<h2>{text('与上次报告对照', 'Since the last report')}</h2><p>{_safe(first)}</p><ul>{items}</ul>")
    for name, lines in _parts(report):
        if lines:
            body.append(f"<h2>{name} ({len(lines)})</h2>")
            body += [_article(line) for line in lines]
    if report.attestations:
        body.append(f"<h2>{text('人工确认', 'Attestations')}</h2>")
        body.append(_questions(report))
    body.append(_signatures())
    lang = "zh-Hans" if language() == "zh" else "en"
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    page = (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{called} {_safe(report.number)}</title>"
        f"<style>{_STYLE}</style></head><body>{''.join(body)}</body></html>\n"
    )
    return page.encode("utf-8", "replace")


def _safe(words: str) -> str:
    return escape(printable(words))


def _parts(report: Report) -> list[tuple[str, list[Line]]]:
    """Lines by outcome, failures first."""
    return [(outcome(one), [line for line in report.lines if line.outcome is one]) for one in ORDER]


def _head(report: Report) -> str:
    rows = "".join(f"<tr><th>{_safe(name)}</th><td>{_safe(value)}</td></tr>" for name, value in heading(report))
    return f'<table class="head">{rows}</table>'


def _sum(report: Report) -> str:
    head = "".join(f'<th class="n">{outcome(one)}</th>' for one in ORDER)
    rows = "".join(
        f"<tr><td>{_safe(name)}</td>" + "".join(f'<td class="n">{counts[one] or ""}</td>' for one in ORDER) + "</tr>"
        for name, counts in by_regime(report.lines)
    )
    total = "".join(f'<td class="n">{report.count(one)}</td>' for one in ORDER)
    first, last = text("制度", "Regime"), text("合计", "Sum")
    return f"<table><tr><th>{first}</th>{head}</tr>{rows}<tr><th>{last}</th>{total}</tr></table>"


def _article(line: Line) -> str:
    facts = "".join(f"<li>{_safe(one)}</li>" for one in evidence(line))
    parts = [
        f'<article class="{line.outcome}"><h3><span class="tag">{outcome(line.outcome)}</span>',
        f" {_safe(pick(line.title))}</h3>",
        f'<p class="soft">{_safe(", ".join(line.controls))} · {severity(line)} · {_safe(line.clause)}</p>',
    ]
    if line.why:
        parts.append(f"<p>{_safe(pick(line.why))}</p>")
    if facts:
        parts.append(f"<ul>{facts}</ul>")
    if line.outcome is CheckOutcome.FAIL:
        parts.append(f"<p><strong>{text('处置', 'What to do')}</strong> {_safe(pick(line.remedy))}</p>")
    return "".join(parts) + "</article>"


def _questions(report: Report) -> str:
    rows = "".join(
        f"<tr><td>{_safe(one.control)}</td><td>{_safe(pick(one.ask))}"
        + (f'<br><span class="soft">{_safe(one.note)}</span>' if one.note else "")
        + f"</td><td>{text(*ANSWERS[one.answer]) if one.answer else text('□ 是 □ 否', '□ yes □ no')}</td>"
        f"<td>{_safe(one.by)} {_safe(one.on)}</td></tr>"
        for one in report.attestations
    )
    head = "".join(
        f'<th style="width:{width}mm">{name}</th>' if width else f"<th>{name}</th>"
        for name, width in (
            (text("编号", "Control"), 26),
            (text("问题", "Question"), 0),
            (text("回答", "Answer"), 26),
            (text("答题人、日期", "By, on"), 32),
        )
    )
    return f"<table><tr>{head}</tr>{rows}</table>"


def signatures() -> list[str]:
    """The lines to sign."""
    return [
        text("自查人（签字、日期）", "Checked by (signature, date)"),
        text("计算机责任人（签字、日期）", "Responsible person (signature, date)"),
        text("保密员（签字、日期）", "Secrecy officer (signature, date)"),
    ]


def _signatures() -> str:
    return '<div class="sign">' + "".join(f"<div>{one}</div>" for one in signatures()) + "</div>"
