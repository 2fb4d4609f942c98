"""Enrolment: trade a one-time token for an identity. The private key is made here and never leaves."""

from __future__ import annotations

import hashlib
import platform
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import msgspec

from agent.reporting import identity, web
from agent.settings import CollectorSettings
from protocol import enrolment, keys

PATH = "/api/v1/enroll"
MEDIA_TYPE = "application/json"
CREATED = 201
MACHINE_ID = Path("/etc/machine-id")

REASONS: dict[str, tuple[str, str]] = {
    "token-unknown": (
        "采集端不认识这个令牌:请核对后重试,或向管理员索取新令牌。",
        "The collector does not know this token: check it for typing errors, or ask for a new one.",
    ),
    "token-used": (
        "这个令牌已经用过:一个令牌只能登记一台计算机,请向管理员索取新令牌。",
        "This token has been used: one token enrols one computer. Ask for a new one.",
    ),
    "token-expired": (
        "这个令牌已过期:请向管理员索取新令牌。",
        "This token has expired: ask for a new one.",
    ),
    "bad-proof": (
        "采集端无法确认本机密钥:请求在途中可能被改动,请重试并检查网络。",
        "The collector could not confirm this computer's key: the request may have been altered on the way. Try again.",
    ),
    "malformed": (
        "采集端看不懂登记请求:客户端与采集端的版本可能不合。",
        "The collector could not read the request: the versions of agent and collector may not fit.",
    ),
}
"""Reason word of a refusal → what to tell people, in Chinese and English."""


class EnrolmentRefused(Exception):
    """The collector said no. ``reason`` is its word, ``str()`` what it says to people in English."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason

    def say(self, language: str) -> str:
        """The refusal in ``zh`` or ``en``; for a reason not known here, the collector's own words."""
        texts = REASONS.get(self.reason)
        if texts is None:
            return f"{self.reason}: {self}"
        return texts[0] if language == "zh" else texts[1]


class EnrolmentFailed(Exception):
    """No answer that can be believed. ``str()`` says what happened and what to do."""


def enrol(
    state: Path,
    url: str,
    token: str,
    *,
    settings: CollectorSettings | None = None,
    insecure_http: bool = False,
    timeout: float = 30,
) -> identity.Identity:
    """Enrol this computer and store its identity.

    Nothing is stored unless the collector answered with 201 and everything in its answer is sound. Raises
    `web.BadAddress`, `identity.IdentityError` (enrolled already), `EnrolmentRefused` and `EnrolmentFailed`.
    """
    url = web.check_address(url, insecure=insecure_http)
    if identity.is_enrolled(state):
        raise identity.IdentityError(
            f"this computer is enrolled already; its identity is in {state / identity.FOLDER}. "
            "To enrol it anew, stop the agent and move that folder away first"
        )
    identity.make_private(state)  # before the token is spent: a folder that cannot be made must not cost it
    key = keys.Ed25519PrivateKey.generate()
    body = msgspec.json.encode(_request(token.strip(), key))
    answer = _ask(url, body, settings, timeout)
    return identity.store(state, key, answer, url=url, enrolled_at=datetime.now(UTC), insecure_http=insecure_http)


@cache
def agent_version() -> str:
    """Version of the installed program."""
    from importlib.metadata import PackageNotFoundError, version  # here: it reads half of what is installed

    try:
        return version("mijian")
    except PackageNotFoundError:
        return "0"


def _request(token: str, key: keys.Ed25519PrivateKey) -> enrolment.EnrolRequest:
    public = keys.public_bytes(key)
    try:
        machine = MACHINE_ID.read_bytes().strip()
    except OSError:
        machine = b""
    return enrolment.EnrolRequest(
        token=token,
        public_key=keys.b64(public),
        hostname=platform.node(),
        machine_id_hash=hashlib.sha256(b"mijian-machine/1\0" + machine).hexdigest(),
        agent_version=agent_version(),
        proof=keys.b64(key.sign(enrolment.challenge(token, public))),
    )


def _ask(url: str, body: bytes, settings: CollectorSettings | None, timeout: float) -> enrolment.EnrolAnswer:
    """POST the request and read the answer."""
    client = web.Client(settings)
    try:
        answered = client.post(url + PATH, body, MEDIA_TYPE, timeout)
    except web.NoAnswer as error:
        raise EnrolmentFailed(f"{url}: {error}") from error
    finally:
        client.close()
    if answered.status == CREATED:
        return _sound(answered.body)
    try:
        refusal = msgspec.json.decode(answered.body, type=enrolment.Refusal)
    except msgspec.DecodeError as error:
        raise EnrolmentFailed(
            f"{url} answered with status {answered.status} and nothing a collector says; is the address right?"
        ) from error
    raise EnrolmentRefused(refusal.reason, refusal.message)


def _sound(raw: bytes) -> enrolment.EnrolAnswer:
    """The answer, once every key in it has been tried."""
    try:
        answer = msgspec.json.decode(raw, type=enrolment.EnrolAnswer)
        keys.Ed25519PublicKey.from_public_bytes(keys.unb64(answer.signing_key))
        for key in (answer.sealing_key, answer.reveal_key):
            keys.X25519PublicKey.from_public_bytes(keys.unb64(key))
        if len(keys.unb64(answer.organisation_key)) < 32:
            raise ValueError("the organisation key is too short")
    except (msgspec.DecodeError, ValueError) as error:
        raise EnrolmentFailed(
            f"the collector's answer cannot be used ({error}). The token is spent: ask for a new one"
        ) from error
    if answer.version != enrolment.VERSION:
        raise EnrolmentFailed("the collector is of a newer version; update this agent and ask for a new token")
    return answer
