"""Measures the speed beside honest references in the same run. No test runs it."""
