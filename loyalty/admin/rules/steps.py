"""The steps of a version: scheduled, withdrawn, retired, followed by a next one, or thrown away as a draft.

Each is a question that says what will happen, asks why, and is written down in the same transaction.
"""

from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from core.admin import Text, page_of
from core.admin_questions import Question, ask
from core.audit import name_actions, name_details, record_action
from core.formatting import moment
from loyalty.admin.rules.schedule_form import ScheduleForm
from loyalty.earning.admission import contradictions_of
from loyalty.earning.contradictions import ContradictoryRule, TwinRule
from loyalty.earning.versions import (
    BeginsInThePast,
    NextVersionScheduled,
    NothingLeftOfThePeriod,
    NotLive,
    NotScheduled,
    RuleInUse,
    TermsChanged,
    discard_draft,
    draft_next_version,
    retire_rule,
    schedule_rule,
    withdraw_rule,
)
from loyalty.models import EarningRule, Programme, RuleStatus
from loyalty.selectors.rules_shown import RulePage, rule_page

name_actions(
    {
        # Nothing writes this one any more; what was written is still read.
        "earningrule.live": _("Make the rule live"),
        "earningrule.scheduled": _("Rule scheduled"),
        "earningrule.withdrawn": _("Rule withdrawn"),
        "earningrule.retired": _("Rule retired"),
        "earningrule.next_version": _("Next version of a rule"),
        "earningrule.discarded": _("Draft of a rule thrown away"),
    }
)
name_details(
    {
        "sentence": _("the rule in words"),
        "decides_from": _("decides from"),
        "confirmed": _("scheduled all the same"),
    }
)


class Step(NamedTuple):
    """A button of the page of a version."""

    title: Text
    address: str
    is_first: bool = False


class StepPages:
    """Questions before a version goes a step further."""

    def step_urls(self: Any) -> list[URLPattern]:
        """Return the pages of this module."""
        return [
            self.page("<path:object_id>/schedule/", self.schedule_view, "schedule"),
            self.page("<path:object_id>/withdraw/", self.withdraw_view, "withdraw"),
            self.page("<path:object_id>/retire/", self.retire_view, "retire"),
            self.page("<path:object_id>/next-version/", self.next_version_view, "next_version"),
            self.page("<path:object_id>/discard/", self.discard_view, "discard"),
        ]

    def steps_for(self: Any, request: HttpRequest, version: EarningRule, *, at: datetime) -> list[Step]:
        """Return the buttons that the person may press where the version stands."""
        may_draft, may_schedule = self.has_add_permission(request), self.may_schedule(request)
        offered = {
            RuleStatus.DRAFT: [
                (may_schedule, "schedule", pgettext_lazy("button", "Schedule")),
                (may_draft, "edit", _("Edit")),
                (may_draft, "discard", _("Throw away")),
            ],
            RuleStatus.SCHEDULED: [
                (may_draft, "next_version", _("Next version")),
                (may_schedule, "withdraw", pgettext_lazy("rule", "Withdraw")),
            ],
            RuleStatus.LIVE: [
                (may_draft, "next_version", _("Next version")),
                (may_schedule, "retire", _("Retire")),
            ],
            RuleStatus.RETIRED: [(may_draft, "next_version", _("Next version"))],
        }[version.status_at(at)]
        may = [(name, title) for is_allowed, name, title in offered if is_allowed]
        return [
            Step(title, reverse(f"admin:loyalty_earningrule_{name}", args=[version.pk]), is_first=not place)
            for place, (name, title) in enumerate(may)
        ]

    def schedule_view(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask when a draft begins to decide."""
        version = self.version_of(request, object_id, is_allowed=self.may_schedule(request))
        at = timezone.now()
        if version.scheduled_at is not None:
            return _done(request, version, gettext("This version was scheduled already."))
        if findings := contradictions_of(version, at=at):
            said = " ".join(finding.sentence for finding in findings)
            return _refused(request, version, gettext("It cannot be scheduled. %(why)s") % {"why": said})
        page = rule_page(version, at=at)
        in_vain = [advice.sentence for advice in page.shown.advice if advice.is_in_vain]

        def schedule(*, starts_at: datetime | None, reason: str, seen: str) -> EarningRule:
            scheduled = schedule_rule(rule=version, at=at, starts_at=starts_at, seen=seen)
            details = {
                "sentence": page.shown.sentence,
                "decides_from": moment(starts_at or at, version.programme.zone),
            }
            if in_vain:
                details["confirmed"] = " ".join(in_vain)
            record_action(
                actor=request.user,
                action="earningrule.scheduled",
                subject=scheduled,
                reason=reason,
                details=details,
                at=at,
            )
            return scheduled

        form = partial(ScheduleForm, version=version, in_vain=in_vain, at=at)
        answer = ask(self, request, _scheduling(page, version), row=version, do=schedule, form_class=form)
        if isinstance(answer, TemplateResponse) and (answer.context_data or {})["form"].is_read_anew:
            messages.warning(request, str(READ_ANEW))
        return answer

    def withdraw_view(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then take back a version that has not begun to decide."""
        version = self.version_of(request, object_id, is_allowed=self.may_schedule(request))
        at = timezone.now()
        if version.is_withdrawn:
            return _done(request, version, _("This version is withdrawn already."))
        if version.status_at(at) is not RuleStatus.SCHEDULED:
            return _refused(request, version, NOT_SCHEDULED)
        question = Question(
            title=_("Withdraw the rule"),
            sentence=rule_page(version, at=at).shown.sentence,
            notes=[
                _("It will never decide on a purchase. It stays in the list of its versions."),
                _("The version before it, if there is one, goes on deciding."),
            ],
            button=pgettext_lazy("rule", "Withdraw"),
            done=_("The rule is withdrawn."),
            action="earningrule.withdrawn",
            is_dangerous=True,
            refusals={NotScheduled: NOT_SCHEDULED},
        )
        return ask(
            self, request, question, row=version, do=lambda **_answers: withdraw_rule(rule=version, at=at)
        )

    def retire_view(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then end a version that decides."""
        version = self.version_of(request, object_id, is_allowed=self.may_schedule(request))
        at = timezone.now()
        if version.status_at(at) is RuleStatus.RETIRED and not version.is_withdrawn:
            return _done(request, version, _("This version is retired already."))
        if version.status_at(at) is not RuleStatus.LIVE:
            return _refused(request, version, NOT_LIVE)
        question = Question(
            title=_("Retire the rule"),
            sentence=rule_page(version, at=at).shown.sentence,
            notes=[
                _("It decides on no purchase made from now on."),
                _("Purchases made before and reported later still earn by it, and returns still take back."),
                _("Nobody loses a point. There is no way back: a next version can follow."),
            ],
            button=_("Retire"),
            done=_("The rule is retired."),
            action="earningrule.retired",
            is_dangerous=True,
            refusals={NotLive: NOT_LIVE, NextVersionScheduled: NEXT_SCHEDULED},
        )
        return ask(
            self, request, question, row=version, do=lambda **_answers: retire_rule(rule=version, at=at)
        )

    def next_version_view(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then copy a version into a draft that can be edited."""
        version = self.version_of(request, object_id, is_allowed=self.has_add_permission(request))
        if version.scheduled_at is None:
            return redirect(reverse("admin:loyalty_earningrule_edit", args=[version.pk]))
        question = Question(
            title=_("Next version of the rule"),
            sentence=rule_page(version, at=timezone.now()).shown.sentence,
            notes=[
                _("Its terms are copied into a draft that you can edit; one that is there already is kept."),
                _("Nothing changes for members until that draft is scheduled."),
            ],
            button=_("Make the draft"),
            done=_("This is the draft: edit its terms, then schedule it."),
            action="earningrule.next_version",
        )
        return ask(
            self, request, question, row=version, do=lambda **_answers: draft_next_version(rule=version)
        )

    def discard_view(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then throw a draft away."""
        version = self.version_of(request, object_id, is_allowed=self.has_add_permission(request))
        if version.scheduled_at is not None:
            return _refused(request, version, gettext("Only a draft can be thrown away."))
        shown = rule_page(version, at=timezone.now()).shown
        question = Question(
            title=_("Throw the draft away"),
            sentence=shown.sentence,
            notes=[_("The draft disappears for good. No purchase ever depended on it.")],
            button=_("Throw away"),
            done=_("The draft is thrown away."),
            action="earningrule.discarded",
            is_dangerous=True,
            refusals={RuleInUse: _("Only a draft can be thrown away.")},
        )
        return ask(
            self,
            request,
            question,
            row=version,
            do=lambda **_answers: discard_draft(rule=version),
            details={"sentence": shown.sentence, "code": version.code, "version": version.version},
            then=list_of(version.programme),
        )


NOT_SCHEDULED = _("This version does not wait for its moment: only a scheduled one can be withdrawn.")
NOT_LIVE = _("This version does not decide now: only a live one can be retired.")
READ_ANEW = _("The rule was changed since you read it. Nothing was scheduled: this is what it says now.")
NEXT_SCHEDULED = _("Another version is scheduled to follow. Withdraw that one first.")


def list_of(programme: Programme) -> str:
    """Return the address of the list of a programme's rules."""
    return f"{reverse('admin:loyalty_earningrule_changelist')}?programme={programme.code}"


def _done(request: HttpRequest, version: EarningRule, what: Text) -> HttpResponse:
    messages.info(request, str(what))
    return redirect(page_of(version))


def _refused(request: HttpRequest, version: EarningRule, why: Text) -> HttpResponse:
    messages.error(request, str(why))
    return redirect(page_of(version))


def _scheduling(page: RulePage, version: EarningRule) -> Question:
    """Return what is asked before a draft is scheduled; whoever does it writes it down."""
    return Question(
        title=_("Schedule the rule"),
        sentence=page.shown.sentence,
        notes=_what_scheduling_does(page, version),
        button=pgettext_lazy("button", "Schedule"),
        done=_("The rule is scheduled."),
        action="",
        refusals={
            RuleInUse: _("This version was scheduled already."),
            TermsChanged: _("The rule was changed since you read it. Nothing was scheduled: read it again."),
            ContradictoryRule: _("The rule contradicts itself by now: edit it to see where."),
            TwinRule: _("Another rule gives the same by now. Nothing was scheduled: look at both."),
            BeginsInThePast: _("This moment is over. Choose one to come, or begin at once."),
            NothingLeftOfThePeriod: _(
                "No purchase would count: by that moment the last day of the rule is over, or none of its"
                " days of the week is left. Choose an earlier moment, or edit the rule."
            ),
            NextVersionScheduled: _("Another version of this rule is scheduled. Withdraw that one first."),
        },
    )


def _what_scheduling_does(page: RulePage, version: EarningRule) -> list[str]:
    """Say what will happen once the draft is scheduled, as far as it can be known."""
    others = [one for one in page.versions if one.version.pk != version.pk]
    live = [one for one in others if one.status == RuleStatus.LIVE]
    notes = []
    if live:
        notes.append(
            gettext(
                "Version %(number)s ends at that moment: purchases made before it still earn by that one."
            )
            % {"number": live[0].version.version}
        )
    elif not any(one.version.scheduled_at for one in others):
        notes.append(
            gettext(
                "Begun at once, it counts for purchases that are reported from now on, even if made before;"
                " from a day and a time, only for purchases made from then on."
            )
        )
        if version.nth_purchase is not None and not version.is_every_nth:
            notes.append(
                gettext(
                    "It counts purchases from its beginning, not those of before: members of many years get"
                    " the bonus as well."
                )
            )
    notes.append(gettext("A scheduled version never changes: an edit makes the next version."))
    notes += [
        gettext("With “%(rule)s”: %(sentence)s") % {"rule": other.title, "sentence": overlap.after_colon}
        for overlap, other in page.overlaps
    ]
    return [*notes, *(advice.sentence for advice in page.shown.advice if not advice.is_in_vain)]
