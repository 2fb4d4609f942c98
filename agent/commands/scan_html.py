"""``mijian scan --format html``: one page that needs nothing beside it, for a screen and for A4 paper."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from html import escape

from agent import words
from agent.commands.scan_output import Judged, Target, coverage
from agent.scanning.results import FileResult, Summary
from agent.words import printable, text
from protocol.records import Finding, Verdict
from signatures.plain_words import FAMILIES, ZONES
from signatures.rules import Rule

_STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--line:#d0d7de;--dim:#57606a;--accent:#0b5cad;--soft:#f6f8fa}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--paper:#0d1117;--line:#30363d;--dim:#9198a1;--accent:#6cb6ff;
--soft:#161b22}}
body{margin:2rem auto;max-width:75rem;padding:0 1rem;color:var(--ink);background:var(--paper);
font:15px/1.55 system-ui,"Noto Sans CJK SC","Microsoft YaHei","WenQuanYi Micro Hei",sans-serif}
h1{font-size:1.5rem;margin:0 0 .25rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}.dim{color:var(--dim)}
.sum{display:flex;flex-wrap:wrap;gap:.75rem;margin:1.25rem 0}.sum div{border:1px solid var(--line);border-radius:6px;
padding:.5rem .9rem;min-width:7rem;background:var(--soft)}.sum b{display:block;font-size:1.4rem}
table{border-collapse:collapse;width:100%}th,td{border-bottom:1px solid var(--line);padding:.4rem .6rem;text-align:left;
vertical-align:top;overflow-wrap:anywhere}th{font-weight:600;color:var(--dim);white-space:nowrap}td:last-child{white-space:nowrap}
.critical b,.high b{color:#c62828}@media(prefers-color-scheme:dark){.critical b,.high b{color:#ff8a80}}
@media print{@page{size:A4 landscape;margin:12mm}body{margin:0;max-width:none;font-size:11px}
thead{display:table-header-group}
tr{break-inside:avoid}}
"""


class Html:
    """The report as a page: the sum first, then what was found, then what could not be examined and why."""

    def __init__(
        self, target: Target, *, everything: bool, judged: Judged | None, rules: Mapping[str, Rule] | None = None
    ) -> None:
        """``rules``: those in force, by id."""
        self._target = target
        self._everything = everything
        self._judged = judged
        self._rules = rules or {}
        self._kept: dict[Verdict, list[FileResult]] = {verdict: [] for verdict in Verdict}

    def result(self, result: FileResult) -> None:
        """Keep what will be printed."""
        if result.verdict is not Verdict.CLEAN or self._everything:
            self._kept[result.verdict].append(result)

    def summary(self, summary: Summary) -> None:
        """Write the page."""
        for results in self._kept.values():
            results.sort(key=lambda result: result.path)
        self._target.stream.writelines(part.encode("utf-8", "backslashreplace") for part in self._page(summary))

    def _page(self, summary: Summary) -> Iterator[str]:
        title = text("密检扫描报告", "Mijian scan report")
        yield (
            f'<!doctype html>\n<html lang="{text("zh-Hans", "en")}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
            f"<title>{title}</title><style>{_STYLE}</style></head>\n<body><h1>{title}</h1>\n"
        )
        yield f'<p class="dim">{escape(_made())}</p>\n'
        yield _tiles(summary)
        yield "".join(f"<p>{escape(line)}</p>\n" for line in coverage(summary).splitlines())
        yield from self._findings()
        yield from self._not_examined()
        if self._everything:
            rows = ([_named(result), escape(result.media_type)] for result in self._kept[Verdict.CLEAN])
            yield from _table(text("无发现", "Clean"), [text("文件", "File"), text("类型", "Type")], rows)
        yield (
            f'<p class="dim">{text("规则", "Rules")} {escape(summary.rules)} · '
            f"{text('隔离', 'Cage')}: {escape(summary.cage)}</p>\n</body></html>\n"
        )

    def _findings(self) -> Iterator[str]:
        columns = [
            text("文件", "File"),
            text("标志", "Marking"),
            text("密级", "Level"),
            text("期限", "Period"),
            text("位置", "Zone"),
            text("规则", "Rule"),
            text("置信度", "Confidence"),
            text("严重程度", "Severity"),
        ]
        columns += [text("违反", "Breaks")] if self._judged else []
        rows = (self._row(result, finding) for result in self._kept[Verdict.FINDING] for finding in result.findings)
        yield from _table(text("发现", "Findings"), columns, rows)

    def _row(self, result: FileResult, finding: Finding) -> list[str]:
        severity, control = self._judged(finding) if self._judged else (finding.severity.value, None)
        rule = self._rules.get(finding.rule)
        cells = [
            _named(result),
            f"<b>{escape(printable(finding.marking))}</b>",
            escape(finding.level or _word(FAMILIES, finding.family)),
            escape(words.standing(finding)),
            escape(_word(ZONES, finding.zone)),
            escape(text(rule.title.zh, rule.title.en) if rule else finding.rule),
            str(finding.confidence),
            f'<span class="{escape(severity)}"><b>{escape(words.severity(severity))}</b></span>',
        ]
        return cells + ([escape(control or "—")] if self._judged else [])

    def _not_examined(self) -> Iterator[str]:
        columns = [text("文件", "File"), text("原因", "Reason"), text("类型", "Type")]
        rows = (
            [_named(result), escape(words.reason(str(result.reason))), escape(result.media_type)]
            for result in self._kept[Verdict.NOT_EXAMINED]
        )
        yield from _table(text("未能检查", "Not examined"), columns, rows)


def _tiles(summary: Summary) -> str:
    tiles = (
        (text("共见", "Seen"), summary.enumerated),
        (text("无发现", "Clean"), summary.clean),
        (text("有发现", "With findings"), summary.finding),
        (text("未能检查", "Not examined"), summary.not_examined),
    )
    return '<div class="sum">' + "".join(f"<div>{name}<b>{count}</b></div>" for name, count in tiles) + "</div>\n"


def _table(title: str, columns: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    """A table under its heading; its cells are markup already. A word of its own where there are no rows."""
    heads = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    yield f"<h2>{title}</h2>\n"
    empty = True
    for row in rows:
        if empty:
            yield f"<table><thead><tr>{heads}</tr></thead><tbody>\n"
            empty = False
        yield "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>\n"
    yield f"<p>{text('没有。', 'None.')}</p>\n" if empty else "</tbody></table>\n"


def _named(result: FileResult) -> str:
    member = f'<br><span class="dim">{escape(printable(result.member))}</span>' if result.member else ""
    return escape(printable(result.path)) + member


def _word(names: Mapping[str, tuple[str, str]], name: str) -> str:
    return text(*names[name]) if name in names else name


def _made() -> str:
    now = datetime.now().astimezone()
    return text(f"{now.year}年{now.month}月{now.day}日 {now:%H:%M}", f"{now:%Y-%m-%d %H:%M}")
