"""The words of the pages: what each code of the records is called in the reader's language.

One table per kind of code. A code that is not in its table is shown as it is, never hidden: a newer agent may know
more words than this collector.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

from server.accounts.models import Role
from server.campaigns.models import Standing
from server.incidents.models import State as IncidentState
from server.ledger.models import Clearance, Status
from server.violations.models import Severity, State, Waiver
from signatures import plain_words

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

    Words = Mapping[str, _StrOrPromise]
else:
    Words = Mapping


class Plain(Mapping[str, str]):
    """Words that the rules themselves have in both languages (`signatures.plain_words`), and a few of our own."""

    def __init__(
        self, texts: plain_words.Texts, more: plain_words.Texts | None = None, *, capital: bool = False
    ) -> None:
        self._texts = {**texts, **(more or {})}
        self._capital = capital

    def __getitem__(self, code: str) -> str:
        """The word in the reader's language. Raises `KeyError` for a code nobody knows."""
        if code not in self._texts:
            raise KeyError(code)
        text = plain_words.told(self._texts, code, get_language() or "zh")
        return text[:1].upper() + text[1:] if self._capital else text

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


SEVERITIES: Words = dict(Severity.choices)
"""Severities, worst first."""

STATES: Words = dict(State.choices)
"""States of a violation, in the order of their life."""

ROLES: Words = dict(Role.choices)

STATUSES: Words = dict(Status.choices)
"""Where a computer or medium of the ledger stands."""

CLEARANCES: Words = dict(Clearance.choices)

WAIVER_STATES: Words = dict(Waiver.State.choices)

WAIVER_SCOPES: Words = dict(Waiver.Scope.choices)

INCIDENT_STATES: Words = dict(IncidentState.choices)

STANDINGS: Words = dict(Standing.choices)
"""Where a computer stands in a self-check round."""

RECORDS: Words = {
    "violation": gettext_lazy("violations"),
    "media-session": gettext_lazy("insertions of media"),
    "scan": gettext_lazy("sums of scans"),
    "check": gettext_lazy("results of checks"),
    "self-check": gettext_lazy("self-checks"),
    "dropped": gettext_lazy("notes of what was dropped"),
    "started": gettext_lazy("starts of the agent"),
    "heartbeat": gettext_lazy("heartbeats"),
}
"""Kinds of records that computers send, in the plural."""

NO_LEVELS: Words = {
    "not_classified": gettext_lazy("not classified"),
    "public": pgettext_lazy("level", "public"),
    "on_request": gettext_lazy("disclosed on request"),
    "declassified": gettext_lazy("declassified"),
}
"""What the rules of notations find in place of a level."""

CLASSES: Words = {
    "internet": gettext_lazy("Internet"),
    "internal": gettext_lazy("Internal"),
    "confidential": gettext_lazy("Classified"),
}
"""Classes of computer: what it may hold."""

FAMILIES: Words = Plain(
    plain_words.FAMILIES,
    {"network": ("违规外联", "outside connection"), "setting": ("自查不合格", "failed check")},
    capital=True,
)
"""Families of markings (marking-grammar section 1), and the kind of evidence where there is no marking."""

ZONES: Words = Plain(plain_words.ZONES, {"network": ("网络", "network")})
"""Zones: where in a document a marking stands (marking-grammar 3.2)."""

CODES: Words = Plain(plain_words.CODES)
"""Codes of the marking validator (marking-grammar section 6), each with one plain sentence."""

BUSES: Words = {
    "usb": "USB",
    "mmc": gettext_lazy("memory card"),
    "optical": gettext_lazy("optical disc"),
    "loop": gettext_lazy("disk image"),
    "declared": gettext_lazy("declared folder"),
    "ata": "SATA",
    "scsi": "SCSI",
    "nvme": "NVMe",
    "unknown": gettext_lazy("unknown connection"),
}

ENDINGS: Words = {
    "": gettext_lazy("still mounted, or its end was not reported"),
    "unmounted": gettext_lazy("unmounted"),
    "removed": gettext_lazy("pulled out"),
    "agent-stopped": gettext_lazy("the agent stopped"),
}
"""How a media session ended."""

HOLDS: Words = {
    "": gettext_lazy("not held"),
    "read-only": gettext_lazy("held: read-only"),
    "unmounted": gettext_lazy("held: not mounted"),
    "released": gettext_lazy("was held, let go of"),
    "not-held": gettext_lazy("was to be held, found writable"),
}
"""How a medium that policy holds was found to stand (`MediaSession.standing`)."""

REASONS: Words = {
    "encrypted": gettext_lazy("encrypted"),
    "damaged": gettext_lazy("damaged"),
    "unsupported": gettext_lazy("format not supported"),
    "too-large": gettext_lazy("too large"),
    "too-deep": gettext_lazy("nested too deep"),
    "bomb": gettext_lazy("decompression bomb"),
    "timeout": gettext_lazy("took too long"),
    "crashed": gettext_lazy("worker crashed"),
    "unreadable": gettext_lazy("not readable"),
    "vanished": gettext_lazy("gone before it was read"),
    "special-file": gettext_lazy("special file"),
    "placeholder": gettext_lazy("cloud placeholder"),
}
"""Why a file was not examined."""

RULE_TROUBLES: Words = {
    "rules-refused": gettext_lazy("The bundle that was released is refused: “mijian status” there says why"),
    "rules-in-part": gettext_lazy("A part of the rules has a mistake and is left out"),
    "rules-altered": gettext_lazy("The installed rules are damaged or were altered, and are not used"),
    "rules-no-key": gettext_lazy("There is no key to verify the installed rules with"),
    "rules-mistake": gettext_lazy("A pack of rules has a mistake and is left out"),
    "rules-expired": gettext_lazy("The installed rules have expired and are still in use"),
    "keywords-refused": gettext_lazy("The list of keywords has a mistake; the last good one is in use"),
}
"""What agents say is wrong with their rules and keyword lists."""

REFUSALS: Words = {
    "gap": gettext_lazy("An earlier envelope is missing"),
    "chain-broken": gettext_lazy("Does not follow the envelope before it"),
    "sequence-reused": gettext_lazy("Number already taken by another envelope"),
    "unknown-agent": gettext_lazy("Unknown computer"),
    "revoked": gettext_lazy("Computer was withdrawn"),
    "bad-signature": gettext_lazy("Signature does not fit"),
    "wrong-recipient": gettext_lazy("Sealed to another collector"),
    "level-too-high": gettext_lazy("Level above this collector’s"),
    "too-large": gettext_lazy("Too large"),
    "truncated": gettext_lazy("Cut off"),
    "not-an-envelope": gettext_lazy("Not an envelope"),
    "newer-version": gettext_lazy("Newer version"),
    "cannot-open": gettext_lazy("Cannot be opened"),
    "malformed": gettext_lazy("Malformed"),
    "bomb": gettext_lazy("Decompression bomb"),
    "cannot-apply": gettext_lazy("Cannot be stored"),
    "length-required": gettext_lazy("Length not announced"),
    "token-unknown": gettext_lazy("Unknown enrolment token"),
    "token-used": gettext_lazy("Enrolment token already used"),
    "token-expired": gettext_lazy("Enrolment token expired"),
    "bad-proof": gettext_lazy("Key not proved at enrolment"),
}
"""Why an envelope or an enrolment was not taken, or is held."""

REMEDIES: Words = {
    "gap": gettext_lazy(
        "Nothing is lost. Wait for the missing envelope, or bring over every file that was exported on this computer: "
        "the held ones are then taken by themselves."
    ),
    "chain-broken": gettext_lazy(
        "The computer falls in again by itself at its next report. If it does not, its state was restored from a "
        "copy: enrol it anew with a fresh token."
    ),
    "sequence-reused": gettext_lazy(
        "The computer falls in again by itself. Seen often, two machines share one identity, as after cloning a disk: "
        "enrol one of them anew."
    ),
    "unknown-agent": gettext_lazy(
        "The computer is not enrolled at this collector. Enrol it here, or send its reports to the collector it knows."
    ),
    "revoked": gettext_lazy("This computer was withdrawn. Enrol it anew if it is to report again."),
    "bad-signature": gettext_lazy(
        "Whoever sent this does not hold the computer’s key. Look at the address; if it is the computer itself, its "
        "key file was replaced: enrol it anew."
    ),
    "wrong-recipient": gettext_lazy("Carry this file to the collector that the computer was enrolled at."),
    "level-too-high": gettext_lazy(
        "A computer of this level must report to a collector of at least the same level. Do not carry its files here."
    ),
    "too-large": gettext_lazy("The agent splits its report by itself; a file by hand must be exported again."),
    "truncated": gettext_lazy("The transfer broke off. It is sent again by itself; a file must be copied again."),
    "not-an-envelope": gettext_lazy("This is not a report of an agent. Check which file or program was used."),
    "newer-version": gettext_lazy("The agent is newer than this collector: update the collector."),
    "cannot-open": gettext_lazy(
        "It was altered, or sealed to a key this collector no longer has. If keys were restored from an old copy, "
        "restore the right ones; otherwise enrol the computer anew."
    ),
    "malformed": gettext_lazy(
        "What it holds cannot be understood. Update agent and collector to the same version; keep the digest for the "
        "developers."
    ),
    "bomb": gettext_lazy("It unfolds beyond every bound, which no agent of ours makes: examine that computer."),
    "cannot-apply": gettext_lazy(
        "One of its records does not fit the tables. Update agent and collector to the same version; keep the digest "
        "for the developers."
    ),
    "length-required": gettext_lazy("This is no agent of ours, or a proxy between rewrites what it sends: look there."),
    "token-unknown": gettext_lazy("Check the token for typing errors, or mint a new one."),
    "token-used": gettext_lazy(
        "Each token serves one computer. Mint a new one; if nobody here used it, find out which computer did."
    ),
    "token-expired": gettext_lazy("Mint a new token and use it before it expires."),
    "bad-proof": gettext_lazy("The sender does not hold the key it showed. Enrol again with a fresh token."),
}
"""What to do about each of them."""

_SIGNALS: Words = {
    "default-route": gettext_lazy("A default route leads out"),
    "route": gettext_lazy("A route leads out"),
    "interface": gettext_lazy("A network interface is up with an address"),
    "address": gettext_lazy("A public address is set"),
    "resolver": gettext_lazy("A name server is set"),
    "peer": gettext_lazy("A program is connected to an outside address"),
    "proxy": gettext_lazy("A proxy is set"),
    "wireless": gettext_lazy("A wireless interface is on"),
    "radio": gettext_lazy("A radio is on"),
    "link": gettext_lazy("A cable is plugged in"),
    "cellular": gettext_lazy("A cellular network is connected"),
    "bluetooth": gettext_lazy("A network over Bluetooth is connected"),
    "usb-link": gettext_lazy("A network over USB is connected (telephone or adapter)"),
    "tunnel": gettext_lazy("A tunnel (VPN) is open"),
    "neighbour": gettext_lazy("A host outside has answered on the wire"),
    "router6": gettext_lazy("An IPv6 router speaks on the wire"),
    "dual-homed": gettext_lazy("Two networks that must stay apart are connected"),
    "forwarding": gettext_lazy("Packets are passed on between networks"),
    "bridge": gettext_lazy("Two wires are joined by a bridge"),
    "namespace": gettext_lazy("In another network namespace (a container)"),
    "input": gettext_lazy("A wireless keyboard or mouse is attached"),
    "probe": gettext_lazy("The address that was named can be reached"),
    "trace": gettext_lazy("Traces of earlier contact with a network"),
}

AGENT_SIGNALS: Words = {
    "clock-set-back": gettext_lazy("The clock of the computer was set back"),
    "clock-set-forward": gettext_lazy("The clock of the computer was set forward"),
    "not-running": gettext_lazy("The agent did not run for a time"),
    "program-changed": gettext_lazy("The program files of the agent were altered"),
}
"""What speaks against the agent having been intact and running all the time (control SEC-13)."""

REGISTERED: Words = {
    "registered": gettext_lazy("registered"),
    "lost": gettext_lazy("recorded as lost"),
    "destroyed": gettext_lazy("recorded as destroyed"),
    "unregistered": gettext_lazy("not in the register"),
}
"""How a medium stands in the register that a computer was told."""

_DETAILS: Words = {
    "public": gettext_lazy("public address"),
    "private": gettext_lazy("private address"),
    "unknown": gettext_lazy("unknown program"),
}


def word(table: Words, code: str | None) -> str:
    """What a code is called; the code itself where the table has no word for it."""
    if not code:
        return str(table[""]) if "" in table else ""
    return str(table.get(code, code))


def signal(code: str) -> str:
    """One signal of a network contact as a sentence: ``default-route:eth0`` says where the default route leads."""
    kind, _colon, rest = code.partition(":")
    if kind not in _SIGNALS:
        kind = kind.removesuffix("6")  # the same by IPv6
    if kind not in _SIGNALS:
        return code
    detail = " · ".join(str(_DETAILS.get(part, part)) for part in rest.split(":"))
    return f"{_SIGNALS[kind]} ({detail})" if detail else str(_SIGNALS[kind])


def place(numbers: Mapping[str, object]) -> str:
    """Where in a document, in numbers only: page, sheet, slide, cell, paragraph, line."""
    parts: list[str] = []
    if "page" in numbers:
        parts.append(_("page %(n)s") % {"n": numbers["page"]})
    if "sheet" in numbers:
        parts.append(_("sheet %(n)s") % {"n": numbers["sheet"]})
    if "slide" in numbers:
        parts.append(_("slide %(n)s") % {"n": numbers["slide"]})
    if "cell" in numbers:
        parts.append(_("cell %(n)s") % {"n": numbers["cell"]})
    if "paragraph" in numbers:
        parts.append(_("paragraph %(n)s") % {"n": numbers["paragraph"]})
    if "line" in numbers:
        parts.append(_("line %(n)s") % {"n": numbers["line"]})
    return " · ".join(parts)


def period(code: str | None) -> str:
    """A period of secrecy in words: ``P10Y`` is ten years."""
    if not code:
        return "—"
    if code == "LONG":
        return _("long-term")
    kind, _colon, rest = code.partition(":")
    if kind == "DATE":
        return _("until %(date)s") % {"date": rest}
    if kind == "COND":
        return _("until a condition is met: %(condition)s") % {"condition": rest}
    number, unit = code[1:-1], code[-1]
    if not code.startswith("P") or not number.isdigit():
        return code
    if unit == "Y":
        return _("%(n)s years") % {"n": number}
    if unit == "M":
        return _("%(n)s months") % {"n": number}
    if unit == "D":
        return _("%(n)s days") % {"n": number}
    return code
