"""The person, their cards and how they get in. Of a card only token and last four digits are kept."""

from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
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

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        permissions: ClassVar = [("see_contact_details", _("Can see the contact details of members"))]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["issuer", "reference"], name="member_reference_once_an_issuer"),
            models.UniqueConstraint(fields=["user", "issuer"], name="member_once_a_sign_in_and_issuer"),
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
        return f"{self.get_detail_display()}: {self.get_source_display()}"


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


class MemberSearch(models.Model):
    """The words under which a member is found. `members.services.search` derives it from the other tables."""

    member = models.OneToOneField(
        Member, on_delete=models.CASCADE, primary_key=True, related_name="search", verbose_name=_("member")
    )
    name = models.TextField(_("name without accents"))
    words = SearchVectorField(_("words"))

    class Meta:
        verbose_name = _("words of a member")
        verbose_name_plural = _("words of members")
        indexes: ClassVar = [GinIndex(fields=["words"], name="member_search_words")]

    def __str__(self) -> str:
        return self.name
