"""How many lots one transaction ends: as many as a member who waits for it does not notice.

A large transaction costs less a lot and lets whoever needs one of its accounts wait for longer. How long it
takes depends on the machine and on what else runs there, so each transaction decides on the next one.
"""

FEWEST, MOST = 200, 1600
SECONDS = 0.02
"""What a transaction may take: a fifth of the wait that nobody may notice, as disks have bad moments."""


class Pace:
    """How many lots to end next, by how long the last ones took."""

    def __init__(self) -> None:
        self._lots = FEWEST

    @property
    def lots(self) -> int:
        """So many lots next. Few numbers are ever given, so that PostgreSQL keeps a plan for each."""
        return min(max(self._lots, FEWEST), MOST)

    def took(self, seconds: float) -> None:
        """Learn how long the last ones took: half as many when it was long, twice when it was short."""
        if seconds > SECONDS:
            self._lots = max(FEWEST, self.lots // 2)
        elif 2 * seconds < SECONDS:
            self._lots = min(MOST, self.lots * 2)
