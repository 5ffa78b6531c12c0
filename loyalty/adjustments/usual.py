"""The reasons and limits with which a programme begins. Each can be changed in the admin from then on."""

from typing import NamedTuple

from loyalty.models.adjustments import AdjustmentKind, AdjustmentLimit, AdjustmentReason
from loyalty.models.programmes import Programme

ADJUSTMENT, GOODWILL, REINSTATEMENT = AdjustmentKind


class UsualReason(NamedTuple):
    """A reason of call centres, for colleagues and for the member, in French and in English."""

    code: str
    kind: AdjustmentKind
    takes_points: bool
    name_fr: str
    name_en: str
    sentence_fr: str
    sentence_en: str


class UsualLimit(NamedTuple):
    """What a colleague of a group may move in a day, and how much of it alone."""

    role: str
    kind: AdjustmentKind
    points_a_day: int
    points_alone: int


USUAL_REASONS = (
    UsualReason(
        "long-wait",
        GOODWILL,
        takes_points=False,
        name_fr="Attente ou réponse tardive",
        name_en="Long wait or late answer",
        sentence_fr="Pour nous excuser de vous avoir fait attendre.",
        sentence_en="To apologise for keeping you waiting.",
    ),
    UsualReason(
        "bad-experience",
        GOODWILL,
        takes_points=False,
        name_fr="Mauvaise expérience chez une enseigne",
        name_en="Bad experience at a partner brand",
        sentence_fr="Pour nous excuser d’une mauvaise expérience chez une enseigne partenaire.",
        sentence_en="To apologise for a bad experience at a partner brand.",
    ),
    UsualReason(
        "gift-card-trouble",
        GOODWILL,
        takes_points=False,
        name_fr="Souci avec une carte cadeau",
        name_en="Trouble with a gift card",
        sentence_fr="Pour nous excuser d’un souci avec votre carte cadeau.",
        sentence_en="To apologise for trouble with your gift card.",
    ),
    UsualReason(
        "site-trouble",
        GOODWILL,
        takes_points=False,
        name_fr="Panne du site",
        name_en="Site out of order",
        sentence_fr="Pour nous excuser d’une panne de notre site.",
        sentence_en="To apologise for a failure of our site.",
    ),
    UsualReason(
        "thanks",
        GOODWILL,
        takes_points=False,
        name_fr="Remerciement",
        name_en="Thanks",
        sentence_fr="Pour vous remercier de votre fidélité.",
        sentence_en="To thank you for your loyalty.",
    ),
    UsualReason(
        "missing-purchase",
        ADJUSTMENT,
        takes_points=False,
        name_fr="Achat non transmis par l’enseigne",
        name_en="Purchase not reported by the brand",
        sentence_fr="L’enseigne ne nous avait pas transmis l’un de vos achats.",
        sentence_en="The brand had not told us of one of your purchases.",
    ),
    UsualReason(
        "missing-offer",
        ADJUSTMENT,
        takes_points=False,
        name_fr="Offre non appliquée",
        name_en="Offer not applied",
        sentence_fr="Une offre à laquelle vous aviez droit n’avait pas été appliquée.",
        sentence_en="An offer to which you were entitled had not been applied.",
    ),
    UsualReason(
        "too-few-points",
        ADJUSTMENT,
        takes_points=False,
        name_fr="Points crédités en moins",
        name_en="Too few points credited",
        sentence_fr="Un achat vous avait rapporté trop peu de points.",
        sentence_en="A purchase had earned you too few points.",
    ),
    UsualReason(
        "wrong-return",
        ADJUSTMENT,
        takes_points=False,
        name_fr="Retour enregistré à tort",
        name_en="Return recorded by mistake",
        sentence_fr="Un retour avait été enregistré à tort.",
        sentence_en="A return had been recorded by mistake.",
    ),
    UsualReason(
        "too-many-points",
        ADJUSTMENT,
        takes_points=True,
        name_fr="Points crédités en trop",
        name_en="Too many points credited",
        sentence_fr="Un achat vous avait rapporté trop de points.",
        sentence_en="A purchase had earned you too many points.",
    ),
    UsualReason(
        "counted-twice",
        ADJUSTMENT,
        takes_points=True,
        name_fr="Achat compté deux fois",
        name_en="Purchase counted twice",
        sentence_fr="L’un de vos achats avait été compté deux fois.",
        sentence_en="One of your purchases had been counted twice.",
    ),
    UsualReason(
        "wrong-account",
        ADJUSTMENT,
        takes_points=True,
        name_fr="Points d’un autre adhérent",
        name_en="Points of another member",
        sentence_fr="Ces points avaient été crédités par erreur sur votre compte.",
        sentence_en="These points had been credited to your account by mistake.",
    ),
    UsualReason(
        "misuse",
        ADJUSTMENT,
        takes_points=True,
        name_fr="Usage abusif constaté",
        name_en="Misuse established",
        sentence_fr="Ces points avaient été obtenus contrairement aux conditions du programme.",
        sentence_en="These points had been obtained against the terms of the programme.",
    ),
    UsualReason(
        "could-not-use",
        REINSTATEMENT,
        takes_points=False,
        name_fr="Adhérent empêché (maladie, absence…)",
        name_en="Member prevented (illness, absence…)",
        sentence_fr="Vous n’aviez pas pu utiliser ces points à temps.",
        sentence_en="You had not been able to use these points in time.",
    ),
    UsualReason(
        "not-reminded",
        REINSTATEMENT,
        takes_points=False,
        name_fr="Rappel non reçu",
        name_en="Reminder not received",
        sentence_fr="Notre rappel avant leur expiration ne vous était pas parvenu.",
        sentence_en="Our reminder of their expiry had not reached you.",
    ),
    UsualReason(
        "our-mistake",
        REINSTATEMENT,
        takes_points=False,
        name_fr="Erreur de notre part",
        name_en="Mistake of ours",
        sentence_fr="Ces points avaient expiré à la suite d’une erreur de notre part.",
        sentence_en="These points had expired because of a mistake of ours.",
    ),
)

USUAL_LIMITS = (
    UsualLimit("Call centre", GOODWILL, points_a_day=1_500, points_alone=300),
    UsualLimit("Call centre", ADJUSTMENT, points_a_day=10_000, points_alone=0),
    UsualLimit("Call centre", REINSTATEMENT, points_a_day=10_000, points_alone=0),
    UsualLimit("Programme manager", GOODWILL, points_a_day=5_000, points_alone=1_500),
    UsualLimit("Programme manager", ADJUSTMENT, points_a_day=50_000, points_alone=1_500),
    UsualLimit("Programme manager", REINSTATEMENT, points_a_day=50_000, points_alone=1_500),
)


def add_usual_rules(programme: Programme) -> None:
    """Give the programme the usual reasons and limits that it has not. What is there is left as it is."""
    AdjustmentReason.objects.bulk_create(
        [AdjustmentReason(programme=programme, **reason._asdict()) for reason in USUAL_REASONS],
        ignore_conflicts=True,
    )
    AdjustmentLimit.objects.bulk_create(
        [AdjustmentLimit(programme=programme, **limit._asdict()) for limit in USUAL_LIMITS],
        ignore_conflicts=True,
    )
