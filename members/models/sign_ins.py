"""How people get in: activation, codes, trusted devices, and the sign-ins that happened."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.ids import new_public_id
from members.models.people import Member, User


class ActivationAttempt(models.Model):
    """A code sent to the address an enrolled cardholder gave. Only a keyed hash of the code is kept."""

    public_id = models.UUIDField(_("public reference"), default=new_public_id, unique=True, editable=False)
    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="activation_attempts", verbose_name=_("member")
    )
    email = models.EmailField(_("e-mail"))
    code_hash = models.CharField(max_length=64)
    tries_left = models.PositiveSmallIntegerField(_("tries left"))
    created_at = models.DateTimeField(_("sent"))
    expires_at = models.DateTimeField(_("works until"))
    used_at = models.DateTimeField(_("used"), null=True, blank=True)

    class Meta:
        verbose_name = _("activation attempt")
        verbose_name_plural = _("activation attempts")

    def __str__(self) -> str:
        return f"{self.public_id}"


class ProofCode(models.Model):
    """A code by which whoever is signed in proves again who they are. Only a keyed hash of it is kept."""

    public_id = models.UUIDField(_("public reference"), default=new_public_id, unique=True, editable=False)
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="proof_codes", verbose_name=_("sign-in")
    )
    code_hash = models.CharField(max_length=64)
    tries_left = models.PositiveSmallIntegerField(_("tries left"))
    created_at = models.DateTimeField(_("sent"))
    expires_at = models.DateTimeField(_("works until"))
    used_at = models.DateTimeField(_("used"), null=True, blank=True)

    class Meta:
        verbose_name = _("proof code")
        verbose_name_plural = _("proof codes")

    def __str__(self) -> str:
        return f"{self.public_id}"


class TrustedDevice(models.Model):
    """A browser that is not asked for the second factor. Only a keyed hash of its key is kept."""

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="trusted_devices", verbose_name=_("sign-in")
    )
    key_hash = models.CharField(max_length=64, unique=True)
    device = models.CharField(_("device"), max_length=60)
    created_at = models.DateTimeField(_("trusted since"))
    expires_at = models.DateTimeField(_("trusted until"))

    class Meta:
        verbose_name = _("trusted device")
        verbose_name_plural = _("trusted devices")

    def __str__(self) -> str:
        return self.device


class SignInWay(models.TextChoices):
    """How somebody got in."""

    ACTIVATION = "activation", _("activation")
    CODE = "code", _("code by e-mail")
    PASSKEY = "passkey", _("passkey")
    SECOND_FACTOR = "second_factor", _("code by e-mail and second factor")


class SignInRecord(models.Model):
    """A sign-in that succeeded, for its owner to look at. Of the network address only a part is kept."""

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="sign_in_records", verbose_name=_("sign-in")
    )
    way = models.CharField(_("way"), max_length=15, choices=SignInWay)
    device = models.CharField(_("device"), max_length=60)
    network = models.CharField(_("network"), max_length=45)
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("sign-in record")
        verbose_name_plural = _("sign-in records")
        indexes: ClassVar = [models.Index(fields=["user", "-at"], name="sign_in_record_of_a_user")]

    def __str__(self) -> str:
        return f"{self.device}, {self.at:%Y-%m-%d}"
