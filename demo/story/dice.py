"""Chance that falls the same way each time the story is told."""

from random import Random

SEED = "happy-card-2005"


class Dice(Random):
    """The dice of one part of the story. Parts do not share dice, so adding one leaves the others alone."""

    def __init__(self, *names: object) -> None:
        super().__init__("/".join([SEED, *map(str, names)]))

    def happens(self, probability: float) -> bool:
        """Say whether something of this probability happens."""
        return self.random() < probability
