"""A file says who the members of the old programme are in the new one, where the issuers differ."""

from pathlib import Path

import pytest

from loyalty.feeds.background import start_import
from loyalty.models import Counterpart, PointAccount
from loyalty.succession.counterparts import CounterpartLine, CounterpartOutcome, record_counterparts
from members.services.erasure import erase_member
from tests.factories import NOW, make_card, make_cardholder, make_member
from tests.loyalty.feeds.files import Run, as_csv, run_import
from tests.loyalty.ledger_state import balance
from tests.loyalty.succession.conftest import Programmes, follow, prepare, run

pytestmark = pytest.mark.django_db


def line(reference: str, new: str = "", token: str = "") -> dict[str, str]:
    return {"member_reference": reference, "new_member_reference": new, "new_card_token": token}


def import_counterparts(folder: Path, *rows: dict[str, str], name: str = "counterparts.csv") -> Run:
    content = as_csv(rows, "counterparts")
    return run_import(content, folder, kind="counterparts", name=name, programme="smiles")


def pairs() -> list[tuple[str, str]]:
    rows = Counterpart.objects.order_by("member__reference")
    return list(rows.values_list("member__reference", "counterpart__reference"))


def people(strangers: Programmes, *references: str) -> None:
    """Make old members O… and new ones N… with the card tok-N…."""
    for reference in references:
        if reference.startswith("O"):
            old = make_cardholder(strangers.old, points=10)
            old.member.reference = reference
            old.member.save()
        else:
            member = make_member(issuer=strangers.new.issuer, reference=reference)
            make_card(member=member, token=f"tok-{reference}")


def test_members_are_found_by_reference_or_by_card(strangers: Programmes, tmp_path: Path) -> None:
    people(strangers, "O1", "O2", "O3", "N1", "N2", "N3")
    prepare(strangers)
    imported = import_counterparts(
        tmp_path, line("O1", "N1"), line("O2", token="tok-N2"), line("O3", "N3", "tok-N3")  # noqa: S106 - card tokens
    )  # fmt: skip
    assert imported.outcomes == [("accepted", "")] * 3
    assert pairs() == [("O1", "N1"), ("O2", "N2"), ("O3", "N3")]


def test_the_same_file_again_changes_nothing(strangers: Programmes, tmp_path: Path) -> None:
    people(strangers, "O1", "N1")
    prepare(strangers)
    import_counterparts(tmp_path, line("O1", "N1"))
    again = import_counterparts(tmp_path, line("O1", "N1"), line("O1", "N1"), name="again.csv")
    assert again.outcomes == [("duplicate", "unchanged")] * 2
    assert pairs() == [("O1", "N1")]


def test_a_later_line_replaces_an_earlier_one_and_frees_its_counterpart(
    strangers: Programmes, tmp_path: Path
) -> None:
    people(strangers, "O1", "O2", "N1", "N2")
    prepare(strangers)
    import_counterparts(tmp_path, line("O1", "N1"))
    again = import_counterparts(tmp_path, line("O1", "N2"), line("O2", "N1"), name="again.csv")
    assert again.outcomes == [("accepted", "")] * 2
    assert pairs() == [("O1", "N2"), ("O2", "N1")]


def test_a_correction_of_one_line_names_nobody_but_the_right_counterpart(
    strangers: Programmes, tmp_path: Path
) -> None:
    people(strangers, "O1", "N1", "N2", "N3")
    prepare(strangers)
    import_counterparts(tmp_path, line("O1", "N1"))
    corrected = import_counterparts(tmp_path, line("O1", "N2"), name="corrected.csv")
    assert corrected.outcomes == [("accepted", "")]
    assert pairs() == [("O1", "N2")]
    twice = import_counterparts(tmp_path, line("O1", "N3"), line("O1", "N1"), name="twice.csv")
    assert twice.outcomes == [("accepted", "")] * 2
    assert pairs() == [("O1", "N1")]


def test_whom_a_correction_set_free_is_given_to_another_by_a_later_file(
    strangers: Programmes, tmp_path: Path
) -> None:
    people(strangers, "O1", "O2", "N1", "N2")
    prepare(strangers)
    import_counterparts(tmp_path, line("O1", "N1"))
    early = import_counterparts(tmp_path, line("O2", "N1"), name="early.csv")
    import_counterparts(tmp_path, line("O1", "N2"), name="corrected.csv")
    later = import_counterparts(tmp_path, line("O2", token="tok-N1"), name="later.csv")  # noqa: S106 - a card token
    taken = import_counterparts(tmp_path, line("O1", "N1"), name="taken.csv")
    assert early.outcomes == [("rejected", "counterpart_taken")]
    assert later.outcomes == [("accepted", "")]
    assert taken.outcomes == [("rejected", "counterpart_taken")]
    assert pairs() == [("O1", "N2"), ("O2", "N1")]


def test_whom_a_chunk_set_free_is_given_to_another_by_the_next_chunk(
    strangers: Programmes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(strangers, "O1", "O2", "O3", "N1", "N2")
    prepare(strangers)
    import_counterparts(tmp_path, line("O1", "N1"))
    monkeypatch.setattr("loyalty.feeds.chunks.LINES_AT_ONCE", 1)
    imported = import_counterparts(
        tmp_path, line("O1", "N2"), line("O2", "N1"), line("O3", "N1"), name="chunks.csv"
    )
    assert imported.outcomes == [("accepted", ""), ("accepted", ""), ("rejected", "counterpart_taken")]
    assert pairs() == [("O1", "N2"), ("O2", "N1")]


def test_lines_that_name_nobody_or_two_people_are_refused(strangers: Programmes, tmp_path: Path) -> None:
    people(strangers, "O1", "O2", "N1", "N2")
    prepare(strangers)
    erase_member(member=make_member(issuer=strangers.new.issuer, reference="N9"), at=NOW)
    imported = import_counterparts(
        tmp_path,
        line("O9", "N1"),
        line("O1", "N8"),
        line("O1", "N1", "tok-unknown"),
        line("O1", "N1", "tok-N2"),
        line("O1", "N9"),
        line("O1"),
        line("O1", "N1"),
        line("O2", token="tok-N1"),  # noqa: S106 - a card token
        line("O1", "=N1"),
    )
    assert imported.outcomes == [
        ("rejected", "unknown_member"),
        ("rejected", "unknown_counterpart"),
        ("rejected", "unknown_counterpart"),
        ("rejected", "two_counterparts"),
        ("rejected", "unknown_counterpart"),
        ("rejected", "missing_value"),
        ("accepted", ""),
        ("rejected", "counterpart_taken"),
        ("rejected", "looks_like_formula"),
    ]
    assert pairs() == [("O1", "N1")]


def test_a_card_of_somebody_who_was_erased_is_refused(strangers: Programmes) -> None:
    people(strangers, "O1", "N1")
    prepare(strangers)
    member = make_member(issuer=strangers.new.issuer, reference="N2")
    erase_member(member=member, at=NOW)
    member.refresh_from_db()
    lines = [CounterpartLine("O1", new_member_reference=member.reference)]
    assert record_counterparts(lines, programme=strangers.old) == [CounterpartOutcome.ERASED]


def test_without_a_succession_every_line_is_refused(strangers: Programmes, tmp_path: Path) -> None:
    people(strangers, "O1", "N1")
    imported = import_counterparts(tmp_path, line("O1", "N1"))
    assert imported.outcomes == [("rejected", "no_succession")]


def test_somebody_who_is_known_later_moves_with_the_next_walk_and_stays_who_they_are(
    strangers: Programmes, tmp_path: Path
) -> None:
    people(strangers, "O1", "N1", "N2")
    succession = run(prepare(strangers))
    assert import_counterparts(tmp_path, line("O1", "N1")).outcomes == [("accepted", "")]
    follow(succession)
    assert balance(PointAccount.objects.get(member__reference="N1")) == (10, 0)
    moved = import_counterparts(tmp_path, line("O1", "N2"), name="other.csv")
    assert moved.outcomes == [("rejected", "counterpart_moved")]
    assert pairs() == [("O1", "N1")]


def test_the_file_can_be_uploaded_as_well(strangers: Programmes, tmp_path: Path) -> None:
    path = tmp_path / "counterparts.csv"
    path.write_bytes(as_csv([line("O1", "N1")], "counterparts"))
    with path.open("rb") as content:
        started = start_import(
            programme=strangers.old,
            kind="counterparts",
            name=path.name,
            content=content,
            created_by=None,
            at=NOW,
        )
    assert started.get_kind_display() == "contreparties des adhérents, pour une succession"
