"""The person and their cards. Of a card only token and last four digits are kept."""

from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.ids import new_public_id


class UserManager(BaseUserManager["User"]):
    """Creates sign-ins, whose name is their e-mail address in lower case."""

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        """Create a sign-in; without a password only an e-mailed code opens it."""
        user = self.model(email=email.lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        """Create a sign-in that may do everything in the admin."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        """Find a sign-in by its address, whatever the case it was typed in."""
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A sign-in: a cardholder who activated, or a member of staff. Its address was verified by a code."""

    email = models.EmailField(_("e-mail"), unique=True)
    first_name = models.CharField(_("first name"), max_length=100, blank=True)
    last_name = models.CharField(_("last name"), max_length=100, blank=True)
    is_staff = models.BooleanField(_("may enter the admin"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(_("since"), default=timezone.now)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = _("sign-in")
        verbose_name_plural = _("sign-ins")

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        """Return the name shown to colleagues."""
        return f"{self.first_name} {self.last_name}".strip() or self.email


class Issuer(models.Model):
    """Who issues the cards. Member references and card tokens are unique for one issuer."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=100)

    class Meta:
        verbose_name = _("issuer")
        verbose_name_plural = _("issuers")

    def __str__(self) -> str:
        return self.name


class Title(models.TextChoices):
    """How a letter addresses the member."""

    NONE = "", "—"
    MADAM = "mme", _("Ms")
    SIR = "m", _("Mr")


class Member(models.Model):
    """A cardholder of an issuer, as the issuer's file describes them, activated on the site or not yet."""

    public_id = models.UUIDField(_("public reference"), default=new_public_id, unique=True, editable=False)
    issuer = models.ForeignKey(
        Issuer, on_delete=models.PROTECT, related_name="members", verbose_name=_("issuer")
    )
    reference = models.CharField(_("member reference"), max_length=40)
    title = models.CharField(_("title"), max_length=5, choices=Title, blank=True, default="")
    first_name = models.CharField(_("first name"), max_length=100, blank=True)
    last_name = models.CharField(_("last name"), max_length=100)
    birth_date = models.DateField(_("birth date"), null=True, blank=True)
    email = models.EmailField(_("e-mail on file"), blank=True)
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    postcode = models.CharField(_("postcode"), max_length=12, blank=True)
    city = models.CharField(_("town"), max_length=100, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    language = models.CharField(_("language"), max_length=2, default="fr")
    user = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="members",
        verbose_name=_("sign-in"),
    )
    activated_at = models.DateTimeField(_("activated"), null=True, blank=True)
    created_at = models.DateTimeField(_("enrolled"), default=timezone.now)
    erased_at = models.DateTimeField(_("erased"), null=True, blank=True)
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="merged_members",
        db_index=False,
        verbose_name=_("leads to"),
    )

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        permissions: ClassVar = [("see_contact_details", _("Can see the contact details of members"))]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["issuer", "reference"], name="member_reference_once_an_issuer"),
            models.UniqueConstraint(fields=["user", "issuer"], name="member_once_a_sign_in_and_issuer"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["merged_into"], name="member_merged", condition=models.Q(merged_into__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name} ({self.reference})".strip()


class CardProduct(models.Model):
    """A kind of card the issuer offers, such as Visa Premier."""

    issuer = models.ForeignKey(
        Issuer, on_delete=models.PROTECT, related_name="card_products", verbose_name=_("issuer")
    )
    code = models.SlugField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=100)

    class Meta:
        verbose_name = _("card product")
        verbose_name_plural = _("card products")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["issuer", "code"], name="card_product_code_once_an_issuer"),
        ]

    def __str__(self) -> str:
        return self.name


class CardStatus(models.TextChoices):
    """Whether purchases with the card count."""

    ACTIVE = "active", _("active")
    BLOCKED = "blocked", _("blocked")
    CLOSED = "closed", _("closed")


class Card(models.Model):
    """A payment card, known by the issuer's token and its last four digits only."""

    issuer = models.ForeignKey(
        Issuer, on_delete=models.PROTECT, related_name="cards", verbose_name=_("issuer")
    )
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="cards", verbose_name=_("member")
    )
    product = models.ForeignKey(
        CardProduct, on_delete=models.PROTECT, related_name="cards", verbose_name=_("card product")
    )
    token = models.CharField(_("card token"), max_length=64)
    last4 = models.CharField(_("last four digits"), max_length=4)
    status = models.CharField(_("status"), max_length=10, choices=CardStatus, default=CardStatus.ACTIVE)
    status_on = models.DateField(_("in this status since"))

    class Meta:
        verbose_name = _("card")
        verbose_name_plural = _("cards")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["issuer", "token"], name="card_token_once_an_issuer"),
            models.CheckConstraint(
                condition=models.Q(last4__regex=r"^[0-9]{4}$"), name="card_last4_is_four_digits"
            ),
        ]

    def __str__(self) -> str:
        return f"•••• {self.last4}"


class CardStatusChange(models.Model):
    """From a day on, a card is in a status. Rows are only added: a purchase counts by the status of its day.

    A card that was always active has none; before its first row a card counts as active. `recorded_at` is the
    instant as of which the news count as having arrived, `written_at` the one at which the database got them:
    no purchase that was recorded before is accused by them.
    """

    card = models.ForeignKey(
        Card,
        on_delete=models.PROTECT,
        related_name="status_changes",
        verbose_name=_("card"),
        db_index=False,  # the index below begins with it
    )
    status = models.CharField(_("status"), max_length=10, choices=CardStatus)
    since_on = models.DateField(_("in this status since"))
    recorded_at = models.DateTimeField(_("recorded"))
    written_at = models.DateTimeField(_("written down"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("status of a card")
        verbose_name_plural = _("statuses of cards")
        indexes: ClassVar = [
            models.Index(fields=["card", "since_on", "id"], name="status_changes_of_a_card"),
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.since_on:%Y-%m-%d}"
