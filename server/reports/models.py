"""Reports with a number of their own, and the files they were written into."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from server.accounts.models import Department, Language


class Form(models.TextChoices):
    """What a report is written as."""

    PDF = "pdf", "PDF"
    DOCX = "docx", "DOCX"
    XLSX = "xlsx", "XLSX"


class Report(models.Model):
    """One report: what it is about, who asked for it, and how far its making is."""

    class State(models.TextChoices):
        """Where its making stands."""

        WAITING = "waiting", _("Waiting")
        WORKING = "working", _("Being made")
        DONE = "done", _("Ready")
        FAILED = "failed", _("Failed")

    year = models.PositiveSmallIntegerField()
    sequence = models.PositiveIntegerField()
    """Counts from 1 in each year; a number is never given twice, not even that of a report that failed."""
    kind = models.CharField(max_length=32)
    """Key of `server.reports.kinds.KINDS`."""
    forms = models.CharField(max_length=32)
    """Values of `Form`, separated by commas."""
    language = models.CharField(max_length=16, choices=Language.choices, default=Language.CHINESE)
    department = models.ForeignKey(Department, null=True, on_delete=models.PROTECT, related_name="+")
    """The department it is about, with all below it; null for the whole organisation."""
    since = models.DateField()
    until = models.DateField()
    """First and last day of its period."""
    ledger = models.CharField(max_length=16, blank=True)
    """The one ledger of a ledger extract; empty for the four of computers and media."""
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    progress = models.PositiveSmallIntegerField(default=0)
    """Per cent."""
    attempts = models.PositiveSmallIntegerField(default=0)
    problem = models.TextField(blank=True)
    """Why it could not be made, in its own language."""
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    """Who asked for it; null for the command line."""
    requested_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        """How rows are ordered and found."""

        ordering = ("-year", "-sequence")
        constraints = (models.UniqueConstraint(fields=("year", "sequence"), name="report_one_number"),)
        indexes = (models.Index(fields=("state", "id"), name="report_state"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"

    @property
    def number(self) -> str:
        """Its number as it stands on paper: ``2026-0007``."""
        return f"{self.year}-{self.sequence:04d}"

    @property
    def pending(self) -> bool:
        """Whether it is still to be made."""
        return self.state in (self.State.WAITING, self.State.WORKING)


class ReportFile(models.Model):
    """One file of a report; its bytes lie in the collector's home (`server.reports.shelf`)."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="files")
    form = models.CharField(max_length=8, choices=Form.choices)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()

    class Meta:
        """How rows are ordered and found."""

        ordering = ("report", "form")
        constraints = (models.UniqueConstraint(fields=("report", "form"), name="report_one_file"),)

    def __str__(self) -> str:
        return f"{self.report.number}.{self.form}"
