"""The page of a member tells an agent what becomes of an account that another programme takes over."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import make_cardholder
from tests.kept_fixtures import kept
from tests.loyalty.succession.conftest import Programmes, make_programmes, prepare, run

pytestmark = pytest.mark.django_db


@kept()
def programmes() -> Programmes:
    """Return the programme that ends and the one that follows."""
    return make_programmes()


def test_an_agent_reads_that_the_account_moved(client: Client, programmes: Programmes) -> None:
    alice = make_cardholder(programmes.old, points=100)
    page = reverse("helpdesk_member", args=[alice.member.public_id])
    sentence = "Galeries Lafayette replaces Smiles: 1 point becomes 1 point there."
    assert sentence not in client.get(page).content.decode()

    run(prepare(programmes))

    told = client.get(page).content.decode()
    assert (
        f"{sentence} It is known there as {alice.member.reference}, and moved on 22 November 2026; so far"
        " 100 points became 100 points."
    ) in told
