"""Households in the admin: to look at, found by their members; orders say what they took of whom."""

import pytest
from django.test import Client
from django.urls import reverse

from loyalty.models import Household, SpendingPermission
from rewards.models import Order
from tests.admin.conftest import Story, client_of, make_colleague
from tests.factories import Cardholder
from tests.kept_fixtures import kept


@kept()
def auditor(household: Cardholder) -> Client:
    """Return the browser of somebody who may only look."""
    assert household.account.pk
    return client_of(make_colleague("Auditor"))


def read(client: Client, name: str, *arguments: object, query: str = "") -> str:
    answer = client.get(reverse(f"admin:{name}", args=arguments) + query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_a_household_shows_who_is_in_it(story: Story, household: Cardholder, auditor: Client) -> None:
    page = read(auditor, "loyalty_household_change", Household.objects.get().pk)

    assert str(story.alice.member) in page
    assert str(household.member) in page


@pytest.mark.parametrize("name", ["loyalty_household", "loyalty_spendingpermission", "loyalty_householdstay"])
def test_rows_are_found_by_the_member(name: str, household: Cardholder, auditor: Client) -> None:
    found = read(auditor, f"{name}_changelist", query=f"?q={household.member.reference}")
    not_found = read(auditor, f"{name}_changelist", query="?q=M404")
    everything = read(auditor, f"{name}_changelist")

    assert "field-id" in found
    assert "field-id" in everything
    assert "field-id" not in not_found


def test_a_permission_names_both_members_and_their_household(
    story: Story, household: Cardholder, auditor: Client
) -> None:
    page = read(auditor, "loyalty_spendingpermission_change", SpendingPermission.objects.get().pk)

    assert str(story.alice.member) in page
    assert str(household.member) in page
    assert reverse("admin:loyalty_household_change", args=[Household.objects.get().pk]) in page


def test_an_order_shows_what_it_took_of_others_and_by_whose_permission(
    household: Cardholder, auditor: Client
) -> None:
    made = Order.objects.latest("pk")

    page = read(auditor, "rewards_order_change", made.pk)

    assert str(household.member) in page
    permission = SpendingPermission.objects.get()
    assert reverse("admin:loyalty_spendingpermission_change", args=[permission.pk]) in page
