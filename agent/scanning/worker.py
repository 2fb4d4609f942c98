"""A worker: a process that examines files it is handed as open descriptors, and answers with their rows.

Forked by `agent.scanning.nursery_process`, which has loaded the rules and all readers. It confines itself, then reads
jobs from its socket until that is closed. It never learns a path and never opens one. What it read cannot be met in
another worker: all are forked from a process that reads no file.
"""

from __future__ import annotations

import fcntl
import gc
import hashlib
import os
import resource
import signal
import socket
import time
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import msgspec
from msgspec.structs import replace

from agent.scanning import formats, preload
from agent.scanning.at_work import AtWork
from agent.scanning.confining import kernel
from agent.scanning.confining.confine import confine
from agent.scanning.descriptor import opened
from agent.scanning.examine import Examiner, about_file
from agent.scanning.explain import explained
from agent.scanning.formats.base import Source
from agent.scanning.kept_expressions import compile_ahead
from agent.scanning.kept_rules import rules_of
from agent.scanning.program import program
from agent.scanning.rematch import Keeping, judged_again
from agent.scanning.talk import talk_of
from agent.scanning.wire import FILES_AT_ONCE, LENGTH, LONGEST, Examined, Job, Loaded, Ready, Reply, Start, framed
from protocol.records import Finding, Reason, Verdict
from signatures.engine import LiteralSieve, build
from signatures.labels import LabelMeaning, is_id
from signatures.literals import Literal
from signatures.markings import Grammar
from signatures.markings.circumstances import UNKNOWN, Circumstances
from signatures.mistakes import FileMistake
from signatures.passages import Passage
from signatures.rules import RuleSet

if TYPE_CHECKING:
    from signatures.keywords import KeywordList

_GARBAGE = 20_000
"""Objects that are made before the next look for circles among them; one file seldom leaves any."""

OF_TEXT = (frozenset({"utf-8"}), frozenset({"utf-8", "gb18030", "utf-16-le", "utf-16-be", "big5"}))
"""The sets of encodings that plain text asks the sieve for."""

OF_OTHERS = (
    frozenset({"utf-8", "ent"}),
    frozenset({"utf-16-le"}),
    frozenset({"utf-8", "gb18030", "big5", "ent"}),
)
"""Those that other formats ask for: made ready as well while compiled databases can still be kept."""

IN_MEMORY = 4 * 1024 * 1024
"""Bytes up to which a file is read whole before anybody looks at it."""


class Prepared(msgspec.Struct, frozen=True):
    """What is loaded once for all workers."""

    examiner: Examiner
    sieve: LiteralSieve

    def prepare_common(self) -> None:
        """Load the databases that plain text has no use for."""
        self.sieve.prepare(*OF_OTHERS)

    def open_eyes(self, seconds: float) -> None:
        """Load what reads pictures; ``seconds`` of processor time is what those of one file may cost."""
        from agent.scanning.ocr.loading import load  # no other process has any use for it

        self.examiner.eyes = load(seconds)


def prepare(start: Start) -> tuple[Prepared | None, Loaded]:
    """Load rules and sieve, before anything is forked or confined."""
    rules_directory = Path(start.rules) if start.rules is not None else None
    try:
        cache = Path(start.cache) if start.cache is not None else None
        rules = rules_of(rules_directory, cache, enable=start.enable, sound=start.sound)
        keywords = _keywords(start.keywords)
        digest = _digest(rules, keywords, start.labels)
        sieve = _sieve(rules, keywords, start.labels, digest, cache)
    except FileMistake as error:
        return None, Loaded(mistake=str(error))
    except OSError as error:
        return None, Loaded(mistake=f"{error.filename or rules_directory}: {error.strerror}")
    grammar = _Grammar(rules, keywords, start.labels)
    compile_ahead(rules.digest, cache)
    tell, labels = start.pictures == "tell", bool(start.labels)
    examiner = Examiner(sieve, grammar, least=start.least, labels=labels, tell_pictures=tell, digests=start.digests)
    return Prepared(examiner, sieve), Loaded(rules=digest)


def work(connection: socket.socket, start: Start, prepared: Prepared, parent: int, at_work: AtWork) -> int:
    """Confine this process, then examine what comes until the socket is closed. Returns the exit status."""
    end_with_parent()
    if os.getppid() != parent:
        return 0  # it ended before that was asked for
    gc.enable()
    gc.set_threshold(_GARBAGE)
    connection.sendall(framed(Ready(cage=confine(start.memory).word, pid=os.getpid())))
    preload.close()
    prepared.examiner.at_work = at_work
    serve = _Serve(connection, prepared.examiner)
    while (batch := receive(connection)) is not None:
        if not serve.batch(*batch):
            break
    return 0


def end_with_parent() -> None:
    """Have this process killed once the one that started it ends, however it ends."""
    with suppress(OSError):  # then it ends when its socket is closed
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)


def _keywords(file: str | None) -> KeywordList | None:
    if file is None:
        return None
    from signatures.keywords import read  # most scans have no such list

    return read(Path(file))


def _digest(rules: RuleSet, keywords: KeywordList | None, labels: tuple[LabelMeaning, ...]) -> str:
    """What stands for all that is looked for: verdicts made with other rules, words or labels are no use."""
    if keywords is None and not labels:
        return rules.digest
    more = msgspec.msgpack.encode((keywords.digest if keywords else "", labels))
    return "sha256:" + hashlib.sha256(rules.digest.encode() + more).hexdigest()


def _sieve(
    rules: RuleSet, keywords: KeywordList | None, labels: tuple[LabelMeaning, ...], digest: str, cache: Path | None
) -> LiteralSieve:
    """The sieve, with all it will need compiled and kept in the cache before the worker may write no more.

    Compiling takes seconds, and is done by one process while others wait; loading what was compiled takes
    milliseconds.
    """
    words = keywords.literals if keywords else ()
    # A keyword counts in running text too: then no literal is mere talk.
    talk = talk_of(rules) if keywords is None else frozenset()
    words += tuple(Literal(one.label.strip()) for one in labels if len(one.label.strip()) > 1 and not is_id(one.label))
    try:
        note = (cache / "compiled").open("a+") if cache is not None else None
    except OSError:
        note = None  # the folder cannot be written: what lies in it can be used all the same
    with note or nullcontext():
        if note is not None:
            fcntl.flock(note, fcntl.LOCK_EX)
        sieve = build(rules.literals, words=words, talk=talk, cache=cache)
        sieve.prepare(*OF_TEXT)
        if talk:
            sieve.prepare_quiet()
        if note is not None:
            note.seek(0)
            if note.read() != (this := f"{digest} {program()}"):
                sieve.prepare(*OF_OTHERS)
                note.truncate(0)
                note.write(this)
    return sieve


class _Grammar:
    """The grammar and the keywords."""

    def __init__(self, rules: RuleSet, keywords: KeywordList | None, labels: tuple[LabelMeaning, ...] = ()) -> None:
        if labels:
            import signatures.markings.labelled  # noqa: F401 — now: a confined worker can open no file, of modules neither
        self._keywords = keywords
        self._grammar = Grammar(rules, labels)

    def find(
        self, passages: Sequence[Passage], *, least: int = 45, about: Circumstances = UNKNOWN
    ) -> tuple[Finding, ...]:
        """The findings in one file's passages."""
        found = self._grammar.find(passages, least=least, about=about)
        return found + self._keywords.find(passages, least=least) if self._keywords else found


class _Serve:
    """Answers batches, one reply a file, in order, each as soon as it is known."""

    def __init__(self, connection: socket.socket, examiner: Examiner) -> None:
        self._connection = connection
        self._examiner = examiner
        self._cpu_limit = 0.0

    def batch(self, body: bytes, descriptors: list[int]) -> bool:
        """Examine the files of one message. False where the worker is to end: it ran out of memory once."""
        jobs = msgspec.msgpack.decode(body, type=list[Job])
        if len(jobs) != len(descriptors):
            raise RuntimeError("descriptors were lost on the way")
        self._examiner.foresee([job.name for job in jobs])
        for job, descriptor in zip(jobs, descriptors, strict=True):
            reply = self._file(job, descriptor)
            self._connection.sendall(framed(reply))
            if reply.leaving or reply.lacking:
                return False
        return True

    def _file(self, job: Job, descriptor: int) -> Reply:
        if job.known and not self._examiner.around(job.name, job.folder):
            os.close(descriptor)
            return Reply([], known=True)
        if job.kept and (rows := judged_again(self._examiner, job)) is not None:
            os.close(descriptor)
            return Reply(rows, named=bool(self._examiner.around(job.name, job.folder)))
        self._grant(job.seconds)
        if self._examiner.at_work is not None:
            self._examiner.at_work.anew()
        try:
            source, stream = _opened(descriptor, job.size)
            try:
                began = time.monotonic()
                reply = self._examiner.examine(
                    source, job.name, job.folder, about=about_file(job.modified), keep=Keeping if job.keep else None
                )
                if not job.explain:
                    return reply
                told = explained(self._examiner, source, job.name, time.monotonic() - began)
                return replace(reply, explained=told)
            finally:
                if stream is not None:
                    stream.close()
        except formats.NotLoaded:
            return Reply([], lacking=True)
        except MemoryError:
            # Not even the row could be made; with all of it let go of, this one can.
            row = Examined(Verdict.NOT_EXAMINED, "application/octet-stream", job.size, Reason.TOO_LARGE)
            return Reply([row], leaving=True)

    def _grant(self, seconds: float) -> None:
        """CPU seconds for the next file: a backstop should the scanner itself not end a worker that hangs."""
        wanted = time.process_time() + 2 * seconds
        if abs(wanted - self._cpu_limit) > seconds / 2:
            self._cpu_limit = wanted
            resource.setrlimit(resource.RLIMIT_CPU, (int(wanted) + 1, resource.RLIM_INFINITY))


def _opened(descriptor: int, size: int) -> tuple[Source, BinaryIO | None]:
    """A file handed over, and what has to be closed after it: nothing, where one call reads all of a small file."""
    if size <= IN_MEMORY:
        try:
            data = os.read(descriptor, size + 1)
        except OSError:
            data = b""  # the reader meets the same again, and tells it
        if len(data) == size:
            os.close(descriptor)
            return Source.of(data), None
        with suppress(OSError):
            os.lseek(descriptor, 0, os.SEEK_SET)
    stream = opened(descriptor)
    return Source(stream, size), stream


def receive(connection: socket.socket) -> tuple[bytes, list[int]] | None:
    """The next message and the descriptors that came with it; None where there will be no more.

    The descriptors are attached to a message's first byte, and a read never goes beyond one message.
    """
    head, descriptors = b"", []
    while len(head) < LENGTH:
        data, received, _, _ = socket.recv_fds(connection, LENGTH - len(head), FILES_AT_ONCE)
        if not data:
            return None
        head += data
        descriptors += received
    wanted = int.from_bytes(head, "big")
    if wanted > LONGEST:
        raise RuntimeError("a message is longer than any that is sent")
    body = bytearray()
    while len(body) < wanted:
        data = connection.recv(wanted - len(body))
        if not data:
            return None
        body += data
    return bytes(body), descriptors
