"""Public pages: where the card earns, questions and answers, terms, privacy, accessibility, contact.

This app owns no table. It tells what the programme's data say, and never holds a number of its own.
"""
