"""What finance closes the month with: figures that are sums of entries and lots, and nothing else."""
