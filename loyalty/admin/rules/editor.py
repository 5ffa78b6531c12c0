"""Writing a rule: the form, and beside it the sentence that members will read, and an example."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from django.utils import timezone, translation
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from core.admin import page_of
from core.audit import name_actions, record_action
from core.formatting import in_language
from loyalty.admin.rules.form import LONGEST_CODE, RuleForm, first_idea
from loyalty.admin.rules.stores import StoreSearch, chosen_in, search_stores
from loyalty.dates import local_date
from loyalty.earning.advice import Advice, Overlap, advice_about, overlaps_of
from loyalty.earning.versions import (
    TERMS,
    RuleCodeTaken,
    RuleInUse,
    TermsChanged,
    digest_of,
    draft_new_rule,
    edit_draft,
)
from loyalty.earning.words import sentence
from loyalty.models import EarningRule, Programme, RuleEffect
from loyalty.selectors.rule_example import example_in_words
from loyalty.selectors.rule_facts import what_changed
from loyalty.selectors.rule_names import names_for
from loyalty.selectors.rules_shown import counting_versions, surroundings, terms_of

name_actions({"earningrule.drafted": _("Draft of a rule"), "earningrule.edited": _("Edit of a draft")})

IN_USE = _("This version was scheduled: it never changes. Make its next version instead.")
SAME_NAME = _(
    "At the same moment somebody began a rule of this name. Look at the list of rules: if yours is another"
    " one, keep the draft again."
)
OTHER = {"fr": "en", "en": "fr"}
SAVE, ENTER = "save", "enter"


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside the form: the sentence in both languages, an example, overlaps and advice."""

    sentence: str
    other_sentence: str
    other_language: str
    example: str
    overlaps: list[tuple[str, Overlap]]
    advice: list[Advice]
    errors: int


class EditorPages:
    """Adding and editing drafts."""

    def editor_urls(self: Any) -> list[URLPattern]:
        """Return the pages of this module."""
        return [
            self.page("sentence/", self.sentence_view, "sentence"),
            self.page("stores/", self.stores_view, "stores"),
            self.page("<path:object_id>/edit/", self.edit_view, "edit"),
        ]

    def add_view(
        self: Any,
        request: HttpRequest,
        form_url: str = "",  # noqa: ARG002 - the signature is Django's
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 - the signature is Django's
    ) -> HttpResponse:
        """Write a new rule."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        programmes = self.programmes()
        programme = self.chosen_programme(request, programmes)
        if programme is None:
            messages.error(request, str(_("There is no programme yet: load a preset or add one first.")))
            return redirect("admin:loyalty_earningrule_changelist")
        answer: HttpResponse = self._editor(request, programme, None)
        return answer

    def edit_view(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """Edit a draft; what was scheduled is not edited."""
        version: EarningRule = self.version_of(
            request, object_id, is_allowed=self.has_change_permission(request)
        )
        if version.scheduled_at is not None and request.method != "POST":
            messages.error(request, str(IN_USE))
            return redirect(page_of(version))
        answer: HttpResponse = self._editor(request, version.programme, version)
        return answer

    def _editor(
        self: Any, request: HttpRequest, programme: Programme, version: EarningRule | None
    ) -> HttpResponse:
        at = timezone.now()
        form = _form(request, programme, version, at)
        if _asks_to_keep(request) and form.is_valid():
            answer: HttpResponse | None = self._save(request, form, version, at)
            if answer is not None:
                return answer
        context = self.admin_site.each_context(request) | {
            "title": _("Edit the rule") if version else _("New rule"),
            "subtitle": str(version) if version else programme.name,
            "opts": self.opts,
            "original": version,
            "programme": programme,
            "programmes": [] if version else self.programmes(),
            "chosen": programme,
            "version": version,
            "form": form,
            "beside": _beside(form, at),
            "stores": _stores(request, form),
            "is_only_shown": request.method == "POST" and not form.errors,
            "points_unit": gettext("points"),
            "sentence_address": _address("sentence", programme, version),
            "stores_address": _address("stores", programme, version),
            "back": page_of(version) if version else reverse("admin:loyalty_earningrule_changelist"),
        }
        return TemplateResponse(request, "admin/loyalty/rules/editor.html", context)

    def _save(
        self: Any, request: HttpRequest, form: RuleForm, version: EarningRule | None, at: datetime
    ) -> HttpResponse | None:
        """Keep the draft, and write down who wrote it and what it says; None: the form is to be mended."""
        described, seen = form.described(), form.cleaned_data["seen"]
        try:
            with transaction.atomic():
                saved = (
                    edit_draft(rule=described, seen=seen)
                    if version
                    else draft_new_rule(rule=_with_code(form))
                )
                _write_down(request, saved, form, version, at)
        except TermsChanged as changed:
            _ask_again(request, form, changed.stored, at)
            return None
        except RuleCodeTaken:
            form.add_error(in_language(french="name_fr", english="name_en"), str(SAME_NAME))
            return None
        except RuleInUse:
            messages.error(request, str(IN_USE))
            return redirect(page_of(described))
        if version is None:
            self.log_addition(request, saved, [{"added": {}}])
        else:
            self.log_change(request, saved, str(_("Edit of a draft")))
        messages.success(request, str(_("The draft is kept. Members notice nothing until it is scheduled.")))
        return redirect(page_of(saved))

    def sentence_view(self: Any, request: HttpRequest) -> HttpResponse:
        """Say what the form describes so far; nothing is kept."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        programme, version = self._asked_for(request)
        at = timezone.now()
        form = _form(request, programme, version, at)
        context = {"beside": _beside(form, at)}
        return TemplateResponse(request, "admin/loyalty/rules/_beside.html", context)

    def stores_view(self: Any, request: HttpRequest) -> HttpResponse:
        """Find stores to tick."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        programme, version = self._asked_for(request)
        form = _form(request, programme, version, timezone.now())
        context = {"stores": _stores(request, form)}
        return TemplateResponse(request, "admin/loyalty/rules/_stores.html", context)

    def _asked_for(self: Any, request: HttpRequest) -> tuple[Programme, EarningRule | None]:
        """Return whose rule a form is about. Raises PermissionDenied and Http404."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        number = request.GET.get("version", "")
        if number:
            version: EarningRule = self.row(request, number)
            return version.programme, version
        programme = self.chosen_programme(request, self.programmes())
        if programme is None:
            raise Http404
        return programme, None


def _asks_to_keep(request: HttpRequest) -> bool:
    """Say whether a form was sent to be kept. The key Enter asks for that, but after new words for stores."""
    do = request.POST.get("do", SAVE)
    searched, searching = (request.POST.get(name, "").strip() for name in ("store_searched", "store_search"))
    return request.method == "POST" and (do == SAVE or (do == ENTER and searched == searching))


def _address(name: str, programme: Programme, version: EarningRule | None) -> str:
    """Return where a part of the page is asked for again while somebody writes."""
    about = f"version={version.pk}" if version else f"programme={programme.code}"
    return f"{reverse(f'admin:loyalty_earningrule_{name}')}?{about}"


def _form(request: HttpRequest, programme: Programme, version: EarningRule | None, at: datetime) -> RuleForm:
    data = request.POST if request.method == "POST" else None
    chosen = chosen_in(data, "store_ids") if data is not None else version.store_ids if version else []
    counting = counting_versions(programme, at=at)
    names = names_for(programme, map(terms_of, counting), store_ids=chosen)
    return RuleForm(
        data, programme=programme, names=names, stores=chosen, version=version, counting=counting, at=at
    )


def _stores(request: HttpRequest, form: RuleForm) -> StoreSearch:
    is_sent = request.method == "POST"
    return search_stores(
        form.programme,
        text=request.POST.get("store_search", "") if is_sent else "",
        chosen=form.stores,
        partners=chosen_in(request.POST, "partner_ids") if is_sent else [],
    )


def _beside(form: RuleForm, at: datetime) -> Beside:
    """Return what is said of the version as far as the form describes it."""
    form.is_valid()
    version = form.described() if form.is_bound else form.version or first_idea(form.programme)
    rule = terms_of(version)
    today = local_date(at, form.programme.zone)
    around = surroundings(form.programme, [*form.counting, version], form.names, at)
    others = [terms_of(one) for one in form.counting]
    other_language = OTHER["en" if (get_language() or "fr").startswith("en") else "fr"]
    said = sentence(rule, form.names, today=today)
    with translation.override(other_language):
        names = names_for(form.programme, [rule])
        other_sentence = sentence(rule, names, today=today)
    gives_something = (rule.factor_percent if rule.effect == RuleEffect.MULTIPLIER else rule.points) > 0
    return Beside(
        sentence=said if gives_something else "",
        other_sentence=other_sentence,
        other_language=other_language,
        example=example_in_words(rule, others, around, at=at) if gives_something else "",
        overlaps=[(around.titles[one.other.rule_id], one) for one in overlaps_of(rule, others, around)]
        if gives_something
        else [],
        advice=list(advice_about(rule, others, around)),
        errors=sum(len(errors) for errors in form.errors.values()) if form.is_bound else 0,
    )


def _write_down(
    request: HttpRequest, saved: EarningRule, form: RuleForm, before: EarningRule | None, at: datetime
) -> None:
    """Keep who wrote what, in the words in which it was read, and the columns that changed."""
    today = local_date(at, form.programme.zone)
    names = names_for(form.programme, [terms_of(saved)])
    details: dict[str, object] = {"sentence": sentence(terms_of(saved), names, today=today)}
    if before is not None:
        old, new = columns_of(before), columns_of(saved)
        details["changes"] = {name: [old[name], new[name]] for name in new if old[name] != new[name]}
    record_action(
        actor=request.user,
        action="earningrule.edited" if before else "earningrule.drafted",
        subject=saved,
        details=details,
        at=at,
    )


def _ask_again(request: HttpRequest, form: RuleForm, stored: EarningRule, at: datetime) -> None:
    """Say what the draft says by now and what the form would change; sent again, it changes that."""
    theirs, mine = terms_of(stored), terms_of(form.described())
    names = names_for(form.programme, [theirs, mine])
    said = {
        "name": in_language(french=stored.name_fr, english=stored.name_en),
        "sentence": sentence(theirs, names, today=local_date(at, form.programme.zone)),
    }
    why = [
        gettext(
            "The draft was changed after you opened it, so yours was not kept. It is now called “%(name)s”"
            " and says: “%(sentence)s” What you wrote is still here: keep the draft again to put it in its"
            " place, or close to leave the draft as it is."
        )
        % said
    ]
    why += [
        gettext("Yours would change: %(line)s.") % {"line": line}
        for line in what_changed(theirs, mine, names)
    ]
    form.add_error(None, " ".join(why))
    sent = request.POST.copy()
    sent["seen"] = digest_of(stored)
    form.data = sent


def columns_of(version: EarningRule) -> dict[str, object]:
    """Return the terms of a version as JSON holds them."""
    values = {name: getattr(version, name) for name in TERMS}
    return {name: str(value) if isinstance(value, date) else value for name, value in values.items()}


def _with_code(form: RuleForm) -> EarningRule:
    """Return what the form describes with a code that no other rule of the programme has."""
    described = form.described()
    wished = form.code()
    taken = set(
        EarningRule.objects.filter(programme=form.programme, code__startswith=wished)
        .order_by("code")
        .values_list("code", flat=True)
    )
    numbered = (f"{wished[: LONGEST_CODE - 4]}-{number}" for number in range(2, 1000))
    described.code = next(code for code in (wished, *numbered) if code not in taken)
    return described
