"""How Django writes dates and times by itself, in each language that differs from its own."""
