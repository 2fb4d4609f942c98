"""Holding the ledgers against what agents saw, both ways (controls LEDGER-03, LEDGER-05, DISPOSE-08, MEDIA-06)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy

from server.accounts.models import User
from server.ledger.models import GONE, Computer, ComputerClass, MediaSession, Medium, MediumUse, Person, Status
from server.ledger.scope import computers_of, media_of, people_of

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

SILENT_AFTER = timedelta(days=7)
"""A computer that has not reported for so long is counted as silent: that is no sign that all is well."""
UNSEEN_AFTER = timedelta(days=30)
"""A medium of the ledger that no agent has seen for so long is asked after."""
SOON = timedelta(days=14)
"""Returns and reviews are announced so long before."""


@dataclass(frozen=True)
class Question:
    """One way in which a ledger and the world may differ."""

    key: str
    ledger: str
    title: _StrPromise
    remedy: _StrPromise
    """What to do about each row."""
    grave: bool
    """Whether a row is an alarm rather than something to tidy up."""
    rows: Callable[[User], QuerySet[Any]]


def _silent(user: User) -> QuerySet[Computer]:
    before = timezone.now() - SILENT_AFTER
    quiet = Q(last_seen_at=None) | Q(last_seen_at__lt=before)
    active = ~Q(status__in=[*GONE, Status.IN_STORE, Status.IN_REPAIR])
    return computers_of(user).filter(quiet, active, registered_at__isnull=False)


def _unregistered_computers(user: User) -> QuerySet[Computer]:
    return computers_of(user).filter(registered_at=None, revoked_at=None, enrolled_at__isnull=False)


def _gone_computers(user: User) -> QuerySet[Computer]:
    # One after the other: the few that are gone are found before any day is made out.
    return computers_of(user).filter(status__in=GONE).filter(last_seen_at__date__gt=F("status_on"))


def _unseen_media(user: User) -> QuerySet[Medium]:
    before = timezone.now() - UNSEEN_AFTER
    quiet = Q(last_seen_at=None) | Q(last_seen_at__lt=before)
    return media_of(user).filter(quiet, registered_at__isnull=False, status=Status.IN_USE)


def _unregistered_media(user: User) -> QuerySet[Medium]:
    return media_of(user).filter(registered_at=None)


def _gone_media(user: User) -> QuerySet[Medium]:
    # One after the other: the few that are gone are found before any day is made out.
    return media_of(user).filter(status__in=GONE).filter(last_seen_at__date__gt=F("status_on"))


def _wrong_class(user: User) -> QuerySet[Medium]:
    """Media that were put into a computer of another side: classified into unclassified, or the other way round."""
    confidential = ComputerClass.CONFIDENTIAL
    here = MediaSession.objects.filter(medium=OuterRef("pk"), computer__in=computers_of(user))
    crossed: Any = Q(medium_class=confidential) & Exists(here.exclude(computer__computer_class=confidential))
    crossed |= (~Q(medium_class=confidential) & ~Q(medium_class="") & ~Q(use=MediumUse.TRANSFER)) & Exists(
        here.filter(computer__computer_class=confidential)
    )
    return media_of(user).filter(crossed)


def _due_returns(model_of: Callable[[User], QuerySet[Any]]) -> Callable[[User], QuerySet[Any]]:
    def rows(user: User) -> QuerySet[Any]:
        last = timezone.localdate() + SOON
        return model_of(user).filter(return_due__lte=last).exclude(status__in=[*GONE, Status.IN_STORE])

    return rows


def _due_reviews(model_of: Callable[[User], QuerySet[Any]]) -> Callable[[User], QuerySet[Any]]:
    def rows(user: User) -> QuerySet[Any]:
        return model_of(user).filter(review_due__lte=timezone.localdate() + SOON)

    return rows


def _leavers(user: User) -> QuerySet[Person]:
    """People who have left and still answer for something."""
    own = Computer.objects.filter(Q(person=OuterRef("pk")) | Q(holder=OuterRef("pk")))
    media = Medium.objects.filter(Q(person=OuterRef("pk")) | Q(holder=OuterRef("pk")))
    gone = people_of(user).filter(leaving_on__lt=timezone.localdate())
    return gone.filter(Q(Exists(own)) | Q(Exists(media)))


def _without_pledge(user: User) -> QuerySet[Person]:
    # Found once, not looked for anew for each person: where few media are lent, no index helps with that.
    held = Medium.objects.filter(holder__isnull=False, medium_class=ComputerClass.CONFIDENTIAL)
    return people_of(user).filter(pk__in=held.values("holder"), pledge_on=None)


def _nowhere(model_of: Callable[[User], QuerySet[Any]]) -> Callable[[User], QuerySet[Any]]:
    def rows(user: User) -> QuerySet[Any]:
        entered = model_of(user).filter(registered_at__isnull=False).exclude(status__in=GONE)
        return entered.filter(Q(person=None) | Q(place=""))

    return rows


_REVIEW = gettext_lazy("Look at the entry, mend it and set the next date.")
_RETURN = gettext_lazy("Ask the holder for it, or set a new date.")
_PLACE = gettext_lazy("Enter who is responsible and where it stands.")
QUESTIONS: tuple[Question, ...] = (
    Question(
        "computer-gone",
        "computers",
        gettext_lazy("Computers seen after they were lost or destroyed"),
        gettext_lazy("Find the computer at once: either the ledger is wrong, or it was not destroyed."),
        True,
        _gone_computers,
    ),
    Question(
        "medium-gone",
        "media",
        gettext_lazy("Media seen after they were lost or destroyed"),
        gettext_lazy("Find the medium at once: the sessions on its page say in which computer it was."),
        True,
        _gone_media,
    ),
    Question(
        "wrong-class",
        "media",
        gettext_lazy("Media used on the wrong class of computer"),
        gettext_lazy("Secure the medium and the computer, and open an incident (control MEDIA-06)."),
        True,
        _wrong_class,
    ),
    Question(
        "computer-unregistered",
        "computers",
        gettext_lazy("Computers that report and are not in the ledger"),
        gettext_lazy("Open the row and enter it, or withdraw its enrolment."),
        False,
        _unregistered_computers,
    ),
    Question(
        "medium-unregistered",
        "media",
        gettext_lazy("Media that were seen and are not in the ledger"),
        gettext_lazy("Open the row and enter it; a private stick is forbidden (control MEDIA-03)."),
        False,
        _unregistered_media,
    ),
    Question(
        "computer-silent",
        "computers",
        gettext_lazy("Computers of the ledger that have not reported for 7 days"),
        gettext_lazy("Enrol it, bring its sealed file over, or correct its status."),
        False,
        _silent,
    ),
    Question(
        "medium-unseen",
        "media",
        gettext_lazy("Media in use that were not seen for 30 days"),
        gettext_lazy("Ask the holder to show it, or correct its status."),
        False,
        _unseen_media,
    ),
    Question(
        "leaver",
        "people",
        gettext_lazy("People who have left and still answer for something"),
        gettext_lazy("Hand over what they hold (control DISPOSE-06)."),
        True,
        _leavers,
    ),
    Question(
        "no-pledge",
        "people",
        gettext_lazy("Holders of classified media without a signed pledge"),
        gettext_lazy("Have the pledge signed and enter its date (control MEDIA-09)."),
        False,
        _without_pledge,
    ),
    Question(
        "computer-return",
        "computers",
        gettext_lazy("Computers to be returned"),
        _RETURN,
        False,
        _due_returns(computers_of),
    ),
    Question("medium-return", "media", gettext_lazy("Media to be returned"), _RETURN, False, _due_returns(media_of)),
    Question(
        "computer-review",
        "computers",
        gettext_lazy("Computers to be reviewed"),
        _REVIEW,
        False,
        _due_reviews(computers_of),
    ),
    Question("medium-review", "media", gettext_lazy("Media to be reviewed"), _REVIEW, False, _due_reviews(media_of)),
    Question("person-review", "people", gettext_lazy("People to be reviewed"), _REVIEW, False, _due_reviews(people_of)),
    Question(
        "computer-nowhere",
        "computers",
        gettext_lazy("Computers without person or place"),
        _PLACE,
        False,
        _nowhere(computers_of),
    ),
    Question(
        "medium-nowhere", "media", gettext_lazy("Media without person or place"), _PLACE, False, _nowhere(media_of)
    ),
)
"""Every question, gravest first."""
BY_KEY: Mapping[str, Question] = {question.key: question for question in QUESTIONS}
