"""Sign-ins of colleagues: who opens them, what they may do, and what nobody can give themselves."""

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from members.models import User
from members.services.staff import sync_staff_groups
from tests.admin.conftest import ADMINISTRATOR, ROLES, client_of, make_colleague

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator() -> Client:
    return client_of(make_colleague("Operator"))


def address_of(user: User) -> str:
    return reverse("admin:members_user_change", args=[user.pk])


def test_a_colleague_is_added_without_a_password_and_with_a_proved_address(operator: Client) -> None:
    group = Group.objects.get(name="Operator")

    operator.post(
        reverse("admin:members_user_add"),
        {"email": "Nina@Staff.example.com", "is_active": "on", "is_staff": "on", "groups": [group.pk]},
    )

    nina = User.objects.get(email="nina@staff.example.com")
    assert (nina.is_staff, nina.is_superuser, nina.has_usable_password()) == (True, False, False)
    assert list(nina.groups.all()) == [group]
    assert EmailAddress.objects.get(user=nina).verified


def test_nobody_changes_what_they_themselves_may_do(operator: Client) -> None:
    me = User.objects.get(email="operator@staff.example.com")
    finance = Group.objects.get(name="Finance")

    operator.post(address_of(me), {"first_name": "Olga", "is_staff": "on", "groups": [finance.pk]})

    me.refresh_from_db()
    assert me.first_name == "Olga"
    assert list(me.groups.values_list("name", flat=True)) == ["Operator"]
    assert me.is_active


def test_an_operator_cannot_touch_an_administrator_nor_make_one(operator: Client) -> None:
    administrator = make_colleague(ADMINISTRATOR)
    colleague = make_colleague("Finance")

    assert operator.post(address_of(administrator), {"is_active": ""}).status_code == 403
    operator.post(address_of(colleague), {"is_active": "on", "is_staff": "on", "is_superuser": "on"})

    administrator.refresh_from_db()
    colleague.refresh_from_db()
    assert administrator.is_active
    assert not colleague.is_superuser


def test_an_operator_gives_nobody_a_group_that_they_are_not_in(operator: Client) -> None:
    groups = list(Group.objects.values_list("pk", flat=True))
    colleague = make_colleague("Finance")
    fields = {"is_active": "on", "is_staff": "on"}

    added = operator.post(
        reverse("admin:members_user_add"), fields | {"email": "nina@staff.example.com", "groups": groups}
    )
    changed = operator.post(address_of(colleague), fields | {"groups": groups, "user_permissions": ["1"]})

    for refused in (added, changed):
        assert "is not one of the available choices" in refused.context["adminform"].form.errors["groups"][0]
    assert not User.objects.filter(email="nina@staff.example.com").exists()
    assert list(colleague.groups.values_list("name", flat=True)) == ["Finance"]
    assert colleague.user_permissions.count() == 0


def test_an_operator_gives_no_group_that_nobody_is_in(operator: Client) -> None:
    manager = Group.objects.get(name="Programme manager")
    fields = {"email": "nina@staff.example.com", "is_active": "on", "is_staff": "on", "groups": [manager.pk]}

    refused = operator.post(reverse("admin:members_user_add"), fields)

    assert "is not one of the available choices" in refused.context["adminform"].form.errors["groups"][0]
    assert not User.objects.filter(email="nina@staff.example.com").exists()


def test_an_operator_leaves_or_takes_away_the_groups_of_a_colleague(operator: Client) -> None:
    colleague = make_colleague("Finance")
    finance, own = Group.objects.get(name="Finance"), Group.objects.get(name="Operator")
    fields = {"is_active": "on", "is_staff": "on", "first_name": "Flo"}

    operator.post(address_of(colleague), fields | {"groups": [finance.pk, own.pk]})
    assert set(colleague.groups.all()) == {finance, own}
    operator.post(address_of(colleague), fields | {"groups": []})

    assert colleague.groups.count() == 0


def test_an_administrator_gives_any_group() -> None:
    client = client_of(make_colleague(ADMINISTRATOR))
    groups = list(Group.objects.values_list("pk", flat=True))

    client.post(
        reverse("admin:members_user_add"),
        {"email": "nina@staff.example.com", "is_active": "on", "is_staff": "on", "groups": groups},
    )

    assert User.objects.get(email="nina@staff.example.com").groups.count() == len(ROLES)


def test_an_address_does_not_change_hands(operator: Client) -> None:
    colleague = make_colleague("Finance")

    operator.post(address_of(colleague), {"email": "thief@example.com", "is_active": "on", "is_staff": "on"})

    colleague.refresh_from_db()
    assert colleague.email == "finance@staff.example.com"


def test_no_page_offers_or_shows_a_password(operator: Client) -> None:
    page = operator.get(address_of(make_colleague("Finance"))).content.decode()

    assert "password" not in page.lower()


def test_the_command_gives_each_group_exactly_what_the_settings_say(
    capsys: pytest.CaptureFixture[str], settings: Settings
) -> None:
    call_command("sync_staff_groups")
    finance = Group.objects.get(name="Finance")
    extra = Group.objects.get(name="Operator").permissions.get(codename="change_user")
    finance.permissions.add(extra)
    finance.permissions.remove(finance.permissions.get(codename="view_entry"))

    call_command("sync_staff_groups")

    names = {
        f"{app}.{codename}"
        for app, codename in finance.permissions.values_list("content_type__app_label", "codename")
    }
    assert names == set(settings.STAFF_GROUPS["Finance"])
    assert capsys.readouterr().out == "groups=6\ngroups=6\n"
    assert set(Group.objects.values_list("name", flat=True)) == set(ROLES)


def test_a_permission_that_does_not_exist_is_refused_and_nothing_changes(settings: Settings) -> None:
    sync_staff_groups({"Finance": ["loyalty.view_entry"]})
    settings.STAFF_GROUPS = {"Finance": [], "Auditor": ["loyalty.view_nothing"]}

    with pytest.raises(CommandError, match=r"loyalty\.view_nothing"):
        call_command("sync_staff_groups")

    assert Group.objects.get(name="Finance").permissions.count() == 1
    assert not Group.objects.filter(name="Auditor").exists()
