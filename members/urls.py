"""Addresses on which a person gets in: activation, sign-in by an e-mailed code, sign-out, and the language.

Only those of allauth's pages that this site has are mounted; there is no page that sets or resets a password.
"""

from allauth.account import views as allauth_views
from django.urls import include, path
from django.views.generic import RedirectView

from members import views

urlpatterns = [
    path("", include("members.profile.urls")),
    path("", include("members.security.urls")),
    path("activate/", views.activate, name="activate"),
    path("activate/email/", views.activate_email, name="activate_email"),
    path("activate/code/", views.activate_code, name="activate_code"),
    path("activate/code/resend/", views.resend_code, name="resend_code"),
    path("language/", views.choose_language, name="choose_language"),
    path("accounts/sign-in/", views.SignInView.as_view(), name="account_request_login_code"),
    path("accounts/sign-in/code/", views.SignInCodeView.as_view(), name="account_confirm_login_code"),
    path("accounts/sign-out/", allauth_views.logout, name="account_logout"),
    path("accounts/inactive/", allauth_views.account_inactive, name="account_inactive"),
    # allauth looks these two up by name: whoever has no sign-in is led to activation.
    path(
        "accounts/login/",
        RedirectView.as_view(pattern_name="account_request_login_code", query_string=True),
        name="account_login",
    ),
    path("accounts/signup/", RedirectView.as_view(pattern_name="activate"), name="account_signup"),
]
