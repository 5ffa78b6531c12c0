"""Start-up of the demo app."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """The demo, known to its own page and commands only."""

    name = "demo"
    verbose_name = "Demo"
