"""What colleagues read in the admin: sentences, names and amounts in their language."""

from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from loyalty.models import FeedImport
from members.models import User
from rewards.models import GiftCard
from tests.admin.conftest import ADMINISTRATOR, Story, client_of, make_colleague
from tests.admin.test_programme_pages import PROGRAMME
from tests.kept_fixtures import kept

NO_BREAK = "\N{NO-BREAK SPACE}"


@kept()
def administrator(story: Story) -> Client:
    assert story.programme.pk
    return client_of(make_colleague(ADMINISTRATOR), "fr")


def test_the_change_log_says_in_french_what_was_changed(administrator: Client, story: Story) -> None:
    administrator.post(
        reverse("admin:loyalty_programme_change", args=[story.programme.pk]),
        PROGRAMME | {"name": "Carte", "days_until_available": "0"},
    )
    entry = LogEntry.objects.latest("pk")
    assert entry.change_message.startswith('[{"changed"')

    for address in (
        reverse("admin:admin_logentry_changelist"),
        reverse("admin:admin_logentry_change", args=[entry.pk]),
    ):
        page = administrator.get(address).content.decode()
        assert "modification de nom, durée de validité des points, en années et " in page.lower()
        assert "&quot;changed&quot;" not in page
        assert "Years that points live" not in page


def test_groups_have_french_names_everywhere(administrator: Client) -> None:
    operator = make_colleague("Operator")
    client = Client(headers={"accept-language": "fr"})
    client.force_login(operator, backend="django.contrib.auth.backends.ModelBackend")

    own = client.get(reverse("admin:members_user_change", args=[operator.pk])).content.decode()
    everybody = administrator.get(reverse("admin:members_user_changelist")).content.decode()

    assert "Operator" not in own.replace("Operator@", "")
    assert "Exploitant" in own
    assert "Exploitant" in everybody
    assert "Operator" not in everybody.replace("Operator@", "")


def test_movements_of_a_gift_card_are_amounts_of_money(administrator: Client) -> None:
    gift_card = GiftCard.objects.get()

    page = administrator.get(reverse("admin:rewards_giftcard_change", args=[gift_card.pk])).content.decode()

    table = page.split("movements-group")[1]
    assert f"15,00{NO_BREAK}€" in table
    assert "1500" not in table


def test_counts_of_lines_agree_with_lines(administrator: Client, story: Story) -> None:
    address = reverse("admin:loyalty_feedimport_change", args=[story.feed_import.pk])

    page = administrator.get(address).content.decode()

    for word in ("Lues", "Acceptées", "Rejetées"):
        assert word in page
    assert FeedImport.objects.count() == 1


def test_the_list_of_members_says_when_each_was_activated(administrator: Client, story: Story) -> None:
    story.alice.member.activated_at = story.feed_import.created_at
    story.alice.member.save()

    page = administrator.get(reverse("admin:members_member_changelist")).content.decode()

    assert "22 novembre 2026" in page


def test_the_admin_has_the_sign_of_the_site(administrator: Client) -> None:
    page = administrator.get(reverse("admin:index")).content.decode()

    assert 'rel="icon"' in page
    assert "img/mark" in page
    assert User.objects.filter(is_superuser=True).count() == 1
