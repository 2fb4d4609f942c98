"""The agents of a simulated fleet and the envelopes they send, all of it made from one seed."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from protocol import enrolment, envelope, keys, places, records
from protocol.ids import uuid7

_FAMILIES = (
    ("cn-state.starred", "state", "机密", "机密★10年"),
    ("cn-internal.material", "internal", "内部", "内部资料"),
)
_EXTENSIONS = ("docx", "xlsx", "pdf", "txt", "zip")


@dataclass
class Agent:
    """One computer: its key, what the collector said when it was taken in, and how far its reports have come."""

    name: str
    key: keys.Ed25519PrivateKey
    answer: enrolment.EnrolAnswer
    sequence: int = 0
    previous: str = envelope.FIRST_PREVIOUS

    def envelope(self, seen: list[records.Record]) -> bytes:
        """The next envelope in the row."""
        self.sequence += 1
        sealing = keys.unb64(self.answer.sealing_key)
        header = envelope.Header(
            format=envelope.FORMAT,
            records=records.RECORDS_VERSION,
            agent=self.answer.agent,
            sequence=self.sequence,
            previous=self.previous,
            created=datetime.now(UTC),
            computer_class=self.answer.computer_class,
            level=self.answer.level,
            recipient=keys.key_id(sealing),
        )
        raw = envelope.build(header, seen, signing_key=self.key, recipient=sealing)
        self.previous = hashlib.sha256(raw).hexdigest()
        return raw


@dataclass(frozen=True)
class Sent:
    """One thing to send, and what the collector has to say to it."""

    raw: bytes
    agent: str
    kind: str
    """``report``, ``duplicate`` (sent a second time) or the name of a mishap."""
    findings: int


@dataclass
class Fleet:
    """A fleet made from a seed: the same seed gives the same computers, places and mishaps."""

    seed: int
    findings: int
    """Violations in each report."""
    duplicates: float
    """Share of reports that are sent twice."""
    bad: float
    """Share of messages that are no good: altered, cut off, from nobody, or no envelope at all."""
    away: float = 0.0
    """Share of computers that are offline until the last round, and then send all they have kept, one after another."""
    places: int = 300
    """Places of each computer with something to report: the fewer, the more of it was seen before."""
    agents: list[Agent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 — nothing secret: the same seed, the same fleet

    def enrol(self, count: int, take_in: Callable[[bytes], enrolment.EnrolAnswer], token: Callable[[], str]) -> None:
        """Have so many computers taken in by a collector."""
        for number in range(count):
            key = keys.Ed25519PrivateKey.generate()
            public, once = keys.public_bytes(key), token()
            request = enrolment.EnrolRequest(
                token=once,
                public_key=keys.b64(public),
                hostname=f"pc-{number:05}",
                machine_id_hash=hashlib.sha256(f"{self.seed} {number}".encode()).hexdigest(),
                agent_version="0",
                proof=keys.b64(key.sign(enrolment.challenge(once, public))),
            )
            self.agents.append(Agent(f"pc-{number:05}", key, take_in(msgspec.json.encode(request))))

    def rounds(self, count: int) -> Iterator[Sent]:
        """So many rounds; whoever is away sends what it kept in a burst when its turn comes in the last one."""
        kept: dict[str, list[Sent]] = {
            agent.answer.agent: [] for agent in self.agents if self._random.random() < self.away
        }
        for number in range(count):
            for sent in self.round():
                backlog = kept.get(sent.agent)
                if backlog is not None and number < count - 1:
                    backlog.append(sent)
                    continue
                if backlog:
                    yield from backlog
                    backlog.clear()
                yield sent

    def round(self) -> Iterator[Sent]:
        """One report of every computer, in a random order, with duplicates and bad messages among them."""
        order = list(self.agents)
        self._random.shuffle(order)
        for agent in order:
            raw = agent.envelope([self._violation(agent) for _ in range(self.findings)])
            yield Sent(raw, agent.answer.agent, "report", self.findings)
            if self._random.random() < self.duplicates:
                yield Sent(raw, agent.answer.agent, "duplicate", 0)
            if self._random.random() < self.bad:
                yield self._mishap(raw, agent)

    def _mishap(self, raw: bytes, agent: Agent) -> Sent:
        kind = self._random.choice(("altered", "truncated", "nothing", "unknown"))
        if kind == "altered":
            at = self._random.randrange(len(raw) // 2, len(raw))
            raw = raw[:at] + bytes([raw[at] ^ 0x10]) + raw[at + 1 :]
        elif kind == "truncated":
            raw = raw[: self._random.randrange(len(raw))]
        elif kind == "nothing":
            raw = self._random.randbytes(300)
        else:
            nobody = msgspec.structs.replace(agent.answer, agent=str(uuid7()))
            raw = Agent("nobody", keys.Ed25519PrivateKey.generate(), nobody).envelope([self._violation(agent)])
        return Sent(raw, agent.answer.agent, kind, 0)

    def _violation(self, agent: Agent) -> records.ViolationSeen:
        rule, family, level, marking = self._random.choice(_FAMILIES)
        number = self._random.randrange(self.places)
        path = f"/home/user/Documents/{number:03}.{_EXTENSIONS[number % len(_EXTENSIONS)]}"
        finding = records.Finding(
            rule=rule, family=family, level=level, period=None, zone="header", confidence=90,
            severity=records.Severity.HIGH, marking=marking,
        )  # fmt: skip
        return records.ViolationSeen(
            id=uuid7(),
            seen_at=datetime.now(UTC),
            control="NPC-01" if family == "state" else "NPC-14",
            severity=records.Severity.HIGH,
            evidence=records.FileEvidence(
                content_hash=hashlib.sha256(f"{number} {rule}".encode()).hexdigest(),
                path_hash=hashlib.sha256(f"{agent.name} {path}".encode()).hexdigest(),
                sealed_place=places.seal(places.SealedPlace(path), keys.unb64(agent.answer.reveal_key)),
                extension=path.rpartition(".")[2],
                media_type="application/octet-stream",
                size=4096 + number,
                modified=None,
                findings=(finding,),
            ),
        )
