"""Addresses of everything that keeps an account safe. allauth looks most of them up by these names.

Of allauth's pages only those of this site are mounted, each behind its proof.
"""

from django.urls import path
from django.views.generic import RedirectView

from members.security import factors, views

to_security = RedirectView.as_view(pattern_name="security")

urlpatterns = [
    path("security/", views.security, name="security"),
    path("security/sessions/<int:session_id>/end/", views.end_one_session, name="end_session"),
    path("security/sessions/others/end/", views.end_other_sessions, name="end_other_sessions"),
    path("security/devices/<int:device_id>/forget/", views.forget_trusted_device, name="forget_device"),
    path("security/passkeys/add/", factors.AddPasskeyView.as_view(), name="mfa_add_webauthn"),
    path("security/passkeys/<int:pk>/name/", factors.RenamePasskeyView.as_view(), name="mfa_edit_webauthn"),
    path(
        "security/passkeys/<int:pk>/remove/", factors.RemovePasskeyView.as_view(), name="mfa_remove_webauthn"
    ),
    path("security/app/add/", factors.AddAppView.as_view(), name="mfa_activate_totp"),
    path("security/app/remove/", factors.RemoveAppView.as_view(), name="mfa_deactivate_totp"),
    path("security/recovery-codes/", factors.RecoveryCodesView.as_view(), name="mfa_view_recovery_codes"),
    path(
        "security/recovery-codes/new/",
        factors.NewRecoveryCodesView.as_view(),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "security/recovery-codes/file/",
        factors.DownloadCodesView.as_view(),
        name="mfa_download_recovery_codes",
    ),
    path("accounts/prove/", views.prove, name="account_reauthenticate"),
    path("accounts/sign-in/passkey/", factors.PasskeySignInView.as_view(), name="mfa_login_webauthn"),
    path("accounts/sign-in/second-factor/", factors.SecondFactorView.as_view(), name="mfa_authenticate"),
    path("accounts/sign-in/trust/", factors.TrustDeviceView.as_view(), name="mfa_trust"),
    # allauth leads here by name once it is done.
    path("security/factors/", to_security, name="mfa_index"),
    path("security/passkeys/", to_security, name="mfa_list_webauthn"),
]
