"""Tables that no domain owns: answered requests, job runs, messages between apps and what staff did."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class IdempotencyRecord(models.Model):
    """A request that was answered. It commits with the work it answers: neither exists without the other."""

    scope = models.CharField(_("scope"), max_length=100)
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    result = models.CharField(_("result"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("answered request")
        verbose_name_plural = _("answered requests")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["scope", "key"], name="idempotency_scope_key_once"),
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.key}"


class JobState(models.TextChoices):
    """How far a run has come."""

    RUNNING = "running", _("running")
    DONE = "done", _("done")


class JobRun(models.Model):
    """One run of a job for a business date. Its row is unique, so two schedulers never run it twice."""

    job = models.CharField(_("job"), max_length=60)
    scope = models.CharField(_("scope"), max_length=60, blank=True)
    business_date = models.DateField(_("business date"))
    state = models.CharField(_("state"), max_length=10, choices=JobState, default=JobState.RUNNING)
    cursor = models.JSONField(_("cursor"), default=dict)
    counts = models.JSONField(_("counts"), default=dict)
    attempts = models.PositiveIntegerField(_("failed attempts"), default=0)
    last_error = models.TextField(_("last error"), blank=True)
    started_at = models.DateTimeField(_("started"))
    moved_at = models.DateTimeField(_("last moved"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("job run")
        verbose_name_plural = _("job runs")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["job", "scope", "business_date"], name="job_run_once_a_business_date"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["moved_at"], name="job_run_unfinished", condition=models.Q(state="running")),
        ]

    def __str__(self) -> str:
        return f"{self.job} {self.scope} {self.business_date}"


class OutboxMessage(models.Model):
    """Something a lower app tells a higher one. Written with the fact it reports, delivered at least once."""

    topic = models.CharField(_("topic"), max_length=60)
    payload = models.JSONField(_("content"))
    created_at = models.DateTimeField(_("created"))
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    attempts = models.PositiveIntegerField(_("failed attempts"), default=0)
    last_error = models.TextField(_("last error"), blank=True)

    class Meta:
        verbose_name = _("message between apps")
        verbose_name_plural = _("messages between apps")
        indexes: ClassVar = [
            models.Index(
                fields=["attempts", "id"], name="outbox_due", condition=models.Q(delivered_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.pk}"


class StaffAction(models.Model):
    """What a member of staff did, to what and why. Rows are added and never change.

    The colleague is kept as the number of their sign-in, without a name: who erases a person changes no row
    here. The thing it was done to is named by its model and number; a list has no number.
    """

    actor_id = models.BigIntegerField(_("number of the sign-in"), null=True)
    action = models.CharField(_("action"), max_length=60)
    subject_type = models.CharField(_("kind of thing"), max_length=100)
    subject_id = models.BigIntegerField(_("number"), null=True)
    reason = models.TextField(_("reason"), blank=True)
    details = models.JSONField(_("details"), default=dict)
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("action of staff")
        verbose_name_plural = _("actions of staff")
        indexes: ClassVar = [
            models.Index(fields=["subject_type", "subject_id", "id"], name="staff_action_of_a_subject"),
            models.Index(fields=["actor_id", "id"], name="staff_action_of_an_actor"),
            models.Index(fields=["actor_id", "at"], name="staff_action_of_a_day"),
        ]
        permissions: ClassVar = [("export_lists", "Can export the lists that they may look at")]

    def __str__(self) -> str:
        return f"{self.action} {self.subject_type} {self.subject_id or ''}".strip()
