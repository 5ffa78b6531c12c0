"""The site of the admin: the theme's, which lists all models only where the list is shown."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from unfold.sites import UnfoldAdminSite


class PortalAdminSite(UnfoldAdminSite):
    """Asks what the reader may do with every model when a page shows that, and not for each page."""

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:  # noqa: ANN401 - it acts as the list
        """Return the models that the reader may see, by app."""
        return SimpleLazyObject(lambda: super(PortalAdminSite, self).get_app_list(request, app_label))
