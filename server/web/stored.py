"""Sentences that stand in the database in English, told in the reader's language."""

from __future__ import annotations

import re
from functools import cache

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

_SENTENCES = (
    # what arrived (`server.intake`, `protocol.envelope`)
    gettext_noop("kept, and set aside until envelope %(number)s comes"),
    gettext_noop("envelope %(number)s came before, with other content; envelope %(next)s is next"),
    gettext_noop("envelope %(number)s does not follow the envelope that was taken before it"),
    gettext_noop("%(held)s envelopes wait for envelope %(number)s already"),
    gettext_noop("no computer is enrolled here under this id: enrol it first"),
    gettext_noop("the computer is no longer in the ledger"),
    gettext_noop("this computer's enrolment has been revoked here"),
    gettext_noop("this collector may not take reports of a computer of this level"),
    gettext_noop("the envelope is sealed to another collector"),
    gettext_noop("sealed to another collector, or altered on the way"),
    gettext_noop("the signature does not fit: altered, or not by this agent"),
    gettext_noop("these bytes are not a Mijian envelope"),
    gettext_noop("the envelope ends before its header"),
    gettext_noop("the envelope ends inside its header"),
    gettext_noop("the envelope has %(size)s bytes where its own lengths say %(told)s"),
    gettext_noop("the envelope has %(size)s bytes; at most %(most)s are taken"),
    gettext_noop("the body expands to more than %(most)s bytes"),
    gettext_noop("the request does not prove that its sender holds the key it names"),
    gettext_noop("this collector has not minted this token: check it, or mint one"),
    gettext_noop("this token has been used: mint a new one for every computer"),
    gettext_noop("this token has expired: mint a new one"),
    # what was to be sent (`server.outbound.addresses.NotSent`)
    gettext_noop("the certificate of the SIEM is not trusted"),
    gettext_noop("the SIEM did not take it (%(error)s)"),
    gettext_noop("the mail server did not take it (%(error)s)"),
    gettext_noop("the certificate of the host is not trusted"),
    gettext_noop("the exchange broke off (%(error)s)"),
    gettext_noop("the host answered with status %(status)s"),
    gettext_noop("the file named with ca_file cannot be used"),
    gettext_noop("the url of this chat is not one that Apprise understands"),
    gettext_noop("the chat did not take it"),
    gettext_noop("chats need the extra: pip install 'mijian[notify]'"),
    gettext_noop("the name of the host cannot be resolved"),
    gettext_noop("the name of the host has no address"),
    gettext_noop("the host does not answer (%(error)s)"),
    gettext_noop("there is no channel of this name in collector.yaml any more"),
    gettext_noop("collector.yaml names no mail server ('smtp')"),
    gettext_noop("%(address)s is no public address: name it, or its network, under 'outbound' in collector.yaml"),
)


def told(text: str) -> str:
    """A stored sentence in the reader's language; as it is where it is not one of those known here."""
    for sentence, pattern in _patterns():
        if found := pattern.fullmatch(text):
            return _(sentence) % found.groupdict()
    return text


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    made = (re.sub(r"%\\\((\w+)\\\)s|%\((\w+)\)s", _group, re.escape(sentence)) for sentence in _SENTENCES)
    return tuple(zip(_SENTENCES, map(re.compile, made), strict=True))


def _group(found: re.Match[str]) -> str:
    return f"(?P<{found[1] or found[2]}>[^ ]+)"
