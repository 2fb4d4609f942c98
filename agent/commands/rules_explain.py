"""``mijian rules explain``: why a text is a marking or none, each point with its reason, for the reader."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

import msgspec

from agent.commands import UsageError, rules_explain_judge, rules_options
from agent.words import language, printable, text
from signatures import plain_words

if TYPE_CHECKING:
    from signatures.markings import Explanation, Reading

WHAT = ("说明一段文字为何是或不是标志", "tell why a text is a marking, or is none")
MOST = 100_000
"""Characters that are explained; nobody reads the reasons of more."""
LEAST = 45
"""Confidence from which on a finding is judged, as by `mijian scan` and the agent unless told otherwise."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the action."""
    parser.add_argument(
        "text", metavar="TEXT", help=text("文字; - 表示从标准输入读取", "the text; - reads standard input")
    )
    parser.add_argument(
        "--zone",
        choices=list(plain_words.ZONES),
        default="p1_top_left",
        metavar="Z",
        help=text(
            f"文字所在的区域 (默认 p1_top_left): {', '.join(plain_words.ZONES)}",
            f"where the text stands (default p1_top_left): {', '.join(plain_words.ZONES)}",
        ),
    )
    rules_options.add_rules(parser)
    rules_options.add_format(parser)
    rules_explain_judge.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Explain. Status 0 whatever the text is. Raises `UsageError` and `FileMistake`."""
    from signatures.markings import Grammar
    from signatures.passages import Passage, Zone
    from signatures.rules import load_rules

    words = _given(options.text)
    rules = load_rules(options.rules)
    grammar = Grammar(rules)
    zone = Zone(options.zone)
    explanation = grammar.explain(words, zone)
    notations = [notation.level for notation in grammar.notations([Passage(zone, words)])]
    titles = {rule.id: getattr(rule.title, language()) for rule in rules.rules}
    answer = _told(explanation, options.zone, notations, titles)
    if options.judge:
        findings = [found for found in grammar.find([Passage(zone, words)]) if found.confidence >= LEAST]
        answer["judged"] = rules_explain_judge.explained(findings, options)
    if options.format == "json":
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(answer)) + b"\n")
    else:
        sys.stdout.write(_page(answer))
    return 0


def _given(words: str) -> str:
    if words == "-":
        words = sys.stdin.buffer.read(4 * MOST + 1).decode("utf-8-sig", "replace")
    if len(words) > MOST:
        raise UsageError(text(f"文字过长, 至多 {MOST} 个字符", f"the text is too long; at most {MOST} characters"))
    try:
        words.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UsageError(text("文字不是 UTF-8", "the text is not UTF-8")) from error
    return words


def _told(explanation: Explanation, zone: str, notations: list[str], titles: dict[str, str]) -> dict[str, Any]:
    """The whole explanation as data, fixed words and their wording side by side."""
    lang = language()
    return {
        "zone": zone,
        "zone_name": plain_words.told(plain_words.ZONES, zone, lang),
        "views": explanation.views,
        "tried": [
            {"kind": kind, "kind_name": plain_words.told(plain_words.FORMS, kind, lang), "text": unit}
            for kind, unit in explanation.tried
        ],
        "readings": [_reading(reading, titles, lang) for reading in explanation.readings],
        "notations": notations,
    }


def _reading(reading: Reading, titles: dict[str, str], lang: str) -> dict[str, Any]:
    band = plain_words.band(reading.confidence)
    return {
        "rule": reading.rule,
        "title": titles.get(reading.rule, reading.rule),
        "form": reading.form,
        "form_name": plain_words.told(plain_words.FORMS, reading.form, lang),
        "text": reading.unit,
        "level": reading.level,
        "period": reading.period,
        "points": [
            {"reason": why, "points": points, "told": plain_words.reason(why, lang)} for why, points in reading.points
        ],
        "sum": sum(points for _, points in reading.points),
        "confidence": reading.confidence,
        "band": band,
        "band_name": plain_words.told(plain_words.BANDS, band, lang),
        "codes": [{"code": code, "told": plain_words.told(plain_words.CODES, code, lang)} for code in reading.codes],
    }


def _page(answer: dict[str, Any]) -> str:
    lines = [f"{text('位置', 'zone')}: {answer['zone_name']} ({answer['zone']})"]
    if not answer["views"]:
        lines.append(
            text(
                "没有一行含有任何规则在此处要找的词, 因此未细读。",
                "No line holds a word that any rule looks for here, so none was read closely.",
            )
        )
    lines += [f"{text('规范化后', 'normalised')}: {printable(view)}" for view in answer["views"]]
    for unit in answer["tried"]:
        lines.append(f"  {text('比对', 'tried')} {unit['kind_name']}: {printable(unit['text'])}")
    for notation in answer["notations"]:
        lines.append(f"{text('反证标注', 'notation, evidence against a marking')}: {notation}")
    if not answer["readings"]:
        lines.append(text("结论: 不是标志, 没有规则命中。", "Result: no marking; no rule fits."))
    for reading in answer["readings"]:
        lines += ["", *_reading_lines(reading)]
    if "judged" in answer:
        lines += rules_explain_judge.lines(answer["judged"])
    return "\n".join(lines) + "\n"


def _reading_lines(reading: dict[str, Any]) -> list[str]:
    what = [f"{text('密级', 'level')} {reading['level']}"] if reading["level"] else []
    what += [f"{text('期限', 'period')} {reading['period']}"] if reading["period"] else []
    lines = [f"{reading['rule']}: {reading['title']}", f"  {printable(reading['text'])}  {'  '.join(what)}".rstrip()]
    lines += [f"  {point['points']:+4d}  {point['told']}" for point in reading["points"]]
    total = str(reading["confidence"])
    if reading["sum"] != reading["confidence"]:
        total = text(f"{total} (合计 {reading['sum']}, 限于 0–100)", f"{total} (sum {reading['sum']}, held to 0–100)")
    lines.append(f"  {text('置信度', 'confidence')} {total}: {reading['band_name']}")
    lines += [f"  {code['code']}: {code['told']}" for code in reading["codes"]]
    return lines
