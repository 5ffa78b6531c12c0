"""The table of sign-ins says where the pages are, and refuses an address that is none."""

import io

import pytest
from django.core.management import CommandError, call_command


def test_the_pages_stand_below_the_address() -> None:
    out = io.StringIO()
    call_command("demo_sign_ins", "--site=http://localhost:8001/", stdout=out)
    assert "http://localhost:8001/admin/" in out.getvalue()
    assert "http://galeries-lafayette.localhost:8001/" in out.getvalue()


@pytest.mark.parametrize(
    "site", ["localhost", "http://", "http://[", "http://x:99999", "http://x:y", "x:8000"]
)
def test_an_address_that_is_none_is_refused(site: str) -> None:
    with pytest.raises(CommandError, match="write the address like http://localhost:8000"):
        call_command("demo_sign_ins", f"--site={site}", stdout=io.StringIO())
