"""Violations: every sighting, the groups they form, what people did about them, and the sums of scans and checks."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models.lookups import GreaterThanOrEqual, LessThan
from django.utils.translation import gettext_lazy as _

from protocol.ids import uuid7
from server.accounts.models import Department
from server.ledger.models import Computer, Medium


def new_id() -> uuid.UUID:
    """A new id that sorts by time (UUIDv7)."""
    return uuid.UUID(uuid7())


class Severity(models.TextChoices):
    """How bad a broken control is, worst first."""

    CRITICAL = "critical", _("Critical")
    HIGH = "high", _("High")
    MEDIUM = "medium", _("Medium")
    LOW = "low", _("Low")
    INFO = "info", _("Information")


SEVERITY_RANK: dict[str, int] = {severity: rank for rank, severity in enumerate(Severity.values)}
"""0 for the worst: the order of lists."""


class State(models.TextChoices):
    """Where a violation stands. Changed by `server.violations.transitions` and by the fan-out only."""

    NEW = "new", _("New")
    ASSIGNED = "assigned", _("Assigned")
    RECTIFIED = "rectified", _("Rectified")
    VERIFIED = "verified", _("Verified")
    CLOSED = "closed", _("Closed")
    FALSE_ALARM = "false_alarm", _("False alarm")
    WAIVED = "waived", _("Waived")


OPEN_STATES = (State.NEW, State.ASSIGNED, State.RECTIFIED)
"""States in which somebody still has something to do."""


IS_OPEN = models.Q(is_open__in=(True,))
"""Groups in an open state, said so that SQLite sees a value to look up: of a bare column it uses no index."""


class Beginning(models.Func):
    """The first characters of a hash: enough to look it up by, and a fifth of the index that the whole would make."""

    LENGTH = 12
    template = f"SUBSTR(%(expressions)s, 1, {LENGTH})"
    """With the numbers in it: SQLite uses an index of an expression where the very same one is asked for."""
    output_field = models.CharField()


class Group(models.Model):
    """One violation: all sightings with the same fingerprint (`server.violations.fingerprint`)."""

    id = models.UUIDField(primary_key=True, default=new_id)
    fingerprint = models.CharField(max_length=64, unique=True)
    control = models.CharField(max_length=32)
    severity = models.CharField(max_length=16, choices=Severity.choices)
    severity_rank = models.PositiveSmallIntegerField()
    """`SEVERITY_RANK` of ``severity``: for sorting."""
    family = models.CharField(max_length=32, blank=True)
    """Family of the strongest finding's marking; empty for violations that are not about a file."""
    level = models.CharField(max_length=8, blank=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.NEW)
    is_open = models.GeneratedField(
        expression=models.Case(models.When(state__in=[str(state) for state in OPEN_STATES], then=True), default=False),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    """Whether its state is one of `OPEN_STATES`; kept by the database, for its indices."""
    state_at = models.DateTimeField()
    """Since when it is in this state."""
    # Of what refers to other tables, no index is made by itself: those of `Meta` serve, and leave out what is null.
    computer = models.ForeignKey(Computer, on_delete=models.PROTECT, related_name="violations", db_index=False)
    """Where it was seen last."""
    medium = models.ForeignKey(Medium, null=True, on_delete=models.PROTECT, related_name="violations", db_index=False)
    person = models.CharField(max_length=100, blank=True)
    """Who was responsible for the medium or the computer when it was seen last."""
    marking = models.CharField(max_length=200, blank=True)
    """The strongest finding's marking in normalised form, never the text around it."""
    zone = models.CharField(max_length=32, blank=True)
    extension = models.CharField(max_length=32, blank=True)
    media_type = models.CharField(max_length=127, blank=True)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    opened_at = models.DateTimeField()
    """When it came up: first seen, or there again after it had been put right or was over.

    Lists are in this order: a repeat, which moves ``last_seen_at``, moves nothing in them and costs little.
    """
    occurrence_count = models.PositiveIntegerField(default=0)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="assigned_violations",
        db_index=False,
    )
    verified_at = models.DateTimeField(null=True)
    """When the check ran that found it put right: a sighting after this is a relapse, one before it came late."""
    regressed_at = models.DateTimeField(null=True)
    """When it was last seen again after it had been verified or closed."""
    due_on = models.DateField(null=True)
    """When it is to be put right (`server.violations.due`); null where nothing presses."""
    waiver = models.ForeignKey("Waiver", null=True, on_delete=models.SET_NULL, related_name="groups", db_index=False)
    """The approved exception that covers it just now."""
    updated_at = models.DateTimeField()
    content_hash = models.CharField(max_length=64, blank=True)
    """Ask for it by `content_begins`."""
    path_hash = models.CharField(max_length=64, blank=True)
    sealed_place = models.TextField(blank=True)
    """Path and member, sealed to the reveal key (`server.violations.reveal`)."""

    class Meta:
        """How rows are ordered and found."""

        ordering = ("severity_rank", "-opened_at", "-id")
        # Each is written with every new group. What sorts by newest first is read backwards: a newer row then goes to
        # its end, which costs half. Ids, by which rows of the same moment are sorted, are not in them: those are few.
        indexes = (
            models.Index(fields=("state", "severity_rank", "-opened_at"), name="group_state"),
            models.Index(fields=("computer", "state", "severity_rank"), name="group_computer"),
            models.Index(fields=("medium",), name="group_medium", condition=models.Q(medium__isnull=False)),
            models.Index(fields=("waiver",), name="group_waiver", condition=models.Q(waiver__isnull=False)),
            models.Index(fields=("is_open", "due_on", "state"), name="group_open_due"),
            models.Index(fields=("marking",), name="group_marking"),
            models.Index(fields=("person",), name="group_person"),
            models.Index(fields=("extension",), name="group_extension"),
            models.Index(
                fields=("assignee", "is_open"), name="group_assigned", condition=models.Q(assignee__isnull=False)
            ),
            models.Index(fields=("control", "family"), name="group_kinds"),
            models.Index(fields=("control", "state", "severity_rank", "-opened_at"), name="group_control"),
            # With the control and whether it is open, however far down the newest of a control stand, others are
            # passed by without a look at their rows.
            models.Index(fields=("last_seen_at", "control", "is_open"), name="group_last"),
            models.Index(fields=("first_seen_at", "is_open", "severity_rank", "control"), name="group_first"),
            models.Index(Beginning("content_hash"), name="group_content"),
        )

    def __str__(self) -> str:
        return f"{self.control} {self.marking}".strip()


def content_begins(text: str) -> models.Q:
    """Groups of files whose content's hash begins with these hexadecimal digits, as a condition an index answers.

    All digits of a hash are not said to be equal: SQLite would put them in the place of what the index is of.
    """
    begins, word = Beginning("content_hash"), text[: Beginning.LENGTH]
    # Up to what follows the last digit: so it is found in any order of letters that a database may have.
    span = models.Q(GreaterThanOrEqual(begins, word), LessThan(begins, f"{word}g"))
    return span & models.Q(content_hash__startswith=text)


class Occurrence(models.Model):
    """One sighting of a violation, as a computer told it."""

    id = models.UUIDField(primary_key=True)
    """The record's id: the same record is stored once, however often it arrives."""
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="occurrences", db_index=False)
    computer = models.ForeignKey(Computer, on_delete=models.PROTECT, related_name="+", db_index=False)
    """Which one told it; nobody asks by it, and an index would be written with every sighting."""
    seen_at = models.DateTimeField()
    received_at = models.DateTimeField()
    session_id = models.UUIDField(null=True)
    """Id of the `MediaSession`; its record may arrive later, or never."""
    evidence = models.JSONField()
    """The record's evidence without its sealed place (`protocol.records.FileEvidence`, `NetworkEvidence`)."""
    sealed_place = models.TextField(blank=True)

    class Meta:
        """How rows are ordered and found."""

        ordering = ("-seen_at", "-id")
        indexes = (models.Index(fields=("group", "-seen_at"), name="occurrence_group"),)

    def __str__(self) -> str:
        return f"occurrence {self.pk}"


class Step(models.Model):
    """One step in a violation's history: a change of state, an assignment or a comment."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="steps")
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    """Who did it; null for the collector itself."""
    from_state = models.CharField(max_length=16, choices=State.choices)
    to_state = models.CharField(max_length=16, choices=State.choices)
    """The same as ``from_state`` for a comment and for a change of assignee."""
    assignee = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    """Whom it was assigned to in this step."""
    note = models.TextField(blank=True)

    class Meta:
        """How rows are ordered and found."""

        ordering = ("at", "id")

    def __str__(self) -> str:
        return f"{self.from_state} → {self.to_state}"


class Attachment(models.Model):
    """A file that proves something about a violation, by name and hash alone: its content never comes here."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=200)
    """As the person called it; never the path of what was found."""
    sha256 = models.CharField(max_length=64)
    """SHA-256 of the content, hex: whoever shows the file later proves that it is this one."""
    size = models.PositiveBigIntegerField(null=True)
    """Bytes, where known."""
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        """How rows are ordered and found."""

        ordering = ("at", "id")
        constraints = (models.UniqueConstraint(fields=("group", "sha256"), name="attachment_once"),)

    def __str__(self) -> str:
        return self.name


class Waiver(models.Model):
    """An exception from one control, for a reason and for a time, approved by somebody else than who asked for it."""

    class Scope(models.TextChoices):
        """What a waiver covers."""

        VIOLATION = "violation", _("this one violation")
        COMPUTER = "computer", _("this control on this computer")
        MEDIUM = "medium", _("this control on this medium")
        DEPARTMENT = "department", _("this control in the whole department")

    class State(models.TextChoices):
        """Where a waiver stands."""

        ASKED = "asked", _("Waiting for approval")
        APPROVED = "approved", _("In force")
        REFUSED = "refused", _("Refused")
        ENDED = "ended", _("Ended early")
        EXPIRED = "expired", _("Expired")

    state = models.CharField(max_length=16, choices=State.choices, default=State.ASKED)
    scope = models.CharField(max_length=16, choices=Scope.choices)
    control = models.CharField(max_length=32)
    group = models.ForeignKey(Group, null=True, on_delete=models.CASCADE, related_name="waivers")
    """The violation it was asked for."""
    computer = models.ForeignKey(Computer, null=True, on_delete=models.PROTECT, related_name="waivers")
    medium = models.ForeignKey(Medium, null=True, on_delete=models.PROTECT, related_name="waivers")
    department = models.ForeignKey(Department, null=True, on_delete=models.PROTECT, related_name="waivers")
    """The department that sees it; for a waiver of a whole department, the one it covers with all below."""
    reason = models.TextField()
    expires_on = models.DateField()
    """Last day it holds."""
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_note = models.TextField(blank=True)

    class Meta:
        """How rows are ordered and found."""

        ordering = ("-requested_at", "-id")
        indexes = (models.Index(fields=("state", "expires_on"), name="waiver_state"),)

    def __str__(self) -> str:
        return f"{self.control} · {self.get_scope_display()}"


class DepartmentSums(models.Model):
    """The violations of one department's computers, counted a while ago (`server.violations.sums`)."""

    department = models.OneToOneField(Department, null=True, on_delete=models.CASCADE, related_name="+")
    """Null: computers that belong to none."""
    numbers = models.JSONField()
    """A `server.violations.sums.Sums`."""
    monday = models.DateField()
    """First day of the last week of the numbers by week."""
    counted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"sums of {self.department_id or 'no department'}"


class SavedView(models.Model):
    """A set of filters of the list of violations that somebody wants to come back to."""

    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000)
    """The filters as they stand in the address, without page and without question mark."""
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views")
    shared = models.BooleanField(default=False)
    """Whether everybody is offered it; what they then see is still their own scope."""
    created_at = models.DateTimeField()
    channel = models.CharField(max_length=60, blank=True)
    """Channel of ``collector.yaml`` over which the owner is told what is new in it; empty for none."""
    told_until = models.DateTimeField(null=True)
    """Up to when it has been looked at."""

    class Meta:
        """How rows are ordered and found."""

        ordering = ("name", "id")
        constraints = (models.UniqueConstraint(fields=("owner", "name"), name="saved_view_name"),)

    def __str__(self) -> str:
        return self.name


class ScanReport(models.Model):
    """The sum of one scan: enumerated = clean_count + finding_count + not_examined_count."""

    id = models.UUIDField(primary_key=True)
    computer = models.ForeignKey(Computer, on_delete=models.PROTECT, related_name="scans")
    session_id = models.UUIDField(null=True)
    medium = models.ForeignKey(Medium, null=True, on_delete=models.PROTECT, related_name="scans")
    started_at = models.DateTimeField()
    received_at = models.DateTimeField()
    seconds = models.FloatField()
    enumerated = models.PositiveBigIntegerField()
    clean_count = models.PositiveBigIntegerField()
    finding_count = models.PositiveBigIntegerField()
    not_examined_count = models.PositiveBigIntegerField()
    bytes = models.PositiveBigIntegerField()
    reasons = models.JSONField(default=dict)
    """Reason → how many files were not examined for it."""
    rules = models.CharField(max_length=100, blank=True)
    cage = models.CharField(max_length=16, blank=True)
    complete = models.BooleanField()
    """False where the scan was cut short."""

    class Meta:
        """How rows are ordered and found."""

        ordering = ("-started_at",)
        indexes = (models.Index(fields=("computer", "-started_at"), name="scan_computer"),)

    def __str__(self) -> str:
        return f"scan of {self.enumerated} files"


class CheckReport(models.Model):
    """One run of one check of a control on a computer."""

    class Outcome(models.TextChoices):
        """How it ended."""

        PASS = "pass", _("Pass")
        FAIL = "fail", _("Fail")
        NOT_APPLICABLE = "not-applicable", _("Not applicable")
        MANUAL = "manual", _("To be answered by a person")
        ERROR = "error", _("Could not be checked")

    id = models.UUIDField(primary_key=True)
    computer = models.ForeignKey(Computer, on_delete=models.PROTECT, related_name="checks")
    control = models.CharField(max_length=32)
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    why = models.CharField(max_length=300, blank=True)
    seen_at = models.DateTimeField()
    received_at = models.DateTimeField()

    class Meta:
        """How rows are ordered and found."""

        ordering = ("-seen_at",)
        indexes = (models.Index(fields=("computer", "control", "-seen_at"), name="check_computer"),)

    def __str__(self) -> str:
        return f"{self.control} {self.outcome}"


class DroppedReport(models.Model):
    """A computer's word that its outbox was full and gave up records of low priority."""

    id = models.UUIDField(primary_key=True)
    computer = models.ForeignKey(Computer, on_delete=models.PROTECT, related_name="dropped")
    seen_at = models.DateTimeField()
    counts = models.JSONField(default=dict)
    """Kind of record → how many."""

    class Meta:
        """How rows are ordered and found."""

        ordering = ("-seen_at",)

    def __str__(self) -> str:
        return f"{sum(self.counts.values())} records dropped"
