"""What is sent to members, what they allow, where their contact details come from, and who was erased."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.formatting import labelled
from core.ids import new_public_id
from members.models.people import Issuer, Member


class SentLetter(models.Model):
    """An e-mail sent to a member: which and when, never what it said. Erasure empties its address."""

    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="sent_letters", verbose_name=_("member")
    )
    kind = models.CharField(_("kind"), max_length=40)
    address = models.EmailField(_("e-mail"), blank=True)
    subject = models.CharField(_("subject"), max_length=200)
    sent_at = models.DateTimeField(_("sent"))

    class Meta:
        verbose_name = _("sent e-mail")
        verbose_name_plural = _("sent e-mails")
        indexes: ClassVar = [models.Index(fields=["member", "-sent_at"], name="letters_of_a_member")]

    def __str__(self) -> str:
        return self.subject


class Channel(models.TextChoices):
    """Ways in which a member may allow to be told about offers."""

    EMAIL = "email", _("E-mail")
    SMS = "sms", _("SMS")
    POST = "post", _("Letter by post")
    PHONE = "phone", _("Phone call")


class DetailSource(models.TextChoices):
    """Who said it: the member on the site, an agent who had the member on the line, or the issuer's file."""

    SITE = "site", _("the member, on the site")
    AGENT = "agent", _("an agent")
    FILE = "file", _("the issuer's file")


class Consent(models.Model):
    """One decision of a member about offers on one channel. Rows are only added: the latest is in force."""

    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="consents", verbose_name=_("member")
    )
    channel = models.CharField(_("channel"), max_length=5, choices=Channel)
    granted = models.BooleanField(_("granted"))
    decided_at = models.DateTimeField(_("decided"))
    source = models.CharField(_("source"), max_length=5, choices=DetailSource)
    wording = models.CharField(_("wording version"), max_length=20)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        indexes: ClassVar = [
            models.Index(fields=["member", "channel", "-decided_at"], name="consents_of_a_member")
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()}: {self.granted}"


class NotificationKind(models.TextChoices):
    """E-mails about the account that a member may switch off. Those about security cannot be."""

    ORDER = "order", _("Gift cards ordered")
    EXPIRY = "expiry", _("Points about to expire")


class NotificationChoice(models.Model):
    """Whether a member wants one kind of e-mail about their account. Without a row they do."""

    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="notification_choices", verbose_name=_("member")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=NotificationKind)
    is_wanted = models.BooleanField(_("wanted"))
    decided_at = models.DateTimeField(_("decided"))

    class Meta:
        verbose_name = _("notification choice")
        verbose_name_plural = _("notification choices")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["member", "kind"], name="notification_choice_once_a_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.is_wanted}"


class ContactDetail(models.TextChoices):
    """Contact details that have a source of their own. The postal address is one, whole."""

    EMAIL = "email", _("E-mail")
    PHONE = "phone", _("Phone")
    ADDRESS = "address", _("Postal address")


class DetailOrigin(models.Model):
    """Says that a contact detail was given by the member. Without a row it comes from the issuer's file.

    What has a row here is the member's: the issuer's files do not change it any more.
    """

    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="detail_origins", verbose_name=_("member")
    )
    detail = models.CharField(_("contact detail"), max_length=10, choices=ContactDetail)
    source = models.CharField(_("source"), max_length=5, choices=DetailSource)
    changed_at = models.DateTimeField(_("changed"))

    class Meta:
        verbose_name = _("origin of a contact detail")
        verbose_name_plural = _("origins of contact details")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["member", "detail"], name="detail_origin_once_a_detail"),
        ]

    def __str__(self) -> str:
        return labelled(self.get_detail_display(), self.get_source_display())


class EmailChange(models.Model):
    """A code sent to the new address a member gave. Only a keyed hash of the code is kept.

    The address before it is kept for the letter that tells it, until the member is erased.
    """

    public_id = models.UUIDField(_("public reference"), default=new_public_id, unique=True, editable=False)
    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="email_changes", verbose_name=_("member")
    )
    email = models.EmailField(_("new e-mail"))
    former_email = models.EmailField(_("former e-mail"), blank=True)
    code_hash = models.CharField(max_length=64)
    tries_left = models.PositiveSmallIntegerField(_("tries left"))
    created_at = models.DateTimeField(_("sent"))
    expires_at = models.DateTimeField(_("works until"))
    used_at = models.DateTimeField(_("used"), null=True, blank=True)

    class Meta:
        verbose_name = _("change of e-mail")
        verbose_name_plural = _("changes of e-mail")

    def __str__(self) -> str:
        return f"{self.public_id}"


class ErasedReference(models.Model):
    """A keyed hash of the reference of a member who was erased, so that no file brings the person back."""

    issuer = models.ForeignKey(
        Issuer, on_delete=models.PROTECT, related_name="erased_references", verbose_name=_("issuer")
    )
    reference_hash = models.CharField(max_length=64)
    erased_at = models.DateTimeField(_("erased"))

    class Meta:
        verbose_name = _("erased reference")
        verbose_name_plural = _("erased references")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["issuer", "reference_hash"], name="erased_reference_once_an_issuer"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.erased_at:%Y-%m-%d}"
