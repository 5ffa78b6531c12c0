"""The gift-card catalogue, orders, gift cards and their redemption."""
