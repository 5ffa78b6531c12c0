"""Files of stores, cardholders and purchases: from bytes to verdicts, chunk by chunk."""
