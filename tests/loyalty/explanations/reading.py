"""The steps of a line as they are read aloud, and the rules that most of these lines meet."""

from typing import Any

from django.utils import translation

from loyalty.explanations.facts import explanations_of
from loyalty.explanations.words import Tone, steps_of
from loyalty.models import Programme, Purchase, RuleEffect
from tests.factories import make_rule


def said(reference: str, language: str = "fr") -> list[str]:
    """Return the steps of a line as they are read."""
    line = Purchase.objects.select_related("programme").get(reference=reference)
    with translation.override(language):
        steps = steps_of(explanations_of([line.pk], programme=line.programme)[line.pk])
        return [
            f"{step.label} — {step.sentence}".replace("\u00a0", " ").replace("\u202f", " ") for step in steps
        ]


def tones(reference: str) -> list[Tone]:
    line = Purchase.objects.select_related("programme").get(reference=reference)
    return [step.tone for step in steps_of(explanations_of([line.pk], programme=line.programme)[line.pk])]


def make_welcome_rule(programme: Programme, **limits: Any) -> None:  # noqa: ANN401 - the columns of a rule
    """Let each purchase give 50 points more, within limits."""
    make_bonus_rule(programme, "Bienvenue", "Welcome", **limits)


def make_bonus_rule(
    programme: Programme,
    name_fr: str,
    name_en: str,
    **terms: Any,  # noqa: ANN401 - the columns of a rule
) -> None:
    """Let purchases give 50 points more."""
    make_rule(
        programme,
        code=name_en.lower().replace(" ", "-"),
        name_fr=name_fr,
        name_en=name_en,
        effect=RuleEffect.BONUS,
        points=50,
        **terms,
    )


def make_doubling_rule(programme: Programme, **limits: Any) -> None:  # noqa: ANN401 - the columns of a rule
    """Let each purchase give its points once more, within limits."""
    make_rule(
        programme,
        code="double",
        name_fr="Points doublés",
        name_en="Double points",
        effect=RuleEffect.MULTIPLIER,
        factor_percent=200,
        **limits,
    )
