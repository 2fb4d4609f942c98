"""How the end of a search for traces is told: as facts in a report, and as the evidence that travels."""

from __future__ import annotations

from agent.checks.base import Context, Fact, Result, cannot, fact
from agent.checks.isolation_talk import TRACES
from agent.checks.traces_base import Search
from protocol.records import CheckOutcome, NetworkEvidence
from signatures.controls import Text


def search_of(context: Context) -> Search:
    """A search of the tree of a check."""
    isolation = context.settings.isolation
    return Search(context.tree, context.now, isolation, isolation.inspected_at)


def told(search: Search) -> Result:
    """The result of a search that has gathered what there is."""
    troubles = [
        Fact(what=Text(zh=f"无法读取：{why.zh}", en=f"cannot be read: {why.en}"), seen=path)
        for path, why in search.troubles
    ]
    if search.found:
        return Result(outcome=CheckOutcome.FAIL, facts=(*_facts(search), *troubles), network=evidence(search))
    if troubles:
        return cannot("部分来源无法读取，不能得出结论", "some of the sources could not be read", *troubles)
    since = f"{search.since:%Y-%m-%d}" if search.since else "-"
    return Result(outcome=CheckOutcome.PASS, facts=(fact("起始日期", "looked back to", since),))


def evidence(search: Search) -> NetworkEvidence:
    """What travels: kinds, counts and newest times."""
    found = dict(sorted(search.found.items()))
    return NetworkEvidence(
        signals=tuple(found),
        since=min((one.oldest for one in found.values() if one.oldest), default=None),
        counts={kind: one.count for kind, one in found.items()},
        newest={kind: one.newest for kind, one in found.items() if one.newest},
    )


def _facts(search: Search) -> list[Fact]:
    rows = []
    for kind, trace in sorted(search.found.items()):
        zh, en = next((words for start, words in TRACES.items() if kind.startswith(start)), (kind, kind))
        newest = f"{trace.newest:%Y-%m-%d %H:%M}Z" if trace.newest else "?"
        rows.append(fact(f"痕迹：{zh}", f"trace: {en}", f"{kind} ×{trace.count}, {newest}", 0))
    return rows
