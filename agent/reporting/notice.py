"""What the agent says to people while it runs: one line an event, in their language, with no path and no content."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TextIO

from agent import words
from agent.reporting.uplink import Sent
from protocol.receipts import Answer
from protocol.records import CheckOutcome, FileEvidence, Medium, NetworkEvidence, SettingEvidence, ViolationSeen


class Notice:
    """Writes lines to a stream as they happen. Safe to use from several threads."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._lock = threading.Lock()
        self._problem = ""

    def say(self, zh: str, en: str) -> None:
        """One line, led by the time of day."""
        line = f"{datetime.now().astimezone():%H:%M:%S}  {words.printable(words.text(zh, en))}\n"
        with self._lock, suppress(OSError, ValueError):  # a terminal that has gone must not stop the agent
            encoding = self._stream.encoding or "utf-8"
            self._stream.write(line.encode(encoding, "replace").decode(encoding))
            self._stream.flush()

    def started(self, agent: str, computer_class: str, level: str | None) -> None:
        """The agent came up."""
        rank = f" {level}" if level else ""
        self.say(
            f"客户端已启动：{agent}，类别 {computer_class}{rank}", f"agent {agent} is up, class {computer_class}{rank}"
        )

    def mounted(self, medium: Medium) -> None:
        """A medium was mounted and will be scanned."""
        self.say(f"介质已接入：{_name(medium)}；开始检查", f"medium mounted: {_name(medium)}; scanning")

    def plugged(self, medium: Medium) -> None:
        """A phone, camera or player was plugged in: recognised, not readable."""
        self.say(
            f"手机或相机已接入：{_name(medium)}；其中的文件无法检查",
            f"phone or camera plugged in: {_name(medium)}; its files cannot be examined",
        )

    def locked(self, medium: Medium) -> None:
        """A locked container was plugged in: nothing in it can be examined before it is unlocked."""
        self.say(
            f"加密介质已接入：{_name(medium)}；解锁之前其中的文件无法检查",
            f"locked container plugged in: {_name(medium)}; its files cannot be examined before it is unlocked",
        )

    def held(self, medium: Medium, access: str) -> None:
        """How a medium that policy holds, or holds no more, was found to stand."""
        zh, en = words.ACCESS[access]
        self.say(f"{zh}：{_name(medium)}", f"{en}: {_name(medium)}")

    def gone(self, medium: Medium, *, pulled: bool) -> None:
        """A medium went."""
        if pulled:
            self.say(f"介质未卸载即被拔出：{_name(medium)}", f"medium pulled without being unmounted: {_name(medium)}")
        else:
            self.say(f"介质已卸载：{_name(medium)}", f"medium unmounted: {_name(medium)}")

    def progress(self, files: int, count: int) -> None:
        """How far a scan is."""
        self.say(
            f"  已检查 {files} 个文件，{words.size(count)}", f"  {files} files, {words.size(count)} examined so far"
        )

    def violation(self, seen: ViolationSeen) -> None:
        """A violation was seen. Names the marking, never the file."""
        if isinstance(seen.evidence, NetworkEvidence):
            signals = ", ".join(seen.evidence.signals)
            self.say(f"  ● 违规外联 {seen.control}：{signals}", f"  ● outside connection, {seen.control}: {signals}")
            return
        if isinstance(seen.evidence, SettingEvidence):
            about = seen.evidence
            self.say(
                f"  ● 自查不合格 {seen.control}：{about.title_zh}",
                f"  ● check failed, {seen.control}: {about.title_en}",
            )
            return
        findings = seen.evidence.findings if isinstance(seen.evidence, FileEvidence) else ()
        marking = findings[0].marking if findings else ""
        rank = words.severity(seen.severity)
        self.say(f"  ● {rank} {seen.control}：{marking}", f"  ● {rank} {seen.control}: {marking}")

    def scanned(self, counts: Mapping[str, int], seconds: float, severities: Counter[str], *, complete: bool) -> None:
        """The sum of a scan. ``counts`` has enumerated, clean, finding and not_examined."""
        ranks = ", ".join(f"{words.severity(name)} {count}" for name, count in severities.items())
        end = words.text("检查完成", "scan done") if complete else words.text("检查中断", "scan cut short")
        sums = (counts["enumerated"], counts["clean"], counts["finding"], counts["not_examined"])
        self.say(
            "{}：共 {} = 正常 {} + 有标志 {} + 未检查 {}，用时 {:.1f} 秒；违规：{}".format(
                end, *sums, seconds, ranks or "无"
            ),
            "{}: {} seen = {} clean + {} with findings + {} not examined, in {:.1f} s; violations: {}".format(
                end, *sums, seconds, ranks or "none"
            ),
        )

    def checked(self, control: str, outcome: CheckOutcome, stood: timedelta | None = None) -> None:
        """A check ended otherwise than before; ``stood`` is how long the state stood that it found ended."""
        if outcome is CheckOutcome.PASS:
            seconds = round(stood.total_seconds()) if stood else None
            zh, en = (f"，此前持续 {seconds} 秒", f", after {seconds} s") if seconds is not None else ("", "")
            self.say(f"检查通过：{control}{zh}", f"check passed: {control}{en}")
        elif outcome is not CheckOutcome.FAIL:
            self.say(f"检查未能进行：{control}", f"check could not be made: {control}")

    def sent(self, sent: Sent) -> None:
        """What an attempt to send came to; the same trouble is told once."""
        receipt = sent.receipt
        if receipt is None:
            if self._problem != sent.problem:
                self.say(f"暂时无法上报，稍后重试：{sent.problem}", f"cannot report now, trying again: {sent.problem}")
            self._problem = sent.problem
            return
        if receipt.answer is Answer.REFUSED:
            if self._problem != receipt.reason:
                self.say(f"采集端拒收，记录保留：{receipt.reason}", f"refused, records kept: {receipt.reason}")
            self._problem = receipt.reason
            return
        self._problem = ""
        size = words.size(len(sent.leased.raw))
        self.say(
            f"已上报第 {receipt.sequence} 封（{size}），收到签名回执：{receipt.answer}",
            f"envelope {receipt.sequence} sent ({size}), signed receipt: {receipt.answer}",
        )


def _name(medium: Medium) -> str:
    """A medium as people know it."""
    maker = " ".join(part for part in (medium.vendor, medium.model) if part)
    size = words.size(medium.capacity) if medium.capacity else ""
    details = ", ".join(part for part in (medium.bus, medium.filesystem, size) if part)
    return f"{medium.label or maker or '?'} ({details})"
