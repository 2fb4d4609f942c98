"""Incidents with their duties, measures and history."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from server.accounts.models import Department
from server.ledger.models import Computer, Level, Medium
from server.violations.models import Group


class Kind(models.TextChoices):
    """What kind of incident it is: what has to be reported hangs on it."""

    LEAK = "leak", _("Leak")
    POSSIBLE = "possible", _("Possible leak")
    LOSS = "loss", _("Loss of a document, medium or computer")
    BREACH = "breach", _("Breach of rules without a leak")


class State(models.TextChoices):
    """Where an incident stands (control INCIDENT-05: report, verify, handle, prevent)."""

    OPEN = "open", _("Opened")
    VERIFIED = "verified", _("Facts verified")
    HANDLED = "handled", _("Handled")
    CLOSED = "closed", _("Closed")
    DISMISSED = "dismissed", _("No incident")


ACTIVE = (State.OPEN, State.VERIFIED, State.HANDLED)
"""States in which somebody still has something to do."""


class Cause(models.TextChoices):
    """Why it happened, in one word for the sums of a year."""

    NEGLIGENCE = "negligence", _("Negligence")
    INTENT = "intent", _("Intent")
    TECHNICAL = "technical", _("Technical fault")
    PROCESS = "process", _("Gap in rules or procedure")
    EXTERNAL = "external", _("Attack from outside")
    UNKNOWN = "unknown", _("Could not be found out")


class Decision(models.TextChoices):
    """What was decided about responsibility (controls CHECK-16, INCIDENT-10); never set by the program."""

    NONE = "none", _("Nobody is to blame")
    EDUCATION = "education", _("Criticism and education")
    DISCIPLINE = "discipline", _("Disciplinary measure")
    TRANSFERRED = "transferred", _("Handed over to the authorities")


class Assessed(models.TextChoices):
    """Level of what is concerned, as assessed (control INCIDENT-08); empty where nobody has assessed it."""

    TOP_SECRET = Level.TOP_SECRET.value, "绝密"
    CONFIDENTIAL = Level.CONFIDENTIAL.value, "机密"
    SECRET = Level.SECRET.value, "秘密"
    WORK = "work", _("Work secret")
    NONE = "none", _("No secret")


class Incident(models.Model):
    """One incident, from its discovery to its closing report."""

    year = models.PositiveSmallIntegerField()
    sequence = models.PositiveIntegerField()
    """Number within the year."""
    title = models.CharField(max_length=150)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    level = models.CharField(max_length=8, choices=Assessed.choices, blank=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.OPEN)
    department = models.ForeignKey(Department, null=True, on_delete=models.PROTECT, related_name="incidents")
    """Whose it is, and who sees it; null: for those who see the whole house."""
    discovered_at = models.DateTimeField()
    """What the clock of the duties runs from."""
    occurred_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    facts = models.TextField(blank=True)
    """What happened, where, and what is concerned; never content of a document."""
    harm = models.TextField(blank=True)
    cause_kind = models.CharField(max_length=16, choices=Cause.choices, blank=True)
    cause = models.TextField(blank=True)
    responsibility = models.TextField(blank=True)
    """Who is responsible for what."""
    decision = models.CharField(max_length=16, choices=Decision.choices, blank=True)
    prevention = models.TextField(blank=True)
    """What was learnt, and what keeps it from happening again."""
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64, blank=True)
    """SHA-256 over what the closing report says, hex; the audit log holds it too."""
    groups = models.ManyToManyField(Group, related_name="incidents")
    """The violations it is about."""
    computers = models.ManyToManyField(Computer, related_name="incidents")
    media = models.ManyToManyField(Medium, related_name="incidents")

    class Meta:
        """How rows are ordered and found."""

        ordering = ("-discovered_at", "-id")
        constraints = (models.UniqueConstraint(fields=("year", "sequence"), name="incident_number"),)
        indexes = (
            models.Index(fields=("state", "-discovered_at", "-id"), name="incident_state"),
            models.Index(fields=("-discovered_at", "-id"), name="incident_newest"),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def number(self) -> str:
        """What it is filed under."""
        return f"SJ-{self.year}-{self.sequence:03d}"

    @property
    def active(self) -> bool:
        """Whether somebody still has something to do."""
        return self.state in ACTIVE


class Duty(models.Model):
    """One duty of an incident (`server.incidents.duties`), and how it was met."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="duties")
    key = models.CharField(max_length=32)
    """Id of the duty in ``duties.yaml``."""
    due_at = models.DateTimeField()
    met_at = models.DateTimeField(null=True)
    """When it was done, as people say; or when somebody found that it does not arise."""
    met_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    spared = models.BooleanField(default=False)
    """Whether it does not arise, for the reason in ``note``."""
    note = models.CharField(max_length=500, blank=True)
    """To whom it was reported, how, under which number."""

    class Meta:
        """How rows are ordered and found."""

        ordering = ("due_at", "id")
        constraints = (models.UniqueConstraint(fields=("incident", "key"), name="duty_once"),)
        indexes = (models.Index(fields=("met_at", "due_at"), name="duty_due"),)

    def __str__(self) -> str:
        return self.key

    @property
    def overdue(self) -> bool:
        """Whether it is not met and its time is over."""
        return self.met_at is None and self.due_at < timezone.now()

    @property
    def late(self) -> bool:
        """Whether it was met after its time."""
        return self.met_at is not None and not self.spared and self.met_at > self.due_at


class Measure(models.Model):
    """One measure: what is done about the incident, by whom, by when."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="measures")
    text = models.CharField(max_length=500)
    responsible = models.CharField(max_length=100, blank=True)
    due_on = models.DateField(null=True)
    done_on = models.DateField(null=True)

    class Meta:
        """How rows are ordered and found."""

        ordering = ("id",)

    def __str__(self) -> str:
        return self.text


class Step(models.Model):
    """One line of an incident's history."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="steps")
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=32)
    """The audit log's word for it, such as ``incident.verify``."""
    what = models.CharField(max_length=32, blank=True)
    """Id of the duty it is about; or ``group``, ``computer``, ``medium`` for what was added or removed."""
    note = models.TextField(blank=True)

    class Meta:
        """How rows are ordered and found."""

        ordering = ("at", "id")

    def __str__(self) -> str:
        return self.action
