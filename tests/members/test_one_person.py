"""Members who lead to one another are one person: for activation, for their data, for what deletion costs."""

from datetime import date

from django.utils import translation

from loyalty.merging.merge import merge_members
from loyalty.models import Programme
from members.models import Member
from members.personal_data import losses_of, sections_about
from members.selectors import member_behind, member_to_activate
from members.services.language import choose_language
from tests.factories import NOW, Cardholder, buy, make_cardholder, make_programme, make_user, order
from tests.kept_fixtures import kept


@kept()
def programme() -> Programme:
    """Return the Happy Card programme."""
    return make_programme()


@kept()
def alice(programme: Programme) -> Cardholder:
    """Return a member with a purchase."""
    return make_cardholder(programme, points=10)


@kept()
def twin(programme: Programme) -> Cardholder:
    """Return the same person once more, with an order."""
    twin = make_cardholder(programme, first_name="Alix", points=30)
    order(programme, twin.account, points=20)
    return twin


def test_the_letter_of_the_one_opens_the_account_of_the_other(alice: Cardholder, twin: Cardholder) -> None:
    merge_members(survivor=alice.member, merged=twin.member, at=NOW)

    def activated(reference: str) -> Member | None:
        return member_to_activate(
            issuer=alice.member.issuer,
            reference=reference,
            card_last4="4242",
            birth_date=date(1970, 5, 17),
        )

    assert activated(twin.member.reference) == activated(alice.member.reference) == alice.member
    Member.objects.filter(pk=alice.member.pk).update(user=make_user(), activated_at=NOW)
    assert activated(twin.member.reference) is None


def test_the_file_of_a_persons_data_holds_what_is_held_of_both(
    programme: Programme, alice: Cardholder, twin: Cardholder
) -> None:
    merge_members(survivor=alice.member, merged=twin.member, at=NOW)
    buy(programme, twin.card.token, euros=3)

    rows = {section.name: list(section.rows()) for section in sections_about(alice.member)}

    assert [row[:2] for row in rows["orders"]] == [("for-20", 20)]
    assert len(rows["point_accounts"]) == 2
    assert [row[1] for row in rows["movements"]] == [
        "purchase", "moved_in", "purchase", "purchase", "order", "moved_out",
    ]  # fmt: skip
    assert len(rows["purchases"]) == 3


def test_what_deletion_costs_counts_the_gift_cards_of_both(alice: Cardholder, twin: Cardholder) -> None:
    merge_members(survivor=alice.member, merged=twin.member, at=NOW)

    with translation.override("en"):
        losses = [loss.text for loss in losses_of(alice.member, at=NOW)]

    assert losses == [
        "You lose 20 points of Happy Card.",
        "1 gift card with €0.20 can still be spent.",
    ]


def test_the_language_chosen_with_the_sign_in_of_the_one_is_that_of_the_other(
    alice: Cardholder, twin: Cardholder
) -> None:
    users = [make_user("alice@example.com"), make_user("alix@example.com")]
    for one, user in zip((alice, twin), users, strict=True):
        Member.objects.filter(pk=one.member.pk).update(user=user, activated_at=NOW)
    merge_members(survivor=alice.member, merged=twin.member, at=NOW)

    choose_language(user=users[1], language="en")

    assert Member.objects.get(pk=alice.member.pk).language == "en"
    assert member_behind(users[1], alice.member.issuer) == alice.member
