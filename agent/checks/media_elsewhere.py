"""Removable media that carry traces of other systems: used elsewhere, taken home or lent (MEDIA-13).

Systems leave folders of their own on what is plugged into them. Which those are is no proof of a breach: a person holds
them against the records of what was taken out.
"""

from __future__ import annotations

from agent.checks import people
from agent.checks.base import OPEN, Check, Context, Fact, Result, fact, manual, not_applicable, verdict
from agent.checks.encryption import removable
from agent.checks.tree import Tree
from signatures.controls import Text

FOREIGN: dict[str, tuple[str, ...]] = {
    "macOS": (".Spotlight-V100", ".fseventsd", ".Trashes", ".DS_Store"),
    "Android": ("Android", "LOST.DIR"),
    "Windows": ("System Volume Information", "$RECYCLE.BIN"),
    "camera": ("DCIM",),
}
"""System → names it leaves at the top of a medium."""


def _elsewhere(context: Context) -> Result:
    """Systems other than this one that wrote to the media mounted now."""
    tree = context.tree
    points = [point for _, point, _ in removable(tree)]
    if not points:
        return not_applicable("当前没有挂载移动介质", "no removable medium is mounted now")
    found: list[Fact] = []
    for number, point in enumerate(points, 1):
        systems = _systems(tree, point.strip("/"))
        if systems:
            zh, en = f"介质 {number} 上其他系统的痕迹", f"traces of other systems on medium {number}"
            found.append(fact(zh, en, ", ".join(systems)))
    if found:
        return manual("请与介质外带、借用记录核对", "compare with the records of media taken out or lent", *found)
    return verdict([], [fact("挂载的移动介质数", "removable media mounted", len(points))])


def _systems(tree: Tree, point: str) -> list[str]:
    names = set(tree.names(point))
    systems = [system for system, marks in FOREIGN.items() if names & set(marks)]
    here = {f".Trash-{one.uid}" for one in people.accounts(tree)}
    if any(name.startswith(".Trash-") and name not in here for name in names):
        systems.append("Linux")
    return systems


CHECKS = (
    Check(
        name="media-elsewhere",
        controls=("MEDIA-13",),
        title=Text(zh="移动介质没有在外部使用的痕迹", en="Removable media show no use on other systems"),
        remedy=Text(
            zh="与介质外带、借用审批记录核对；无记录的报告保密员。",
            en="Compare with the approvals of taking out or lending; tell the secrecy officer where there is none.",
        ),
        reads=("proc/self/mountinfo", "the top folder of removable media"),
        records=Text(zh="系统种类，不含文件名", en="kinds of systems, never names of files"),
        look=_elsewhere,
        classes=OPEN,
        live_only=True,
        extent="part",
    ),
)
