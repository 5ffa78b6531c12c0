"""Keeps secrets out of the logs: whatever is logged passes here last."""

import logging
import re

# Card and gift-card numbers, also when written in groups.
_LONG_NUMBER = re.compile(r"(?<!\d)\d(?:[ -]?\d){11,18}(?!\d)")
_NAMED_SECRET = re.compile(
    r"(?i)\b(authorization|code|cookie|csrfmiddlewaretoken|key|password|secret|session(?:id)?|token|uid)"
    r"(['\"]?\s*[=:]\s*['\"]?)(?:Bearer\s+|Basic\s+)?[^\s'\"&,;)}]+"
)
_ADDRESS_PASSWORD = re.compile(r"(://[^/\s:@]*):[^/\s@]+@")


def without_secrets(text: str) -> str:
    """Return the text with long numbers, values named like a secret and passwords in addresses masked."""
    text = _NAMED_SECRET.sub(r"\1\2***", text)
    text = _ADDRESS_PASSWORD.sub(r"\1:***@", text)
    return _LONG_NUMBER.sub("***", text)


class SafeFormatter(logging.Formatter):
    """Masks secrets in the finished text, traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        """Format as usual, then mask."""
        return without_secrets(super().format(record))
