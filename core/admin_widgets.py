"""Fields of the admin as browsers draw them best."""

from datetime import date
from typing import Any

from unfold.widgets import UnfoldAdminTextInputWidget


class DayInput(UnfoldAdminTextInputWidget):
    """A day, typed or chosen in the browser's own calendar, which needs no script."""

    input_type = "date"

    def format_value(self, value: Any) -> str | None:  # noqa: ANN401 - Django's own signature
        """Write a day as browsers want it, whatever the language."""
        return value.isoformat() if isinstance(value, date) else super().format_value(value)
