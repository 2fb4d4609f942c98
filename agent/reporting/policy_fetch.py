"""Asks the collector for a newer policy: signed by us, so that nobody else learns it; believed if signed by it."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime

from agent.reporting import web
from agent.reporting.identity import Identity
from agent.reporting.policies import Policies
from protocol import keys
from protocol.policy import (
    AGENT_HEADER,
    HAVE_HEADER,
    MAX_POLICY,
    MEDIA_TYPE,
    PATH,
    PROOF_HEADER,
    TIME_HEADER,
    Policy,
    PolicyError,
    request_challenge,
)

OK, NOT_MODIFIED = 200, 304

log = logging.getLogger(__name__)
_dice = random.SystemRandom()


class PolicyFetch:
    """Asks now and then. Called by the uplink's thread, with its connection."""

    def __init__(
        self,
        policies: Policies,
        identity: Identity,
        every: float,
        taken: Callable[[Policy], None] = lambda _: None,
    ) -> None:
        self._policies = policies
        self._identity = identity
        self._every = every
        self._taken = taken
        self._due = 0.0
        self.problem = ""
        """Why the last answer could not be taken, in a fixed sentence; empty where all is well."""

    def seconds_until_due(self) -> float:
        """How long until the collector is to be asked again; 0 where it is now."""
        return max(0.0, self._due - time.monotonic())

    def step(self, client: web.Client, timeout: float) -> bool:
        """Ask once if it is time; says whether a policy was taken. Never raises for what the collector answers."""
        if self.seconds_until_due() > 0:
            return False
        self._due = time.monotonic() + self._every * _dice.uniform(0.8, 1.2)
        try:
            answer = client.get(self._identity.url + PATH, self._headers(), timeout, MAX_POLICY)
        except web.NoAnswer as error:
            self.problem = str(error)
            self._due = time.monotonic() + min(self._every, 30 * _dice.uniform(0.8, 1.2))
            return False
        if answer.status == OK:
            return self._take(answer.body)
        self.problem = "" if answer.status == NOT_MODIFIED else f"no policy: status {answer.status}"
        self._due = max(self._due, time.monotonic() + web.retry_after(answer.retry_after))
        return False

    def _take(self, raw: bytes) -> bool:
        try:
            policy = self._policies.take(raw)
        except PolicyError as error:
            self.problem = str(error)
            if error.reason != "older":
                log.error("the collector's policy is not taken: %s", error.reason)
            return False
        except OSError as error:
            self.problem = f"the policy could not be kept: {error.strerror}"
            return False
        self.problem = ""
        self._taken(policy)
        return True

    def _headers(self) -> dict[str, str]:
        have, now = self._policies.serial, datetime.now(UTC).isoformat()
        proof = self._identity.signing_key.sign(request_challenge(self._identity.agent, have, now))
        return {
            AGENT_HEADER: self._identity.agent,
            HAVE_HEADER: str(have),
            TIME_HEADER: now,
            PROOF_HEADER: keys.b64(proof),
            "Accept": MEDIA_TYPE,
        }
