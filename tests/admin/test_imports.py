"""Importing a file from the admin: sending it, watching it, what was refused, fetching the verdicts."""

import gzip
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from core.models import StaffAction
from loyalty.feeds.background import run_feed_import
from loyalty.models import FeedImport, FeedState, Purchase
from members.services.staff import sync_staff_groups
from tests.admin.conftest import PURCHASES, Story, client_of, make_colleague
from tests.kept_fixtures import kept
from tests.tampering import full_disk_under

if TYPE_CHECKING:
    from django.http import StreamingHttpResponse


@pytest.fixture(autouse=True)
def _uploads_of_this_test(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@kept()
def manager(story: Story) -> Client:
    assert story.programme.pk
    FeedImport.objects.filter(state=FeedState.DONE).update(file_name="earlier.csv")
    return client_of(make_colleague("Programme manager"))


def send(
    client: Client, story: Story, content: bytes, name: str = "day.csv", kind: str = "purchases"
) -> FeedImport:
    response = client.post(
        reverse("admin:loyalty_feedimport_add"),
        {"programme": story.programme.pk, "kind": kind, "file": SimpleUploadedFile(name, content)},
    )
    feed_import = FeedImport.objects.latest("pk")
    assert response["Location"] == page_of(feed_import)
    return feed_import


def page_of(feed_import: FeedImport) -> str:
    return reverse("admin:loyalty_feedimport_change", args=[feed_import.pk])


def text_of(client: Client, address: str) -> str:
    return client.get(address).content.decode()


NEW = PURCHASES.replace(b"F-", b"N-")


def test_a_file_is_imported_in_the_background_and_its_page_looks_again_until_it_is_over(
    manager: Client, story: Story
) -> None:
    feed_import = send(manager, story, NEW)
    waiting = text_of(manager, page_of(feed_import))
    assert '<meta http-equiv="refresh" content="2">' in waiting
    assert feed_import.state == FeedState.WAITING
    assert feed_import.created_by is not None
    assert feed_import.created_by.email == "programme@staff.example.com"

    run_feed_import(feed_import.pk)

    done = text_of(manager, page_of(feed_import))
    assert "http-equiv" not in done
    assert "N-2" in done
    assert "The amount is zero." in done
    feed_import.refresh_from_db()
    assert (feed_import.state, feed_import.accepted_lines, feed_import.rejected_lines) == ("done", 1, 1)


def test_an_import_that_fails_says_so_in_both_languages_until_it_recovers(
    manager: Client, story: Story
) -> None:
    french = client_of(make_colleague("Operator"), "fr")
    feed_import = send(manager, story, NEW)
    once = (
        "Work on this file failed once, with OperationalError. It is tried again by itself; what was imported"
        " is kept."
    )
    with full_disk_under("loyalty_feedchunk"):
        run_feed_import(feed_import.pk)
        assert once in text_of(manager, page_of(feed_import))
        assert "a échoué une fois (OperationalError)." in text_of(french, page_of(feed_import))
        run_feed_import(feed_import.pk)

    page = text_of(manager, page_of(feed_import))
    assert "failed 2 times in a row, the last time with OperationalError. It is tried again by itself" in page
    assert '<meta http-equiv="refresh" content="60">' in page
    assert "4970" not in page
    page = text_of(french, page_of(feed_import))
    assert (
        "Le traitement de ce fichier a échoué 2 fois de suite, la dernière fois avec OperationalError."
        in page
    )
    assert (
        "Il sera tenté à nouveau automatiquement\N{NO-BREAK SPACE}; ce qui est importé est conservé." in page
    )
    listed = reverse("admin:loyalty_feedimport_changelist")
    assert "failing" in text_of(manager, listed)
    assert "en échec" in text_of(french, listed)

    run_feed_import(feed_import.pk)

    assert "Work on this file" not in text_of(manager, page_of(feed_import))
    assert "Le traitement de ce fichier" not in text_of(french, page_of(feed_import))
    assert "failing" not in text_of(manager, listed)


def test_the_verdicts_are_downloaded_as_a_file(manager: Client, story: Story) -> None:
    feed_import = send(manager, story, gzip.compress(NEW), name="day.csv.gz")
    run_feed_import(feed_import.pk)

    response = manager.get(reverse("admin:loyalty_feedimport_verdicts", args=[feed_import.pk]))

    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == f'attachment; filename="import-{feed_import.pk}.verdicts.csv"'
    assert b"".join(cast("StreamingHttpResponse", response)) == (
        b"line,reference,outcome,reason,points\n2,N-1,accepted,,12\n3,N-2,rejected,zero_amount,0\n"
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b"PK\x03\x04 sheet", "This is an Excel or ZIP file."),
        (NEW.replace(b",amount", b""), "These columns are missing: amount."),
        (NEW + b"TRAILER,7,12.50\n", "The TRAILER announces 7 lines, the file has 2."),
    ],
)
def test_a_file_that_is_not_trusted_is_refused_with_a_sentence_and_leaves_nothing(
    content: bytes, sentence: str, manager: Client, story: Story
) -> None:
    before = Purchase.objects.count()

    feed_import = send(manager, story, content)
    run_feed_import(feed_import.pk)

    page = text_of(manager, page_of(feed_import))
    assert "The file was refused." in page
    assert sentence in page
    assert "http-equiv" not in page
    assert Purchase.objects.count() == before


def test_a_link_says_whose_file_is_meant_and_what_it_holds(manager: Client, story: Story) -> None:
    address = reverse("admin:loyalty_feedimport_add")
    page = manager.get(f"{address}?programme={story.programme.pk}&kind=counterparts").content.decode()

    assert '<option value="counterparts" selected>' in page
    assert f'<option value="{story.programme.pk}" selected>' in page


def test_a_form_without_a_file_is_asked_for_again(manager: Client, story: Story) -> None:
    before = FeedImport.objects.count()

    response = manager.post(
        reverse("admin:loyalty_feedimport_add"), {"programme": story.programme.pk, "kind": "purchases"}
    )

    assert "This field is required." in response.content.decode()
    assert FeedImport.objects.count() == before


def test_a_name_with_folders_and_markup_is_shown_harmlessly(manager: Client, story: Story) -> None:
    feed_import = send(manager, story, NEW, name="../../<script>alert(1)</script>.csv")

    assert "/" not in feed_import.file_name
    assert "<script>alert" not in text_of(manager, page_of(feed_import))


def test_many_rejected_lines_are_cut_short_with_a_link_to_all(manager: Client, story: Story) -> None:
    lines = b"".join(
        b"conforama,lyon,Z-%d,purchase,tok-alice,2026-11-20T10:00:00+01:00,0,EUR,store,\n" % number
        for number in range(30)
    )
    feed_import = send(manager, story, NEW.split(b"\n")[0] + b"\n" + lines)
    run_feed_import(feed_import.pk)

    page = text_of(manager, page_of(feed_import))

    assert page.count("The amount is zero.") == 20
    address = reverse("admin:loyalty_rejectedline_changelist") + f"?feed_import={feed_import.pk}"
    assert f'href="{address}"' in page
    assert manager.get(address).context["cl"].result_count == 30


def test_explanations_leave_with_a_reason_that_is_written_down(story: Story) -> None:
    auditor = client_of(make_colleague("Auditor"))
    address = reverse("admin:loyalty_feedimport_explanations", args=[story.feed_import.pk])

    asked = auditor.get(address).content.decode()
    assert "what became of it and why" in asked
    again = auditor.post(address, {"reason": ""})
    assert "This field is required." in again.content.decode()
    assert not StaffAction.objects.filter(action="feedimport.explained").exists()
    sent = auditor.post(address, {"reason": "The partner asked"})

    assert b"explanation_fr" in b"".join(cast("StreamingHttpResponse", sent))
    action = StaffAction.objects.get(action="feedimport.explained")
    assert (action.subject_id, action.reason, action.details) == (
        story.feed_import.pk,
        "The partner asked",
        {"lines": story.feed_import.read_lines},
    )


def test_who_may_not_export_lists_takes_no_explanations_away(story: Story) -> None:
    client = client_of(make_colleague("Auditor"))
    sync_staff_groups({"Auditor": ["loyalty.view_feedimport", "loyalty.view_feedchunk"]})

    for name, status in (("verdicts", 200), ("explanations", 403)):
        address = reverse(f"admin:loyalty_feedimport_{name}", args=[story.feed_import.pk])
        assert client.get(address).status_code == status


def test_who_only_reads_sends_no_file(story: Story) -> None:
    client = client_of(make_colleague("Auditor"))

    assert client.get(page_of(story.feed_import)).status_code == 200
    assert client.get(reverse("admin:loyalty_feedimport_add")).status_code == 403


def test_an_import_that_does_not_exist_is_said_not_to(manager: Client) -> None:
    answer = manager.get(reverse("admin:loyalty_feedimport_change", args=[0]), follow=True)

    assert "doesn’t exist" in answer.content.decode()
