"""Points that staff give, take or bring back, within limits; above them a second person must consent."""
