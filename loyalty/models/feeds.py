"""Files that were imported: how far each has come, what became of every line and what was refused."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.ids import new_public_id
from loyalty.models.programmes import Programme
from members.models import Card


class FeedKind(models.TextChoices):
    """What a file holds."""

    STORES = "stores", _("stores")
    CARDHOLDERS = "cardholders", _("cardholders")
    PURCHASES = "purchases", _("purchases")
    COUNTERPARTS = "counterparts", _("counterparts of members, for a succession")


class FeedState(models.TextChoices):
    """How far an import has come."""

    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    REFUSED = "refused", _("refused")


class FeedImport(models.Model):
    """One import of one file. The cursor, the counts and the chunk's work commit together.

    A file is known by its content (`sha256`), not by its name. `cursor_offset` is in bytes of the
    uncompressed file, `cursor_line` in lines already read; `business_at` is the instant the import counts as
    having happened. `attempts` counts the steps that failed in a row, in the background.
    """

    public_id = models.UUIDField(_("public reference"), default=new_public_id, unique=True, editable=False)
    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="feed_imports", verbose_name=_("programme")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=FeedKind)
    file_name = models.CharField(_("file"), max_length=255)
    path = models.CharField(max_length=1000, blank=True)
    sha256 = models.CharField(_("digest of the content"), max_length=64, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=FeedState, default=FeedState.WAITING)
    refusal = models.CharField(_("why it was refused"), max_length=40, blank=True)
    refusal_details = models.JSONField(default=dict, blank=True)
    business_at = models.DateTimeField(_("counts as of"))
    total_lines = models.PositiveBigIntegerField(_("lines in the file"), default=0)
    cursor_offset = models.PositiveBigIntegerField(default=0)
    cursor_line = models.PositiveBigIntegerField(default=0)
    read_lines = models.PositiveBigIntegerField(pgettext_lazy("lines of a file", "read"), default=0)
    accepted_lines = models.PositiveBigIntegerField(pgettext_lazy("lines of a file", "accepted"), default=0)
    duplicate_lines = models.PositiveBigIntegerField(pgettext_lazy("lines of a file", "duplicate"), default=0)
    parked_lines = models.PositiveBigIntegerField(pgettext_lazy("lines of a file", "parked"), default=0)
    rejected_lines = models.PositiveBigIntegerField(pgettext_lazy("lines of a file", "rejected"), default=0)
    points = models.BigIntegerField(_("points"), default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("sent by"),
    )
    attempts = models.PositiveIntegerField(_("failed attempts"), default=0, db_default=0)
    last_error = models.CharField(_("last error"), max_length=100, blank=True, default="", db_default="")
    created_at = models.DateTimeField(_("created"))
    moved_at = models.DateTimeField(_("last moved"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["programme", "kind", "sha256"],
                condition=Q(state="running"),
                name="feed_import_one_running_a_content",
            ),
            models.CheckConstraint(
                condition=Q(
                    read_lines=F("accepted_lines")
                    + F("duplicate_lines")
                    + F("parked_lines")
                    + F("rejected_lines")
                ),
                name="feed_import_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name


class FeedChunk(models.Model):
    """The verdicts of a run of lines, as compressed CSV rows, written with the chunk's work."""

    feed_import = models.ForeignKey(
        FeedImport,
        on_delete=models.PROTECT,
        related_name="chunks",
        verbose_name=_("import"),
        db_index=False,  # the unique constraint begins with it
    )
    first_line = models.PositiveBigIntegerField(_("first line"))
    verdicts = models.BinaryField()

    class Meta:
        verbose_name = _("chunk of an import")
        verbose_name_plural = _("chunks of imports")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["feed_import", "first_line"], name="feed_chunk_once"),
        ]

    def __str__(self) -> str:
        return f"{self.first_line}"


class RejectedLine(models.Model):
    """A line that was refused when it was read, with what is safe to keep of it. Its reference stays free."""

    feed_import = models.ForeignKey(
        FeedImport, on_delete=models.PROTECT, related_name="rejections", verbose_name=_("import")
    )
    line = models.PositiveBigIntegerField(_("line"))
    reference = models.CharField(_("reference"), max_length=80, blank=True)
    reason = models.CharField(_("reason"), max_length=40)
    card = models.ForeignKey(
        Card,
        on_delete=models.PROTECT,
        related_name="rejected_lines",
        null=True,
        blank=True,
        verbose_name=_("card"),
    )
    purchased_at = models.DateTimeField(_("purchased"), null=True, blank=True)
    amount_cents = models.BigIntegerField(_("amount in cents"), null=True, blank=True)
    store_name = models.CharField(_("store"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("rejected line")
        verbose_name_plural = _("rejected lines")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["feed_import", "line"], name="rejected_line_once"),
        ]

    def __str__(self) -> str:
        return f"{self.line} {self.reason}"
