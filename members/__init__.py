"""The person, their cards, activation and sign-in.

Nothing here knows a point, a partner or a gift card.
"""
