"""NET-03 and CPC-03 as a check of the self-check: `agent.checks.isolation` looked at once."""

from __future__ import annotations

from agent.checks.base import CONFIDENTIAL, Check, Context, Result, fact
from agent.checks.isolation import IsolationCheck
from protocol.records import CheckOutcome
from signatures.controls import Text


def _look(context: Context) -> Result:
    """Signs of a connection to the outside, as sorted words without addresses."""
    told = IsolationCheck(context.computer_class, context.settings.isolation).run()
    facts = tuple(
        fact("外联迹象", "sign of a connection", one) for one in (told.evidence.signals if told.evidence else ())
    )
    why = Text(zh="系统不允许读取网络状态", en=told.why) if told.why and told.outcome is CheckOutcome.ERROR else None
    return Result(outcome=told.outcome, why=why, facts=facts, network=told.evidence)


CHECKS = (
    Check(
        name="isolation",
        controls=("NET-03", "CPC-03"),
        title=Text(zh="涉密计算机没有违规外联", en="A classified computer has no connection to the outside"),
        remedy=Text(
            zh="立即拔除网线并关闭无线设备，不要关机，报告保密员。",
            en="Pull the network cable and switch radios off at once, do not shut down, and tell the secrecy officer.",
        ),
        reads=("proc/net", "etc/resolv.conf", "interfaces and sockets"),
        records=Text(zh="接口、路由、进程名（不含网址）", en="interfaces, routes and names of processes, never a URL"),
        look=_look,
        classes=CONFIDENTIAL,
        live_only=True,
    ),
)
