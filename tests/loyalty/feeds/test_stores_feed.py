"""Stores come from files, and their partners join the programme."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from loyalty.models import Agreement, Programme
from partners.models import Partner, Store
from tests.loyalty.feeds.files import STORE, Run, as_csv, run_import

FNAC = STORE | {"partner": "fnac", "partner_name": "Fnac", "store": "nice", "store_name": "Fnac Nice"}


def import_stores(rows: list[dict[str, str]], folder: Path, name: str = "stores.csv") -> Run:
    return run_import(as_csv(rows, "stores"), folder, kind="stores", name=name)


def stored() -> list[tuple[object, ...]]:
    return [
        *Partner.objects.order_by("pk").values_list(),
        *Store.objects.order_by("pk").values_list(),
        *Agreement.objects.order_by("pk").values_list(),
    ]


def test_a_store_and_its_partner_are_created_and_join(tmp_path: Path, programme: Programme) -> None:
    run = import_stores([FNAC], tmp_path)
    assert run.outcomes == [("accepted", "")]
    assert run.verdicts[0]["reference"] == "fnac/nice"
    store = Store.objects.get(code="nice")
    assert (store.partner.name, store.name, store.address) == ("Fnac", "Fnac Nice", "3 place Royale")
    assert (store.latitude, store.opened_on, store.closed_on) == (Decimal("47.2136"), date(2001, 5, 2), None)
    assert Agreement.objects.filter(programme=programme, partner=store.partner).exists()


@pytest.mark.usefixtures("programme")
def test_the_same_stores_again_change_nothing(tmp_path: Path) -> None:
    import_stores([FNAC, STORE], tmp_path)
    before = stored()
    run = import_stores([STORE, FNAC, FNAC], tmp_path, "again.csv")
    assert run.outcomes == [("duplicate", "unchanged")] * 3
    assert stored() == before


@pytest.mark.usefixtures("programme")
def test_a_store_that_moved_is_updated_and_keeps_its_identity(tmp_path: Path) -> None:
    import_stores([FNAC], tmp_path)
    store = Store.objects.get(code="nice")
    run = import_stores([FNAC | {"address": "1 quai\n  des  Anges", "closed_on": "2026-12-31"}], tmp_path)
    assert run.outcomes == [("accepted", "")]
    store.refresh_from_db()
    assert (store.address, store.closed_on) == ("1 quai des  Anges", date(2026, 12, 31))


@pytest.mark.usefixtures("programme")
def test_a_partner_that_changed_its_name_is_renamed(tmp_path: Path) -> None:
    import_stores([FNAC], tmp_path)
    run = import_stores([FNAC | {"partner_name": "FNAC Darty"}], tmp_path)
    assert run.outcomes == [("accepted", "")]
    assert Partner.objects.get(code="fnac").name == "FNAC Darty"


@pytest.mark.usefixtures("programme")
def test_several_lines_for_one_store_leave_what_the_last_one_says(tmp_path: Path) -> None:
    run = import_stores([FNAC, FNAC | {"city": "Cannes"}, FNAC | {"store": "lille"}], tmp_path)
    assert run.counts["accepted"] == 3
    assert Store.objects.get(code="nice").city == "Cannes"
    assert Store.objects.filter(partner__code="fnac").count() == 2


def test_a_partner_of_another_programme_joins_by_a_line_that_changes_no_store(
    tmp_path: Path, programme: Programme
) -> None:
    import_stores([FNAC], tmp_path)
    Agreement.objects.filter(partner__code="fnac").delete()
    run = import_stores([FNAC, FNAC], tmp_path)
    assert run.outcomes == [("accepted", ""), ("duplicate", "unchanged")]
    assert Agreement.objects.filter(programme=programme, partner__code="fnac").exists()


REJECTED = {
    "no partner": ({"partner": ""}, "missing_value"),
    "a partner's code with an accent": ({"partner": "fnác"}, "malformed_code"),
    "no name": ({"partner_name": " "}, "missing_value"),
    "a store without a code": ({"store": ""}, "missing_value"),
    "a store without a name": ({"store_name": ""}, "missing_value"),
    "a name too long": ({"store_name": "x" * 101}, "value_too_long"),
    "an invisible character": ({"city": "Ni\u200bce"}, "invisible_character"),
    "a channel nobody knows": ({"channel": "phone"}, "unknown_channel"),
    "a country's name": ({"country": "France"}, "malformed_country"),
    "a country of digits": ({"country": "12"}, "malformed_country"),
    "a latitude beyond the pole": ({"latitude": "90.1"}, "malformed_position"),
    "a longitude that is no number": ({"longitude": "7°15'"}, "malformed_position"),
    "a French date": ({"opened_on": "02/05/2001"}, "malformed_date"),
    "a day that does not exist": ({"opened_on": "2001-02-30"}, "impossible_date"),
    "the year 1": ({"opened_on": "0001-01-01"}, "impossible_date"),
    "closed before it opened": ({"closed_on": "2001-05-01"}, "closed_before_opened"),
    "a card number": ({"address": "card 4970 1000 0000 0154"}, "full_card_number"),
}


@pytest.mark.usefixtures("programme")
@pytest.mark.parametrize("name", REJECTED)
def test_a_wrong_store_is_rejected_and_nothing_of_it_is_kept(name: str, tmp_path: Path) -> None:
    change, reason = REJECTED[name]
    before = stored()
    assert import_stores([FNAC | change], tmp_path).outcomes == [("rejected", reason)]
    assert stored() == before


@pytest.mark.usefixtures("programme")
def test_what_may_be_left_out_is_left_out(tmp_path: Path) -> None:
    web = FNAC | {"store": "web", "channel": "online"} | dict.fromkeys(
        ("address", "postcode", "city", "country", "latitude", "longitude", "opened_on", "closed_on"), ""
    )  # fmt: skip
    assert import_stores([web], tmp_path).outcomes == [("accepted", "")]
    store = Store.objects.get(code="web")
    assert (store.address, store.latitude, store.opened_on) == ("", None, None)


@pytest.mark.usefixtures("programme")
def test_a_formula_in_a_name_is_a_name_like_another(tmp_path: Path) -> None:
    import_stores([FNAC | {"store_name": '=HYPERLINK("http://evil.example")'}], tmp_path)
    assert Store.objects.get(code="nice").name == '=HYPERLINK("http://evil.example")'
