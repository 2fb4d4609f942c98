"""Self-check rounds, the self-checks that computers made, exemptions, signed questionnaires, and frozen figures."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from server.accounts.models import Department
from server.ledger.models import Computer, ComputerClass


class Standing(models.TextChoices):
    """Where a computer stands in a round."""

    DONE = "done", pgettext_lazy("standing", "Done")
    LATE = "late", _("Late")
    PENDING = "pending", _("Still to do")
    MISSING = "missing", _("Missing")
    EXEMPT = "exempt", _("Exempt")


class SelfCheck(models.Model):
    """One self-check of a computer, as its agent told it (`protocol.records.SelfCheckDone`): outcomes, no evidence."""

    id = models.UUIDField(primary_key=True)
    """The record's id: the same record is stored once, however often it arrives."""
    computer = models.ForeignKey(Computer, on_delete=models.PROTECT, related_name="self_checks")
    profile = models.CharField(max_length=64)
    profile_class = models.CharField(max_length=16, blank=True)
    """Class of computer that the profile is for; ``device`` for one that examines a device; empty for a profile of the
    organisation's own, which this collector does not know."""
    profile_version = models.CharField(max_length=32, blank=True)
    number = models.CharField(max_length=64, blank=True)
    """Number of the report that was printed or shown."""
    seen_at = models.DateTimeField()
    received_at = models.DateTimeField()
    files = models.PositiveBigIntegerField(default=0)
    """Files scanned for it; 0 where none were."""
    passed_count = models.PositiveIntegerField(default=0)
    failed_count = models.PositiveIntegerField(default=0)
    manual_count = models.PositiveIntegerField(default=0)
    """Checks that wait for a person's answer."""
    error_count = models.PositiveIntegerField(default=0)
    failed_controls = models.JSONField(default=list)
    """Ids of the controls of the checks that failed, sorted."""
    answers = models.JSONField(default=dict)
    """Control → what a person answered at the computer."""

    class Meta:
        """How rows are ordered and found."""

        ordering = ("-seen_at",)
        indexes = (models.Index(fields=("computer", "seen_at"), name="selfcheck_computer"),)

    def __str__(self) -> str:
        return f"{self.profile} {self.number}".strip()


class Campaign(models.Model):
    """One self-check round: which computers, from when to when (controls CHECK-01, CHECK-04)."""

    title = models.CharField(max_length=100)
    profile = models.CharField(max_length=64, blank=True)
    """Id of the profile that counts; empty: any one for the class of the computer."""
    classes = models.JSONField(default=list)
    """Classes of computers that take part (`ComputerClass`)."""
    whole_house = models.BooleanField(default=False)
    """Whether every department takes part; then ``departments`` is empty."""
    departments = models.ManyToManyField(Department, related_name="campaigns")
    """The departments that take part, each with all below it."""
    starts_on = models.DateField()
    deadline = models.DateField()
    """Last day on which a self-check is in time."""
    grace_days = models.PositiveSmallIntegerField(default=0)
    """Days after the deadline before a computer without a self-check counts as missing."""
    inspection_on = models.DateField(null=True)
    """The announced inspection that the round prepares; told to the computers (`server.intake.policy`)."""
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True)
    """When those who have not were reminded last."""
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True)
    """Since when its figures stand still (`Result`); null while it runs."""
    closing_note = models.TextField(blank=True)
    digest = models.CharField(max_length=64, blank=True)
    """SHA-256 over the frozen figures (`server.campaigns.closing`), hex; the audit log holds it too."""

    class Meta:
        """How rows are ordered and found."""

        ordering = ("-starts_on", "-id")
        indexes = (models.Index(fields=("-starts_on", "-id"), name="campaign_start"),)

    def __str__(self) -> str:
        return self.title

    @property
    def number(self) -> str:
        """What the sign-off sheet is filed under."""
        return f"ZC-{self.starts_on.year}-{self.pk:04d}"

    @property
    def open(self) -> bool:
        """Whether its figures still move."""
        return self.closed_at is None

    @property
    def begins(self) -> datetime:
        """The first moment a self-check counts from."""
        return _midnight(self.starts_on)

    @property
    def in_time_before(self) -> datetime:
        """The moment from which a self-check is late."""
        return _midnight(self.deadline + timedelta(days=1))

    @property
    def last_day(self) -> date:
        """Last day of grace: from the next one on, what is not done is missing."""
        return self.deadline + timedelta(days=self.grace_days)

    @property
    def overdue(self) -> bool:
        """Whether it still runs though the grace is over: somebody has to close it."""
        return self.open and timezone.localdate() > self.last_day


class Exemption(models.Model):
    """One computer need not take part in a round, for a reason somebody answers for."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="exemptions")
    computer = models.ForeignKey(Computer, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        """How rows are ordered and found."""

        constraints = (models.UniqueConstraint(fields=("campaign", "computer"), name="exemption_once"),)

    def __str__(self) -> str:
        return f"{self.computer} in {self.campaign}"


class Result(models.Model):
    """How one computer stood when its round was closed, with its names of that day."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="results")
    computer = models.ForeignKey(Computer, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=255)
    number = models.CharField(max_length=64, blank=True)
    computer_class = models.CharField(max_length=16, choices=ComputerClass.choices)
    department = models.ForeignKey(Department, null=True, on_delete=models.PROTECT, related_name="+")
    person = models.CharField(max_length=100, blank=True)
    standing = models.CharField(max_length=16, choices=Standing.choices)
    done_at = models.DateTimeField(null=True)
    failed_count = models.PositiveIntegerField(default=0)
    failed_controls = models.JSONField(default=list)

    class Meta:
        """How rows are ordered and found."""

        ordering = ("name", "id")
        indexes = (
            models.Index(fields=("campaign", "standing", "name", "id"), name="result_standing"),
            models.Index(fields=("campaign", "name", "id"), name="result_name"),
        )

    def __str__(self) -> str:
        return f"{self.name}: {self.standing}"


class Attestation(models.Model):
    """The questionnaire of one department in a round: a draft, or signed; a changed answer is a new signature."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="attestations")
    department = models.ForeignKey(Department, null=True, on_delete=models.PROTECT, related_name="+")
    """Whose it is; null for the computers that belong to no department."""
    asked = models.JSONField(default=list)
    """The questions as they stood: ``{control, zh, en}`` each."""
    answers = models.JSONField(default=dict)
    """Control → ``{answer, note}``; the answer is ``yes``, ``no``, ``not-applicable`` or empty."""
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField(null=True)
    """Null for a draft, of which there is at most one for a department."""
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    signed_as = models.CharField(max_length=200, blank=True)
    """Name and role of the signer as they stood."""
    digest = models.CharField(max_length=64, blank=True)
    """SHA-256 over questions, answers, signer and time (`server.campaigns.attestations`), hex."""
    chained = models.CharField(max_length=64, blank=True)
    """Hash of the audit entry that holds the digest."""

    class Meta:
        """How rows are ordered and found."""

        ordering = ("-id",)
        indexes = (models.Index(fields=("campaign", "department"), name="attestation_of"),)

    def __str__(self) -> str:
        return f"{self.department or '—'} in {self.campaign}"


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
