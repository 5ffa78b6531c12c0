"""What is read of point accounts, for pages and for the apps above. Nothing here writes."""
