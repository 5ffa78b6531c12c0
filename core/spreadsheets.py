"""Text that goes into files which spreadsheets open: none of it may run as a formula there."""

STARTS_OF_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe_text(text: str) -> str:
    """Return the text, with an apostrophe before it when a spreadsheet would take it for a formula."""
    begins_a_formula = text.startswith(STARTS_OF_FORMULAS) or text.lstrip().startswith(STARTS_OF_FORMULAS)
    return "'" + text if begins_a_formula else text
