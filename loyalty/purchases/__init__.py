"""From a reported line to its verdict: checks, the earning rule, recording and settling what had to wait."""
