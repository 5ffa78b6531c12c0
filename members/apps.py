"""Start-up of the members app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MembersConfig(AppConfig):
    """The members app."""

    name = "members"
    verbose_name = _("Members")
