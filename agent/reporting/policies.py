"""The policy in force: kept as it was signed, verified at every start, and followed from the moment it comes.

On disk: ``STATE/policy.json``, the exact bytes the collector signed, mode 0600. The running agent and `mijian import`
share it; the agent notices a new one by the file's change.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from pathlib import Path

import msgspec

from agent.reporting.identity import Identity
from agent.settings import IsolationSettings
from protocol.policy import Policy, PolicyError, open_policy
from protocol.records import ComputerClass

FILE = "policy.json"

log = logging.getLogger(__name__)


class Policies:
    """Holds the policy of one enrolled agent. Safe to use from several threads."""

    def __init__(self, state: Path, identity: Identity) -> None:
        self._file = state / FILE
        self._identity = identity
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self.current: Policy | None = None
        """The policy in force; None before the first one."""
        self.digest = ""
        """SHA-256 of the signed bytes, hex; empty without a policy."""
        self.problem = ""
        """Reason word where the file here is not one the collector signed: it was altered on this computer."""
        self.reload()

    @property
    def serial(self) -> int:
        """Serial of the policy in force; 0 without one."""
        return self.current.serial if self.current else 0

    def take(self, raw: bytes) -> Policy:
        """Verify a policy that came, keep it and put it in force. Raises `PolicyError`, `OSError`."""
        with self._lock:
            policy = self._open(raw, self.serial)
            _write(self._file, raw)
            self._follow(policy, raw)
            self._seen = self._stamp()
            return policy

    def reload(self) -> bool:
        """Look whether another process has put a newer policy in force; says whether it has.

        A file that was altered is not followed: what was in force stays, and ``problem`` says so.
        """
        with self._lock:
            stamp = self._stamp()
            if stamp == self._seen:
                return False
            self._seen = stamp
            if stamp is None:
                self.problem = "policy-removed" if self.current else ""
                return False
            try:
                raw = self._file.read_bytes()
                if hashlib.sha256(raw).hexdigest() == self.digest:
                    return False
                policy = self._open(raw, self.serial)
            except (OSError, PolicyError) as error:
                self.problem = "policy-altered"
                log.error("the policy in the state folder is not followed: %s", type(error).__name__)
                return False
            self._follow(policy, raw)
            return True

    def _open(self, raw: bytes, newer_than: int) -> Policy:
        return open_policy(raw, self._identity.collector_key, agent=self._identity.agent, newer_than=newer_than)

    def _follow(self, policy: Policy, raw: bytes) -> None:
        self.current, self.digest, self.problem = policy, hashlib.sha256(raw).hexdigest(), ""
        if lowers(self._identity.computer_class, policy.computer_class):
            log.error("the policy would make this confidential computer one of another class: enrol it anew for that")
            return
        self._identity.computer_class, self._identity.level = policy.computer_class, policy.level

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            status = self._file.stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size


def allowed(settings: IsolationSettings, policy: Policy | None) -> IsolationSettings:
    """The settings of isolation, with the networks and interfaces of the policy in their place where it names any."""
    if policy is None:
        return settings
    return msgspec.structs.replace(
        settings,
        allowed_networks=policy.allowed_networks or settings.allowed_networks,
        allowed_interfaces=policy.allowed_interfaces or settings.allowed_interfaces,
    )


def lowers(now: ComputerClass, then: ComputerClass) -> bool:
    """Whether a change of class would let a confidential computer speak to a network: no policy can do that."""
    return now is ComputerClass.CONFIDENTIAL and then is not ComputerClass.CONFIDENTIAL


def _write(path: Path, data: bytes) -> None:
    """Replace a file completely or not at all, durably."""
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
