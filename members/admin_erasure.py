"""Erasing a member who asked a colleague for it. What erasure removes and keeps, the service decides."""

from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from core.admin import LockedAdmin, Over, button
from core.admin_questions import Question, ask
from core.audit import name_actions
from core.reasons import ReasonField
from members.models import Member
from members.services.erasure import MEMBER_ERASED, erase_member

if TYPE_CHECKING:
    from members.models import User

name_actions({MEMBER_ERASED: _("Erasure of a member")})


class MemberErasureForm(forms.Form):
    """Why the member is erased, and their reference once more, so that nobody erases a neighbour."""

    reference = forms.CharField(
        label=_("Reference of the member"),
        help_text=_("Write it again: it proves that this is the person you mean."),
        max_length=80,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )
    reason = ReasonField(help_text=_("It is kept with your name for ever: do not name the member in it."))

    def __init__(self, answers: QueryDict | None, *, member: Member) -> None:
        super().__init__(answers)
        self.member = member

    def clean_reference(self) -> str:
        """Refuse the reference of somebody else."""
        reference: str = self.cleaned_data["reference"]
        if "".join(reference.split()).casefold() != self.member.reference.casefold():
            raise forms.ValidationError(_("This is not the reference of this member."))
        return reference


def _erased_already(member: Member) -> Over | None:
    if member.erased_at is None:
        return None
    return Over(_("The member is erased already. What is left names nobody."))


class MemberErasure(LockedAdmin):
    """A page of members on which whoever asked for it is erased."""

    actions_detail: ClassVar[tuple[str, ...]] = ("erase",)

    def has_erase_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:  # noqa: ARG002 - the signature is unfold's
        """Say whether the person may erase members."""
        return request.user.has_perm("members.delete_member")

    @button(
        _("Erase the member"),
        url_path="erase",
        permissions=["erase"],
        icon="person_remove",
        over=_erased_already,
    )
    def erase(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why and who, then remove the person; the ledger stays."""
        member: Member = self.row(request, object_id)
        colleague = cast("User", request.user)
        question = Question(
            title=_("Erase the member"),
            sentence=_(
                "Name, contact details, sign-in, card digits and notes are removed for good, and all points"
                " are given up. Movements and gift cards stay without a name. The member is told by e-mail."
                " Only do this when the member asked for it, and check first who you are talking to."
            ),
            button=_("Erase for good"),
            done=_("The member is erased. What is left names nobody."),
            action="",
            is_dangerous=True,
        )

        def do(reason: str, **_reference: str) -> None:
            erase_member(member=member, actor=colleague, reason=reason, at=timezone.now())
            # What is noted and shown from here on must not know the name any more.
            member.refresh_from_db()

        return ask(
            self, request, question, row=member, do=do, form_class=partial(MemberErasureForm, member=member)
        )
