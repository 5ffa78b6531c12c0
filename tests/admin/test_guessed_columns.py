"""An address narrows a list by what the page offers: no hidden column is guessed letter by letter."""

import pytest
from django.urls import reverse

from tests.admin.conftest import Story, client_of, make_colleague


@pytest.mark.parametrize(
    ("role", "kind", "guess"),
    [
        ("Operator", "members_user", "password__startswith"),
        ("Operator", "core_idempotencyrecord", "key__startswith"),
        ("Call centre", "members_activationattempt", "code_hash__startswith"),
        ("Call centre", "members_card", "token__startswith"),
        ("Auditor", "members_member", "email__startswith"),
        ("Auditor", "members_member", "birth_date__gte"),
        ("Auditor", "members_member", "user__password__startswith"),
        ("Finance", "loyalty_pointaccount", "member__phone__contains"),
        ("Finance", "loyalty_entry", "account__member__email__startswith"),
        ("Finance", "rewards_giftcard", "code_hash__startswith"),
        ("Auditor", "members_member_export", "email__startswith"),
    ],
)
def test_a_column_that_is_not_offered_cannot_be_guessed(
    role: str, kind: str, guess: str, story: Story
) -> None:
    assert story.order.pk
    name = f"admin:{kind}" if kind.endswith("export") else f"admin:{kind}_changelist"

    response = client_of(make_colleague(role)).get(reverse(name), {guess: "a"})

    assert response.status_code == 400


@pytest.mark.parametrize(
    ("kind", "narrowing"),
    [
        ("loyalty_entry", {"account": "{account}"}),
        ("loyalty_entry", {"account__id__exact": "{account}"}),
        ("loyalty_entry", {"kind__exact": "1"}),
        ("loyalty_entry", {"pk__lte": "999999999"}),
        ("members_card", {"status__exact": "active"}),
        ("members_member", {"activated_at__isempty": "1"}),
    ],
)
def test_a_filter_and_the_row_it_belongs_to_still_narrow_a_list(
    kind: str, narrowing: dict[str, str], story: Story
) -> None:
    asked = {name: value.format(account=story.alice.account.pk) for name, value in narrowing.items()}

    response = client_of(make_colleague("Auditor")).get(reverse(f"admin:{kind}_changelist"), asked)

    assert response.status_code == 200
    assert response.context["cl"].result_count > 0
