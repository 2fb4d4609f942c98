"""Gets the bundle of rules that the policy in force names: its bytes from the collector, its truth from its signature.

Whose signature counts is said by the settings of this computer (``rules.trusted_key``) where they name a key, else by
the collector's signed policy. What is refused changes nothing: the rules in force stay, and why is told.
"""

from __future__ import annotations

import hashlib
import logging
import random
import time
from datetime import UTC, datetime
from pathlib import Path

from agent.reporting import web
from agent.reporting.identity import Identity
from agent.reporting.policies import Policies
from agent.settings import Settings
from protocol import keys
from protocol.policy import (
    AGENT_HEADER,
    HAVE_HEADER,
    PROOF_HEADER,
    RULES_PATH,
    TIME_HEADER,
    Policy,
    rules_challenge,
)

OK, NOT_MODIFIED = 200, 304
FOLDER = "rules"
"""Where installed rules lie in the state folder."""
LIMIT = 8 * 1024 * 1024
"""Bytes of an answer that are read: as much as a bundle of rules may have (`signatures.bundles.form.MAX_BUNDLE`)."""
SOON = 30.0
"""Seconds after which is tried again what may be well by then."""
_KEY = 32

log = logging.getLogger(__name__)
_dice = random.SystemRandom()


class NoKey(Exception):
    """There is no key to verify rules with. ``str()`` says why."""


def named_key(file: str) -> bytes | None:
    """The public key in a file as ``mijian rules keygen`` writes it; None where there is none."""
    try:
        key = keys.unb64(Path(file).read_bytes()[:200].decode("ascii").strip())
    except (OSError, ValueError):
        return None
    return key if len(key) == _KEY else None


def trusted_key(settings: Settings, policy: Policy | None) -> bytes:
    """The key that rules of the collector must be signed with here. Raises `NoKey`."""
    if named := settings.rules.trusted_key:
        key = named_key(named)
        if key is None:
            raise NoKey("the file that rules.trusted_key names holds no public key")
        return key
    if policy is None or not policy.rules_key:
        raise NoKey("no policy names the key of the rules")
    try:
        key = keys.unb64(policy.rules_key)
    except ValueError:
        key = b""
    if len(key) != _KEY:
        raise NoKey("the key of the rules in the policy is none")
    return key


class RulesFetch:
    """Looks whether the policy names newer rules than those in force. Called by the uplink's thread."""

    def __init__(self, policies: Policies, identity: Identity, settings: Settings) -> None:
        self._policies = policies
        self._identity = identity
        self._settings = settings
        self._directory = settings.state / FOLDER
        self._wanted = ""
        self._due = 0.0
        self.problem = ""
        """Why the rules that the policy names are not in force, in a fixed sentence; empty where all is well."""
        self.refused = False
        """Whether that is because they were refused here, and not only because they did not come yet."""

    def step(self, client: web.Client, timeout: float) -> bool:
        """Get and install what is newer, if it is time; says whether it did. Never raises for what it is answered."""
        policy = self._policies.current
        if policy is None or not policy.rules_version:
            self.problem, self.refused = "", False
            return False
        if policy.rules != self._wanted:
            self._wanted, self._due = policy.rules, 0.0
        if time.monotonic() < self._due:
            return False
        self._due = time.monotonic() + self._settings.uplink.policy_seconds * _dice.uniform(0.8, 1.2)
        try:
            key = trusted_key(self._settings, policy)
        except NoKey as error:
            return self._no(str(error), refused=True)
        have = self._version(key)
        if have >= policy.rules_version:
            self.problem, self.refused = "", False
            return False
        try:
            answer = client.get(self._identity.url + RULES_PATH, self._headers(have), timeout, LIMIT)
        except web.NoAnswer as error:
            return self._later(str(error))
        if answer.status != OK:
            return self._later(f"no rules: status {answer.status}", web.retry_after(answer.retry_after))
        if f"sha256:{hashlib.sha256(answer.body).hexdigest()}" != policy.rules:
            return self._later("the rules that came are not those the policy names")
        return self._install(answer.body, key)

    def _install(self, raw: bytes, key: bytes) -> bool:
        from signatures.bundles import BundleRefused, install_bytes

        try:
            done = install_bytes(raw, self._directory, key, now=datetime.now(UTC))
        except BundleRefused as error:
            return self._no(f"{error.reason}: {error}", refused=True)
        except OSError as error:
            return self._later(f"the rules could not be kept: {error.strerror}")
        self.problem, self.refused = "", False
        log.warning("rules %d are in force", done.header.version)
        return True

    def _version(self, key: bytes) -> int:
        """Version of what is in force and whole; 0 where nothing is: then it is got again."""
        if not self._directory.is_dir():
            return 0
        from signatures.bundles import BundleRefused, installed, remembered_key

        try:
            found = installed(self._directory, remembered_key(self._directory) or key)
        except BundleRefused:
            return 0
        return 0 if found is None else found.header.version

    def _no(self, problem: str, *, refused: bool) -> bool:
        if problem != self.problem:
            log.error("the collector's rules are not in force: %s", problem.partition(":")[0])
        self.problem, self.refused = problem, refused
        return False

    def _later(self, problem: str, seconds: float = 0.0) -> bool:
        self._due = time.monotonic() + max(seconds, SOON * _dice.uniform(0.8, 1.2))
        return self._no(problem, refused=False)

    def _headers(self, have: int) -> dict[str, str]:
        now = datetime.now(UTC).isoformat()
        proof = self._identity.signing_key.sign(rules_challenge(self._identity.agent, have, now))
        return {
            AGENT_HEADER: self._identity.agent,
            HAVE_HEADER: str(have),
            TIME_HEADER: now,
            PROOF_HEADER: keys.b64(proof),
        }
