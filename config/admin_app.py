"""Where Django's admin gets its site from."""

from django.contrib.admin.apps import AdminConfig


class PortalAdminConfig(AdminConfig):
    """The admin, with the portal's own site."""

    default_site = "core.admin_site.PortalAdminSite"
