"""Pages of a succession say with numbers what cannot be taken back, and what is missing before it runs."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from loyalty.models import Conversion, Programme, Succession
from loyalty.succession.counterparts import CounterpartLine, record_counterparts
from tests.admin.conftest import ROLES, client_of, make_colleague
from tests.admin.test_succession_pages import (
    TERMS,
    TODAY,
    alice,
    manager,
    page,
    prepared,
    programmes,
    rehearsed,
    running,
    text_of,
)
from tests.factories import Cardholder, make_cardholder, make_issuer, make_member
from tests.loyalty.succession.conftest import Programmes, walk

__all__ = ["alice", "manager", "programmes"]

pytestmark = pytest.mark.django_db

_MANAGER, _MARKETING, _CALL_CENTRE, FINANCE, *_OTHERS = ROLES


@pytest.fixture
def elsewhere(programmes: Programmes) -> Programmes:
    """Let the new programme be of another issuer, who knows Alice as NEW as soon as a file says so."""
    issuer = make_issuer("elsewhere", "Elsewhere")
    Programme.objects.filter(pk=programmes.new.pk).update(issuer=issuer)
    make_member(issuer=issuer, reference="NEW")
    return programmes


def notes_of(client: Client, address: str) -> list[str]:
    return [str(note) for note in client.get(address).context["notes"]]


def moved(manager: Client, programmes: Programmes, old_points: int) -> Succession:
    succession = rehearsed(manager, programmes)
    manager.post(page("begin", succession), {"points": str(old_points)})
    return walk(succession, at=timezone.now())


@pytest.mark.usefixtures("alice", "elsewhere")
def test_closing_says_how_many_members_and_points_stay_behind_for_good(
    manager: Client, programmes: Programmes
) -> None:
    succession = moved(manager, programmes, 0)

    told = notes_of(manager, page("close", succession))

    assert told.pop(0) == ("It can be closed from 1 February 2099 on: until then late lines still come.")
    assert told[:3] == [
        "2 members with points stay behind for good.",
        "100 points stay behind for good.",
        "10 points owed stay behind as well.",
    ]
    assert told[3].startswith("This is what the accounts held when they were last gone through: ")


@pytest.mark.usefixtures("alice")
def test_closing_says_that_nothing_stays_behind_or_that_it_is_not_known_yet(
    manager: Client, programmes: Programmes
) -> None:
    succession = running(manager, programmes)
    Succession.objects.update(late_returns_until=date(2020, 1, 1))
    assert notes_of(manager, page("close", succession))[:2] == [
        "0 members with points stay behind for good.",
        "0 points stay behind for good.",
    ]
    manager.post(page("follow", succession))
    wait = ["The accounts are being gone through. Ask again when that is over."]
    assert notes_of(manager, page("close", succession)) == wait
    Succession.objects.update(is_walking=False, walks=0)
    assert notes_of(manager, page("close", succession)) == wait


@pytest.mark.usefixtures("alice")
def test_reversing_says_how_many_members_and_points_go_back(manager: Client, programmes: Programmes) -> None:
    make_cardholder(programmes.old, points=1)
    succession = moved(manager, programmes, 101)

    assert notes_of(manager, page("reverse", succession)) == [
        "The accounts of 3 members go back.",
        "101 points go back, and 33 points of Galeries Lafayette are taken for them.",
        "10 points owed go back as well.",
    ]


def test_reversing_right_after_the_start_gives_nothing_back(manager: Client, programmes: Programmes) -> None:
    succession = moved(manager, programmes, 0)

    assert notes_of(manager, page("reverse", succession)) == [
        "The accounts of 0 members go back.",
        "0 points go back, and 0 points of Galeries Lafayette are taken for them.",
    ]


@pytest.mark.usefixtures("alice", "elsewhere")
def test_a_rehearsal_says_what_to_do_about_members_without_counterpart(
    manager: Client, programmes: Programmes
) -> None:
    succession = rehearsed(manager, programmes)
    sentence = (
        "2 members stay for want of a counterpart. Import a file of counterparts (member_reference,"
        " new_member_reference, new_card_token), then rehearse again."
    )
    add = f"{reverse('admin:loyalty_feedimport_add')}?programme={programmes.old.pk}&amp;kind=counterparts"
    link = f'<a class="file-link" href="{add}">Import a file</a>'

    shown = text_of(manager, page("change", succession))

    assert f"<p>{sentence} {link}</p>" in shown
    assert f"<p>{sentence}</p>" in text_of(client_of(make_colleague(FINANCE)), page("change", succession))
    assert notes_of(manager, page("begin", succession)) == [
        "2 members stay for want of a counterpart, and move as well once a file names it."
    ]
    manager.post(page("begin", succession), {"points": "0"})
    walk(succession, at=timezone.now())
    ran = text_of(manager, page("change", succession))
    assert sentence not in ran
    assert f"moves as well. {link}</p>" in ran


@pytest.mark.usefixtures("alice")
def test_nobody_is_warned_where_everybody_is_known(manager: Client, programmes: Programmes) -> None:
    succession = rehearsed(manager, programmes)

    assert "for want of a counterpart" not in text_of(manager, page("change", succession))
    assert notes_of(manager, page("begin", succession)) == []


def test_counterparts_that_came_since_ask_for_another_rehearsal(
    manager: Client, elsewhere: Programmes, alice: Cardholder
) -> None:
    outdated = "Its terms or its counterparts have changed since the last rehearsal: rehearse it again"
    succession = prepared(manager, elsewhere)
    assert outdated not in text_of(manager, page("change", succession))
    manager.post(page("rehearse", succession))
    walk(succession, at=timezone.now())
    assert outdated not in text_of(manager, page("change", succession))

    record_counterparts([CounterpartLine(alice.member.reference, "NEW")], programme=elsewhere.old)

    assert outdated in text_of(manager, page("change", succession))
    answer = manager.post(page("begin", succession), {"points": "0"}, follow=True)
    assert "Nothing was done: the state of this succession is “draft” by now." in answer.content.decode()
    succession.refresh_from_db()
    assert succession.started_at is None
    manager.post(page("rehearse", succession))
    walk(succession, at=timezone.now())
    shown = text_of(manager, page("change", succession))
    assert outdated not in shown
    assert "1 member stays for want of a counterpart." in shown


def test_a_past_last_day_for_late_lines_is_refused_beside_its_field(
    manager: Client, programmes: Programmes
) -> None:
    fields = {"source": programmes.old.pk, "target": programmes.new.pk}
    for past in ("2020-01-31", (TODAY - timedelta(days=2)).isoformat()):
        answer = manager.post(
            reverse("admin:loyalty_succession_add"), TERMS | fields | {"late_returns_until": past}
        )
        assert answer.context["form"].errors == {
            "late_returns_until": [
                "Say through which day the old programme takes late purchases and returns; today or later."
            ]
        }
    assert not Succession.objects.exists()
    succession = prepared(manager, programmes)
    answer = manager.post(page("terms", succession), TERMS | {"late_returns_until": "2020-01-31"})
    assert "late_returns_until" in answer.context["form"].errors


def test_each_reason_why_a_programme_cannot_follow_has_its_own_sentence(
    manager: Client, programmes: Programmes
) -> None:
    def refusal(source: Programme, target: Programme) -> dict[str, list[str]]:
        fields = {"source": source.pk, "target": target.pk, "late_returns_until": "2099-01-31"}
        answer = manager.post(reverse("admin:loyalty_succession_add"), TERMS | fields)
        errors: dict[str, list[str]] = answer.context["form"].errors
        return errors

    old, new = programmes.old, programmes.new
    assert refusal(old, old) == {"target": ["Both are the same programme. Choose another one to follow."]}
    prepared(manager, programmes)
    assert refusal(new, old) == {
        "target": [
            (
                "A succession of the programme that is to follow is prepared already, so it may end itself."
                " Abandon that succession first."
            )
        ]
    }
    Succession.objects.update(state="running", rehearsed_at=timezone.now())
    third = Programme.objects.create(code="third", name="Third", issuer=old.issuer)
    assert refusal(third, old) == {
        "target": ["The programme that is to follow is ending itself: another one replaces it."]
    }


@pytest.mark.usefixtures("alice")
def test_numbers_are_written_for_people_in_french(manager: Client, programmes: Programmes) -> None:
    succession = prepared(manager, programmes)
    manager.post(page("rehearse", succession))
    french = client_of(make_colleague(FINANCE), "fr")
    assert "Comptes : 0 sur 2" in text_of(french, page("change", succession))
    make_cardholder(programmes.old, points=1)
    succession = walk(succession, at=timezone.now())
    shown = text_of(french, page("change", succession))
    assert "−0,3333" in shown.partition("Écart d’arrondi")[2][:60]

    manager.post(page("begin", succession), {"points": "101"})
    walk(succession, at=timezone.now())

    owed = Conversion.objects.get(left_points__lt=0)
    address = reverse("admin:loyalty_conversion_change", args=[owed.pk])
    assert "points dus\N{NO-BREAK SPACE}: −10 → −3" in french.get(address).content.decode()
    assert "points owed: −10 → −3" in text_of(manager, address)
