"""Asking for a report, which gives it its number, and making it: blocks first, then one file for each form."""

from __future__ import annotations

import errno
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Max
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, override, pgettext
from django.utils.translation import gettext as _

from server import audit
from server.accounts.models import Department, Language, Right, User
from server.accounts.scope import covers
from server.ledger.kinds import LEDGERS
from server.reports import shelf
from server.reports.blocks import Block, Cell, Document, Facts
from server.reports.extent import Extent, extent_of
from server.reports.kinds import KINDS, Kind
from server.reports.models import Form, Report
from server.reports.writers import WRITERS
from signatures.profiles import load_profiles

LONGEST = timedelta(days=5 * 366)
MOST_WAITING = 50
"""Reports that may wait at one time."""

_log = logging.getLogger(__name__)


class ReportMistake(ValueError):
    """A report that cannot be made so; ``field`` is what is wrong, ``str()`` says why."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def ask(
    kind: str,
    *,
    forms: Sequence[str],
    since: date,
    until: date,
    department: Department | None = None,
    language: str = Language.CHINESE,
    ledger: str = "",
    by: User | None,
    told_by: str = "",
) -> Report:
    """Give a report its number and queue it. ``by`` is None for the command line, which ``told_by`` then names.

    Raises `PermissionDenied` and `ReportMistake`.
    """
    if by is not None and not (by.may(Right.ISSUE) and covers(by, None if department is None else department.pk)):
        raise PermissionDenied
    _check(kind, forms, since, until, language, ledger)
    with transaction.atomic():
        if Report.objects.filter(state=Report.State.WAITING).count() >= MOST_WAITING:
            raise ReportMistake("kind", _("Many reports are waiting to be made: try again when they are ready."))
        year = timezone.localdate().year
        last = Report.objects.filter(year=year).aggregate(last=Max("sequence"))["last"] or 0
        report = Report.objects.create(
            year=year,
            sequence=last + 1,
            kind=kind,
            forms=",".join(form for form in Form.values if form in forms),
            language=language,
            department=department,
            since=since,
            until=until,
            ledger=ledger if kind == "ledger" else "",
            requested_by=by,
            requested_at=timezone.now(),
        )
        period = f"{since.isoformat()}/{until.isoformat()}"
        pk = None if department is None else department.pk
        more = {"by": told_by} if told_by else {}
        audit.record(
            "report.ask", actor=by, obj=report, number=report.number, kind=kind, department=pk, period=period, **more
        )
    return report


def _check(kind: str, forms: Sequence[str], since: date, until: date, language: str, ledger: str) -> None:
    if kind not in KINDS:
        raise ReportMistake("kind", _("Choose a kind of report."))
    if not forms or set(forms) - set(Form.values):
        raise ReportMistake("forms", _("Choose at least one of PDF, DOCX and XLSX."))
    if language not in Language.values:
        raise ReportMistake("language", _("Choose a language."))
    if since > until:
        raise ReportMistake("until", _("The period ends before it begins."))
    if until - since > LONGEST:
        raise ReportMistake("since", _("The period is longer than five years."))
    if KINDS[kind].by_year and (since, until) != whole_year(since.year):
        raise ReportMistake("since", _("An annual summary covers one whole year."))
    if ledger and ledger not in LEDGERS:
        raise ReportMistake("ledger", _("There is no such ledger."))


def whole_year(year: int) -> tuple[date, date]:
    """First and last day of a year."""
    return date(year, 1, 1), date(year, 12, 31)


def retry(report: Report, *, by: User) -> None:
    """Queue a report that failed once more, under its number. Raises `PermissionDenied`."""
    if not (by.may(Right.ISSUE) and covers(by, report.department_id)):
        raise PermissionDenied
    with transaction.atomic():
        fresh = {"state": Report.State.WAITING, "progress": 0, "attempts": 0, "problem": "", "finished_at": None}
        if Report.objects.filter(pk=report.pk, state=Report.State.FAILED).update(**fresh):
            audit.record("report.retry", actor=by, obj=report, number=report.number)


def make(report: Report) -> None:
    """Make a report that waits, and note how it went; whatever goes wrong is told on its row."""
    if not Report.objects.filter(pk=report.pk, state=Report.State.WAITING).update(state=Report.State.WORKING):
        return
    report.attempts += 1
    Report.objects.filter(pk=report.pk).update(attempts=report.attempts, progress=0)
    with override(report.language):
        try:
            _write(report)
        except OSError as error:
            why = _("The file cannot be written to the collector’s disk (%(why)s).") % {"why": error.strerror}
            if error.errno == errno.ENOSPC:
                why = _("The disk of the collector is full: free some room, then try again.")
            fail(report, why)
        except Exception as error:  # noqa: BLE001 (one report that cannot be made must not stop those behind it)
            _log.error("the report %s cannot be made: %s", report.number, type(error).__name__)
            fail(report, _("Something that was not foreseen went wrong (%(why)s).") % {"why": type(error).__name__})


def fail(report: Report, why: str) -> None:
    """Note that a report could not be made."""
    with transaction.atomic():
        Report.objects.filter(pk=report.pk).update(state=Report.State.FAILED, problem=why, finished_at=timezone.now())
        audit.record("report.fail", obj=report, number=report.number)


def _write(report: Report) -> None:
    forms = report.forms.split(",")
    kind = KINDS[report.kind]
    steps = len(kind.parts) + 2 * len(forms)
    extent = extent_of(report)
    made: list[Block] = []
    for number, part in enumerate(kind.parts, 1):
        made += part(extent)
        _progress(report, 100 * number // steps)
    document = _document(report, kind, extent, made)
    hashes: dict[str, Sequence[str]] = {}
    for number, form in enumerate(forms, 1):
        file = shelf.put(report, form, WRITERS[form][1](document))
        hashes[form] = [file.sha256]
        _progress(report, 100 * (len(kind.parts) + 2 * number) // steps)
    with transaction.atomic():
        Report.objects.filter(pk=report.pk).update(
            state=Report.State.DONE, progress=100, problem="", finished_at=timezone.now()
        )
        audit.record("report.made", obj=report, number=report.number, kind=report.kind, sha256=hashes)


def _progress(report: Report, percent: int) -> None:
    Report.objects.filter(pk=report.pk).update(progress=min(99, percent))


def _document(report: Report, kind: Kind, extent: Extent, made: Sequence[Block]) -> Document:
    now = timezone.localtime()
    days = {"since": report.since, "until": report.until}
    period = _("%(since)s to %(until)s") % {name: date_format(day, "DATE_FORMAT") for name, day in days.items()}
    by = _("the collector’s command line") if report.requested_by is None else report.requested_by.display_name
    head: list[tuple[str, Cell]] = [
        (_("Organisation"), extent.organisation),
        (pgettext("report", "Number"), report.number),
        (pgettext("report", "Scope"), extent.scope),
        (_("Period"), period),
        (_("Made on"), _("%(when)s, by %(who)s") % {"when": date_format(now, "DATETIME_FORMAT"), "who": by}),
    ]
    if kind.versions:
        head += _versions(extent)
    return Document(
        title=str(kind.title),
        number=report.number,
        head=Facts(head),
        blocks=made,
        signatures=[str(one) for one in kind.signatures],
        signed_on=_("Date:"),
        landscape=kind.landscape,
        language=report.language,
        foot=f"{extent.organisation} · {kind.title} {report.number}",
    )


def _versions(extent: Extent) -> list[tuple[str, Cell]]:
    """Which rules and which profiles of self-checks spoke, and on how many computers."""
    enrolled = extent.computers().filter(enrolled_at__isnull=False).exclude(rules="")
    rules = enrolled.order_by().values("rules").annotate(n=Count("id")).order_by("-n")[:5]
    # The collector writes profile and version at the beginning of a self-check's own row.
    whys = extent.checks().filter(control="CHECK-01").order_by().values_list("why", flat=True)
    profiles = Counter(why.partition(",")[0] for why in whys.iterator(chunk_size=2000) if "," in why)
    named = {name: profile.title.pick(get_language() or "zh") for name, profile in load_profiles().items()}
    count = _("%(what)s on %(n)d computers")
    told = [count % {"what": row["rules"].removeprefix("sha256:")[:16], "n": row["n"]} for row in rules]
    return [
        (_("Rules in force"), "; ".join(told) or "—"),
        (_("Profiles"), "; ".join(f"{_profile(told, named)} × {n}" for told, n in profiles.most_common(8)) or "—"),
    ]


def _profile(told: str, named: Mapping[str, str]) -> str:
    """A profile of self-checks by its title and version; as it was told where this collector does not know it."""
    name, _space, version = told.partition(" ")
    return f"{named[name]} {version}".rstrip() if name in named else told
