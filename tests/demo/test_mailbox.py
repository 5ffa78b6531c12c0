"""The demo's mailbox: newest first, codes easy to read, and nowhere but in the demo."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as project_settings
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection
from django.test import Client
from pytest_django import Settings

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    folder = tmp_path / "mailbox"
    settings.EMAIL_FILE_PATH = folder
    return folder


def send(folder: Path, *messages: EmailMessage) -> None:
    backend = "django.core.mail.backends.filebased.EmailBackend"
    get_connection(backend, file_path=str(folder)).send_messages(messages)


def letter(subject: str, text: str) -> EmailMessage:
    return EmailMessage(subject, text, "Happy Card <contact@happycard.example>", ["alice@demo.example"])


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_an_empty_mailbox_says_so_before_the_first_message_made_its_folder(
    client: Client, folder: Path
) -> None:
    assert not folder.exists()
    assert 'class="line"' not in page(client, "/demo/mailbox/")


def test_messages_are_listed_newest_first_even_when_one_file_holds_several(
    client: Client, folder: Path
) -> None:
    send(folder, letter("Premier", "un"), letter("Deuxième", "deux"))
    for file in folder.iterdir():
        os.utime(file, (1_000_000_000, 1_000_000_000))
    send(folder, letter("Troisième", "trois"))
    shown = page(client, "/demo/mailbox/")
    assert shown.count('class="line"') == 3
    assert shown.index("Troisième") < shown.index("Deuxième") < shown.index("Premier")


def test_a_sign_in_code_is_shown_alone_and_other_numbers_are_not_taken_for_one(
    client: Client, folder: Path
) -> None:
    send(folder, letter("Votre code", "Votre code est 042137, pas 1234567 ni 12-345678."))
    shown = page(client, "/demo/mailbox/")
    assert shown.count("042137") == 1
    assert "1234567" not in shown
    assert "345678" not in shown


def test_a_message_is_shown_whole_and_as_text(client: Client, folder: Path) -> None:
    send(folder, letter("Carte cadeau", "Bonjour Chloé,\n\n<b>15 €</b>\n" + "-" * 78 + "\nFin"))
    (file,) = folder.iterdir()
    shown = page(client, f"/demo/mailbox/{file.name}/0/")
    assert "alice@demo.example" in shown
    assert "Bonjour Chloé," in shown
    assert "&lt;b&gt;15 €&lt;/b&gt;" in shown
    assert "Fin" in shown


@pytest.mark.parametrize("address", ["other.log/0/", "..%2Fsecret.log/0/", "%2E%2E/0/"])
def test_nothing_outside_the_mailbox_is_shown(client: Client, folder: Path, address: str) -> None:
    send(folder, letter("Bonjour", "texte"))
    (folder.parent / "secret.log").write_text("Subject: secret\n\nsecret\n", encoding="utf-8")
    assert client.get(f"/demo/mailbox/{address}").status_code == 404


def test_a_position_that_the_file_does_not_have_is_not_found(client: Client, folder: Path) -> None:
    send(folder, letter("Bonjour", "texte"))
    (file,) = folder.iterdir()
    assert client.get(f"/demo/mailbox/{file.name}/1/").status_code == 404


def test_where_settings_do_not_ask_for_the_demo_its_addresses_do_not_exist() -> None:
    program = (
        "import django; from django.conf import settings; settings.DEMO = False; django.setup();"
        "from django.urls import Resolver404, resolve\n"
        "try: resolve('/demo/mailbox/')\n"
        "except Resolver404: print('not found')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=project_settings.BASE_DIR,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings.test"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "not found"


def test_a_message_without_a_date_or_a_text_is_still_shown(client: Client, folder: Path) -> None:
    folder.mkdir()
    (folder / "broken.log").write_bytes(
        b"Subject: Sans date\nContent-Type: multipart/mixed\n\n\n" + b"-" * 79 + b"\n"
    )
    assert "Sans date" in page(client, "/demo/mailbox/")
    assert "Sans date" in page(client, "/demo/mailbox/broken.log/0/")


def test_the_designed_letter_is_shown_in_a_frame_that_can_do_nothing(client: Client, folder: Path) -> None:
    message = EmailMultiAlternatives("Bonjour", "En texte", "a@example.com", ["b@example.com"])
    message.attach_alternative("<h1>Dessinée</h1><script>alert(1)</script>", "text/html")
    send(folder, message)
    (file,) = folder.iterdir()
    address = f"/demo/mailbox/{file.name}/0/"

    shown = client.get(address)
    designed = client.get(f"{address}designed/")

    assert f'src="{address}designed/"' in shown.content.decode()
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in shown.content.decode()
    assert "En texte" in shown.content.decode()
    assert "<script>alert(1)" not in shown.content.decode()
    assert "frame-src 'self'" in shown.headers["Content-Security-Policy"]
    policy = designed.headers["Content-Security-Policy"]
    assert sorted(part.strip() for part in policy.split(";")) == [
        "default-src 'none'",
        "frame-ancestors 'self'",
        "sandbox allow-popups allow-popups-to-escape-sandbox",
        "style-src 'unsafe-inline'",
    ]
    assert designed.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "Dessinée" in designed.content.decode()


def test_a_letter_without_a_design_has_no_frame(client: Client, folder: Path) -> None:
    send(folder, letter("Bonjour", "En texte"))
    (file,) = folder.iterdir()

    assert "<iframe" not in page(client, f"/demo/mailbox/{file.name}/0/")
    assert client.get(f"/demo/mailbox/{file.name}/0/designed/").status_code == 404
    assert client.get("/demo/mailbox/nothing.log/0/designed/").status_code == 404
