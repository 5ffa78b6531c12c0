"""How people sign in: a member by a six-digit code sent by e-mail, never by a password."""

AUTH_USER_MODEL = "members.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_request_login_code"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

ALLAUTH_USER_CODE_FORMAT = {"numeric": True, "dashed": False, "length": 6}

ACCOUNT_ADAPTER = "members.adapter.SignInAdapter"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# A code sent to the address is what signs in: it proves the address each time, so nothing is left to verify.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_FORMS = {
    "confirm_login_code": "members.forms.SignInCodeForm",
    "request_login_code": "members.forms.SignInCodeRequestForm",
}
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 3
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = 3
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 10 * 60
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = "strict"
# For how many seconds a sign-in, or another proof of who one is, opens orders and changes of contact details.
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
# Counted in the shared cache, so that more processes do not mean more attempts. The daily limits on codes
# stop whoever guesses at one in a million; members/security/limits.py says what is counted for whom.
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key,20/h/key,60/d/key",
    "request_login_code": "20/m/ip,100/h/ip,500/d/ip",
    "code_of_known_browser": "3/m/key,10/h/key,40/d/key",
    "code_from_network": "3/m/key,6/h/key,15/d/key",
    "code_from_known_network": "3/m/key,10/h/key,20/d/key",
    "code_for_address": "20/h/key,60/d/key",
    "sign_in_try": "3/h/key",
    "activation": "20/m/ip,60/h/ip",
    "activation_from_network": "10/h/key,30/d/key",
    "activation_of_reference": "30/h/key,100/d/key",
    "activation_email": "10/m/ip,6/h/key",
    "activation_code": "30/m/ip",
    "prove": "10/m/user,60/d/user",
    "proof_code": "3/m/user,10/h/user,30/d/user",
    "email_change": "3/m/user,10/h/user,20/d/user",
    "email_change_code": "10/m/user,60/d/user",
    "household_join": "6/m/user,20/h/user,40/d/user,200/h/ip",
    "household_invite": "6/m/user,20/h/user,40/d/user",
    "personal_data": "3/m/user,20/h/user",
}

MFA_ADAPTER = "members.security.adapter.SecondFactorAdapter"
MFA_FORMS = {
    "activate_totp": "members.security.forms.AppForm",
    "add_webauthn": "members.security.forms.PasskeyForm",
    "authenticate": "members.security.forms.SecondFactorForm",
    "edit_webauthn": "members.security.forms.PasskeyNameForm",
}
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RATE_LIMITS = {"webauthn_login": "30/m/ip,300/h/ip"}
MFA_SUPPORTED_TYPES = ["recovery_codes", "totp", "webauthn"]
# The clock of a phone may be half a minute wrong.
MFA_TOTP_TOLERANCE = 1
MFA_TRUST_ENABLED = True
# A passkey always asks for the finger, the face or a PIN, so that a found phone opens nothing.
MFA_WEBAUTHN_USER_VERIFICATION = "required"
KNOWN_BROWSER_COOKIE_NAME = "known_browser"
TRUSTED_DEVICE_COOKIE_NAME = "trusted_device"
# Without one, staff are led to set it up before they see any page of staff. Only the demo does without.
STAFF_SECOND_FACTOR_REQUIRED = True

LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
