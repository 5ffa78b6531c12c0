"""The movements of an account that leads to another: still there, and read from where its points came in."""

from datetime import datetime

from django.test import Client

from loyalty.merging.merge import merge_members
from loyalty.merging.separate import separate_members
from members.models import MemberMerge
from tests.factories import make_cardholder
from tests.site.cast import Cast
from tests.site.reading import words_of
from tests.site.test_statement_files import rows_of

LINK = "Voir les mouvements de l’autre compte"


def merged(cast: Cast, at: datetime) -> tuple[MemberMerge, int]:
    """Let a second row of Alice, with 40 points, lead to her; return both."""
    twin = make_cardholder(cast.programme, points=40, at=at)
    merge = merge_members(survivor=cast.alice.member, merged=twin.member, at=at)
    return merge, twin.account.pk


def test_the_line_of_a_merge_leads_to_the_movements_of_before(
    cast: Cast, alice: Client, at: datetime
) -> None:
    before = words_of(alice.get("/statement/"))
    merge, account_id = merged(cast, at)
    address = f"/statement/?earlier={account_id}"
    page = alice.get("/statement/")
    assert LINK not in before
    assert LINK in words_of(page)
    assert address in page.content.decode()

    words = words_of(alice.get(address))

    assert "Ce sont les mouvements de l’autre compte, d’avant leur réunion." in words
    assert "ont rejoint le compte conservé" in words
    assert f"earlier={account_id}" in alice.get(f"{address}&kind=purchase").content.decode()
    file = rows_of(alice.get(f"/statement/movements.csv?earlier={account_id}"))
    assert [row[8:10] for row in file[1:]] == [["-40", "0"], ["40", "40"]]
    separate_members(merge=merge, at=at)
    assert LINK not in words_of(alice.get("/statement/"))
    assert alice.get(address).status_code == 404


def test_nobody_reads_the_movements_of_an_account_that_does_not_lead_to_theirs(
    cast: Cast, alice: Client, chloe: Client, at: datetime
) -> None:
    _merge, account_id = merged(cast, at)
    for asked in (str(account_id), "x", "9" * 30):
        assert chloe.get(f"/statement/?earlier={asked}").status_code == 404
    assert alice.get(f"/statement/?earlier={cast.chloe.account.pk}").status_code == 404
