"""The statement: every movement with its verdict, every line that did not count with its reason."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from loyalty.expiry.service import expire_points
from loyalty.ledger.movements import LotDates, Movement
from loyalty.ledger.post import post_batch
from loyalty.ledger.transfers import move_points, undo_transfer
from loyalty.models import Entry, EntryKind, RejectedLine, TransferReason
from loyalty.purchases.reasons import OF_THE_SENDER
from loyalty.purchases.record import record_purchases
from tests.factories import bring_back, buy, make_line, make_return_line, make_rule
from tests.site.cast import Cast
from tests.site.conftest import signed_in
from tests.site.reading import words_of


def test_a_purchase_shows_its_store_card_rule_points_and_balance(alice: Client) -> None:
    words = words_of(alice.get("/statement/"))
    assert (
        "Conforama Lyon 24 août 2026 1 900,00 € carte se terminant par •••• 4242"
        " +1 900 points Solde 5 885 points Règle : 1 point par euro"
    ) in words


def test_a_purchase_under_several_rules_names_them_all(cast: Cast, alice: Client, at: datetime) -> None:
    make_rule(cast.programme, code="Double", effect="multiplier", factor_percent=200)
    buy(cast.programme, cast.alice.card.token, euros=10, reference="TWO", at=at)
    bring_back(cast.programme, cast.alice.card.token, reference="TWO", euros=4, at=at)

    words = words_of(alice.get("/statement/"))

    assert "Règles : 1 point par euro + Double" in words
    assert "sont repris. Règles : 1 point par euro + Double" in words


def test_a_purchase_without_points_says_why(alice: Client) -> None:
    words = words_of(alice.get("/statement/"))
    assert "•••• 7788 0 point Solde 4 425 points Le montant est trop faible pour rapporter un point." in words
    assert "Enregistré le" not in words


def test_a_purchase_reported_late_says_when_it_was_entered(cast: Cast, alice: Client, at: datetime) -> None:
    token = cast.alice.card.token
    buy(cast.programme, token, euros=10, purchased_at=at - timedelta(days=31), at=at)
    buy(cast.programme, token, euros=11, purchased_at=at - timedelta(days=7), at=at)
    words = words_of(alice.get("/statement/"))
    assert "22 oct. 2026 10,00 €" in words
    assert words.count("Enregistré le 22 nov. 2026") == 1


def test_a_return_says_that_the_points_are_taken_back(alice: Client) -> None:
    words = words_of(alice.get("/statement/"))
    assert "Retour 20,00 € carte se terminant par •••• 4242 −20 points Solde 5 925 points" in words
    assert "Les points de ce qui a été retourné sont repris. Règle : 1 point par euro" in words


def test_a_return_that_takes_nothing_back_says_so(cast: Cast, alice: Client, at: datetime) -> None:
    token = cast.alice.card.token
    lines = [
        make_line(token, cents=1250, reference="kettle", purchased_at=at),
        make_return_line(token, cents=40, original_reference="kettle", returned_at=at),
    ]
    record_purchases(lines, programme=cast.programme, at=at)
    words = words_of(alice.get("/statement/"))
    assert "•••• 4242 0 point Solde 4 437 points Aucun point n’est repris. Pourquoi aucun point" in words


def test_points_that_became_owed_and_were_repaid_are_named(cast: Cast, chloe: Client, at: datetime) -> None:
    buy(cast.programme, cast.chloe.card.token, euros=80, at=at)
    words = words_of(chloe.get("/statement/"))
    assert "Au-delà des points détenus, donc dus désormais : 50 points" in words
    assert "Dont remboursement de points dus : 50 points" in words


def test_points_owed_that_came_from_another_account_are_named(
    cast: Cast, chloe: Client, at: datetime
) -> None:
    bruno = Movement(cast.bruno.account.pk, EntryKind.ADJUSTMENT, -7, at)
    post_batch([bruno], zone=cast.programme.zone, at=at)
    moved = move_points(
        source_id=cast.bruno.account.pk,
        target_id=cast.chloe.account.pk,
        reason=TransferReason.MERGE,
        zone=cast.programme.zone,
        at=at,
    )
    assert "Dus désormais sur ce compte : 7 points" in words_of(chloe.get("/statement/"))
    assert "Ils viennent d’un autre compte, réuni au vôtre." in words_of(chloe.get("/"))
    lot = LotDates(at.date() + timedelta(days=9), at.date())
    undo_transfer(transfer=moved, lot=lot, zone=cast.programme.zone, at=at)
    assert "Plus dus sur ce compte : 7 points" in words_of(chloe.get("/statement/"))


def test_expired_points_are_named_as_such(cast: Cast, alice: Client, at: datetime) -> None:
    later = at + timedelta(days=365)
    expire_points(programme=cast.programme, as_of=later.date(), at=later)
    words = words_of(alice.get("/statement/"))
    assert "Ces points n’ont pas été utilisés à temps." in words


def test_a_long_statement_goes_on_on_further_pages_without_gap_or_repeat(
    cast: Cast, alice: Client, at: datetime
) -> None:
    for euros in range(1, 46):
        buy(cast.programme, cast.alice.card.token, euros=euros, at=at)
    seen: list[int] = []
    uncounted = 0
    address = "/statement/"
    for _ in range(3):
        page = alice.get(address).context["page"]
        seen += [line.entry_id for line in page.lines if line.is_counted]
        uncounted += sum(not line.is_counted for line in page.lines)
        address = f"/statement/?before={page.next_place}"
    assert page.next_place is None
    assert (len(seen), uncounted) == (57, 2)
    assert seen == list(
        Entry.objects.filter(account=cast.alice.account).order_by("-pk").values_list("pk", flat=True)
    )
    assert "Lignes les plus récentes" in words_of(alice.get("/statement/?before=1-1-1"))
    assert "Il n’y a pas de ligne plus ancienne." in words_of(alice.get("/statement/?before=1-1-1"))


@pytest.mark.parametrize(
    "before", ["x", "-1", "", "1e3", "1-2", "1-2-3-4", "9" * 19 + "--", "9" * 5000, "\u0661--", "1--\n"]
)
def test_an_address_that_nobody_gave_out_leads_nowhere(alice: Client, before: str) -> None:
    assert alice.get("/statement/", {"before": before}).status_code == 404


def test_lines_that_wait_or_were_refused_stand_among_the_movements_with_their_reason(alice: Client) -> None:
    words = words_of(alice.get("/statement/"))
    waiting = (
        "Conforama Lyon 19 nov. 2026 Retour 10,00 € carte se terminant par •••• 4242 En attente"
        " L’achat retourné n’est pas encore pris en compte. Le retour sera appliqué dès qu’il le sera."
    )
    refused = (
        "Boulanger Lyon 18 nov. 2026 carte se terminant par •••• 4242 Refusé"
        " Le montant n’est pas dans la devise du programme."
    )
    assert waiting in words
    assert refused in words
    assert (
        words.index(refused) < words.index("0,40 €") < words.index(waiting) < words.index("Commande annulée")
    )


def test_a_line_that_was_refused_when_it_was_read_has_its_steps(alice: Client) -> None:
    page = alice.get("/statement/?kind=uncounted").context["page"]

    (refused,) = [line for line in page.lines if line.purchase_id is None]
    assert [f"{step.label} — {step.sentence}".replace("\u00a0", " ") for step in refused.steps] == [
        "Carte — Visa se terminant par 4242 : reconnue.",
        "Magasin — Déclaré pour Boulanger Lyon.",
        "Décision — Le montant n’est pas dans la devise du programme.",
    ]


def test_a_line_in_a_wrong_form_says_whose_mistake_it_is_and_what_happens_next(alice: Client) -> None:
    line = RejectedLine.objects.get()
    said = {
        "fr": (
            "L’enseigne partenaire a transmis cette opération avec une erreur. Elle comptera dès que"
            " l’enseigne l’aura transmise à nouveau sans erreur."
        ),
        "en": (
            "The partner brand reported this with a mistake. It counts once the brand has sent it again"
            " without the mistake."
        ),
    }
    for place, reason in enumerate(sorted(OF_THE_SENDER)):
        line.pk, line.line, line.reason = None, 1000 + place, reason
        line.save()
    for language, sentence in said.items():
        alice.cookies["django_language"] = language
        refused = alice.get("/statement/?kind=uncounted").context["page"].lines
        assert [one.sentence for one in refused].count(sentence) == len(OF_THE_SENDER)
        assert [one.steps[-1].sentence for one in refused if one.steps].count(sentence) == len(OF_THE_SENDER)


def test_the_former_address_of_what_was_not_counted_leads_to_it(alice: Client) -> None:
    page = alice.get("/statement/not-counted/", follow=True)
    assert page.redirect_chain == [("/statement/?kind=uncounted", 301)]
    assert [line.is_counted for line in page.context["page"].lines] == [False, False]


def test_nothing_uncounted_says_how_to_see_more(stranger: Client) -> None:
    words = words_of(stranger.get("/statement/?kind=uncounted"))
    assert "Aucune ligne ne correspond à ce filtre Choisissez une période plus longue" in words
    assert "Tout afficher" in words


def test_many_uncounted_lines_go_on_on_further_pages_that_keep_the_filter(cast: Cast, alice: Client) -> None:
    first = RejectedLine.objects.get()
    RejectedLine.objects.bulk_create(
        RejectedLine(feed_import=first.feed_import, line=line, reason="wrong_currency", card=cast.alice.card)
        for line in range(3, 33)
    )
    page = alice.get("/statement/?kind=uncounted")
    older = alice.get("/statement/?" + page.context["older"])
    assert [len(one.context["page"].lines) for one in (page, older)] == [20, 12]
    assert "kind=uncounted&amp;before=" in page.content.decode()
    assert "Lignes plus anciennes" in words_of(page)
    assert "Lignes les plus récentes" in words_of(older)
    assert 'href="/statement/?kind=uncounted"' in older.content.decode()
    assert "Magasin inconnu" in words_of(older)


def test_all_expiries_are_listed_by_month_and_day(alice: Client) -> None:
    words = words_of(alice.get("/statement/expiry/"))
    assert "Les points sont valables 4 ans à compter du jour de l’achat." in words
    assert "Novembre 2027 40 points 18 novembre 2027 40 points" in words
    assert "Octobre 2030 40 points 23 octobre 2030 40 points" in words


def test_the_days_of_a_month_are_added_up(cast: Cast, at: datetime) -> None:
    for day, euros in ((0, 5), (1, 7)):
        buy(
            cast.programme,
            cast.mallory.card.token,
            euros=euros,
            purchased_at=at - timedelta(days=day),
            at=at,
        )
    words = words_of(signed_in(cast.mallory.member.user).get("/statement/expiry/"))
    assert "Novembre 2030 3 212 points 21 novembre 2030 7 points 22 novembre 2030 3 205 points" in words


def test_without_points_there_is_nothing_to_expire(chloe: Client) -> None:
    assert "Aucun point à expirer" in words_of(chloe.get("/statement/expiry/"))
