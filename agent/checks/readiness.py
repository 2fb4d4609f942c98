"""Sums over the other checks: the baseline of protection, the rule of two networks, the bundle before an inspection.

Controls SEC-05, CPC-14, NPC-12, NET-01, CHECK-02. They run last and see how the others ended.
"""

from __future__ import annotations

from agent.checks.base import Check, Context, Result, cannot, fact, not_applicable, verdict
from protocol.records import CheckOutcome
from signatures.controls import Text

BASELINE = (
    "password-age", "empty-passwords", "password-quality", "lockout", "auto-login", "screen-lock", "antivirus",
    "antivirus-signatures", "updates", "supported-system", "firewall", "intrusion-detection", "audit", "logs-kept",
    "disk-encryption", "usb-storage-policy", "shares", "listening", "remote-control",
)  # fmt: skip
"""What a protected computer has, whatever its class."""
TWO_NETWORKS = ("state-secrets", "isolation", "outgoing-folders", "level-above", "network-zones", "network-traces")
INSPECTION = (
    "state-secrets",
    "recent-on-media",
    "devices",
    "usb-history",
    "network-traces",
    "left-behind",
    "work-secrets",
)


def _counted(context: Context, names: tuple[str, ...]) -> tuple[list[str], int, list[str]]:
    """Names of those that failed, how many passed, and names of those that could not say."""
    ran = {name: context.earlier[name].outcome for name in names if name in context.earlier}
    failed = [name for name, outcome in ran.items() if outcome is CheckOutcome.FAIL]
    unsure = [name for name, outcome in ran.items() if outcome in {CheckOutcome.ERROR, CheckOutcome.MANUAL}]
    return failed, sum(outcome is CheckOutcome.PASS for outcome in ran.values()), unsure


def _sum(context: Context, names: tuple[str, ...]) -> Result:
    """Fail where one of these failed; error where none did but some could not be told."""
    failed, passed, unsure = _counted(context, names)
    told = fact("合格项数", "checks passed", f"{passed}/{passed + len(failed) + len(unsure)}")
    if failed:
        return verdict([fact("不合格项", "check failed", name) for name in failed], [told])
    if unsure:
        return cannot(
            "部分检查无法得出结论",
            "some of the checks could not be told",
            told,
            *(fact("无结论", "not told", name) for name in unsure),
        )
    return (
        verdict([], [told])
        if passed
        else not_applicable("所列检查均不适用或未运行", "none of these checks applies or ran")
    )


CHECKS = (
    Check(
        name="baseline",
        controls=("SEC-05", "CPC-14"),
        title=Text(zh="防护基线达标", en="The baseline of protection is met"),
        remedy=Text(zh="按所列各项的处置办法逐项整改。", en="Mend each of the checks listed."),
        reads=("the other checks",),
        records=Text(zh="检查项名称和结果", en="names and outcomes of checks"),
        look=lambda context: _sum(context, BASELINE),
        everywhere=True,
    ),
    Check(
        name="two-networks",
        controls=("NET-01",),
        title=Text(
            zh="涉密不上网，上网不涉密", en="What is secret is on no network, what is on a network is not secret"
        ),
        remedy=Text(
            zh="按所列各项的处置办法立即整改，并报告保密员。",
            en="Mend each of the checks listed at once and tell the secrecy officer.",
        ),
        reads=("the other checks",),
        records=Text(zh="检查项名称和结果", en="names and outcomes of checks"),
        look=lambda context: _sum(context, TWO_NETWORKS),
        everywhere=True,
    ),
    Check(
        name="inspection",
        controls=("CHECK-02",),
        title=Text(zh="检查前自查要点", en="What an inspection looks at first"),
        remedy=Text(zh="按所列各项的处置办法逐项整改。", en="Mend each of the checks listed."),
        reads=("the other checks",),
        records=Text(zh="检查项名称和结果", en="names and outcomes of checks"),
        look=lambda context: _sum(context, INSPECTION),
        everywhere=True,
    ),
)

SUMS = frozenset(check.name for check in CHECKS)
"""Names of the checks that tell nothing which another check has not told."""
