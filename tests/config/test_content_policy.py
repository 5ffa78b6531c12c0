"""The content policy: strict on the site, relaxed under the admin only."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from config.content_policy import ContentPolicyMiddleware


def policy_for(address: str) -> str:
    """Return the policy that a page at an address is sent with, when it uses a nonce."""

    def page(request: HttpRequest) -> HttpResponse:
        return HttpResponse(str(getattr(request, "csp_nonce", "")))

    response = ContentPolicyMiddleware(page)(RequestFactory().get(address))
    assert isinstance(response, HttpResponse)
    nonce = response.content.decode()
    return response.headers["Content-Security-Policy"].replace(nonce, "NONCE")


@pytest.mark.parametrize("address", ["/", "/administration/", "/demo/mailbox/", "/x/admin/"])
def test_pages_run_only_our_own_scripts_and_styles(address: str) -> None:
    policy = policy_for(address)
    assert "default-src 'none'" in policy
    assert "script-src 'self' 'nonce-NONCE'" in policy
    assert "style-src 'self' 'nonce-NONCE'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_the_admin_may_compute_expressions_but_runs_no_foreign_script() -> None:
    policy = policy_for("/admin/login/")
    assert "script-src 'self' 'nonce-NONCE' 'unsafe-eval'" in policy
    assert "default-src 'none'" in policy
    assert "script-src 'self' 'unsafe-inline'" not in policy
