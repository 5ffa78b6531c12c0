"""What is typed and what is known meet in the same words, however both are written."""

from datetime import date

import pytest

from members.models import Member
from members.search_words import MOST_WORDS, Wanted, fold, national_number, read_question, words_of


def known(**details: object) -> Member:
    return Member(**({"reference": "", "first_name": "", "last_name": "", "city": ""} | details))


def words(member: Member, *, emails: tuple[str, ...] = (), phones: tuple[str, ...] = ()) -> list[str]:
    return words_of(member, emails=emails, phones=phones, last4s=())


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("MARTIN", "martin"),
        ("Lefèvre", "lefevre"),
        ("Lefe\u0300vre", "lefevre"),
        ("Lætitia Bœuf", "laetitia boeuf"),
        ("Groß", "gross"),
        ("Łukasz Đorđević Þór Søren", "lukasz dordevic thor soren"),
        ("IŞIK", "isik"),
        ("\uff2d\uff41\uff52tin", "martin"),
    ],
)
def test_accents_capitals_and_ligatures_make_no_difference(written: str, folded: str) -> None:
    assert fold(written) == folded


def test_a_name_of_several_words_is_found_by_each_and_by_neighbours_written_as_one() -> None:
    assert words(known(last_name="Le Goff", first_name="Jean-Pierre")) == [
        "goff", "jean", "jeanpierre", "le", "legoff", "pierre",
    ]  # fmt: skip
    assert words(known(last_name="de la Tour")) == ["de", "dela", "delatour", "la", "latour", "tour"]


def test_a_member_is_found_by_everything_they_can_name() -> None:
    member = known(
        reference="HC-0042",
        first_name="Zoé",
        last_name="D\u2019Almeida",
        birth_date=date(1970, 5, 17),
        postcode="69001",
        city="Lyon",
    )

    found = words_of(
        member, emails=["Zoe.Almeida@Example.com", ""], phones=["+33 6 12 34 56 78"], last4s=["4242"]
    )

    assert found == [
        "#4242", "+612345678", "0042", "69001", "=19700517", "almeida", "d", "dalmeida", "hc", "hc0042",
        "lyon", "zoe", "zoe.almeida@example.com",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "written",
    [
        "0612345678", "06 12 34 56 78", "06.12.34.56.78", "06-12-34-56-78", "+33612345678",
        "+33 6 12 34 56 78", "0033 6 12 34 56 78", "+33 (0)6 12 34 56 78", " 06 12 34 56 78 ",
    ],
)  # fmt: skip
def test_a_phone_number_is_the_same_in_every_form(written: str) -> None:
    assert national_number(written) == "612345678"
    assert read_question(written) == [Wanted("phone", ("+612345678",), ("+612345678",))]


@pytest.mark.parametrize(
    ("written", "national"),
    [
        ("+1 212 555 0100", "2125550100"),
        ("+32 470 12 34 56", "470123456"),
        ("0470 12 34 56", "470123456"),
        ("+352 621 123 456", "621123456"),
        ("+39 333 1234567", "3331234567"),
        ("+44 (0)20 7946 0018", "2079460018"),
        ("", ""),
        ("no number", ""),
    ],
)
def test_the_country_of_a_phone_number_is_left_out(written: str, national: str) -> None:
    assert national_number(written) == national


def test_pieces_of_a_question_are_told_apart_in_any_order() -> None:
    kinds = {
        "Martin 4242": ["word", "last4"],
        "4242 martin": ["last4", "word"],
        "17/05/1970 martin": ["birth_date", "word"],
        "martin 1970-05-17": ["birth_date", "word"],
        "06 12 34 56 78 4242": ["phone", "last4"],
        "alice@example.com 69001": ["email", "number"],
        "01500 4242": ["number", "last4"],
        "06 12 34": ["phone"],
        "061234": ["phone"],
        "612345678": ["number"],
        "31/02/1970": ["number", "number", "last4"],
    }
    assert {text: [one.kind for one in read_question(text)] for text in kinds} == kinds


def test_short_words_are_meant_as_a_whole_and_longer_ones_may_go_on() -> None:
    assert read_question("Li Mar") == [Wanted("word", ("li",)), Wanted("word", ("mar",), ("mar",))]


def test_four_digits_are_the_last_of_a_card_or_a_word_of_a_reference() -> None:
    assert read_question("4242") == [Wanted("last4", ("#4242", "4242"), ("4242",))]


@pytest.mark.parametrize("written", ["HC 012345", "hc-012345", "HC  0042", "012345 HC", "petit 0612345678"])
def test_letters_beside_digits_may_be_a_reference_written_apart(written: str) -> None:
    letters = next(piece for piece in fold(written).replace("-", " ").split() if piece.isalpha())
    digits = next(piece for piece in fold(written).replace("-", " ").split() if piece.isdigit())

    assert [letters + digits in one.exact for one in read_question(written)] == [True, True]


def test_a_reference_holds_no_phone_number() -> None:
    assert read_question("HC012345") == [Wanted("word", ("hc012345",), ("hc012345",))]


def test_the_beginning_of_a_phone_number_may_be_a_reference() -> None:
    assert read_question("012345") == [Wanted("phone", ("+12345", "012345"), ("+12345",))]


def test_a_question_without_letters_and_digits_asks_nothing() -> None:
    assert [read_question(text) for text in ("", "  ", "!? \u2022\u2022\u2022\u2022", "\0", "+", "@")] == [
        []
    ] * 6


def test_a_long_question_is_cut_and_a_repeated_word_counts_once() -> None:
    assert read_question("mar MAR m\u00e0r") == [Wanted("word", ("mar",), ("mar",))]
    assert len(read_question("a b c d e f g h i j k l m")) == MOST_WORDS
    assert len(read_question("m" * 5000)[0].exact[0]) == 100


def test_signs_that_the_database_reads_never_reach_it_as_words() -> None:
    for text in ("martin' | 'durand", "a & !b", "x:*", "\\'", "#4242", "=19700517", "+", "<->"):
        for one in read_question(text):
            assert all(word.lstrip("#+=").isalnum() for word in one.exact), text
