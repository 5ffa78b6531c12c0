"""Pictures of every page of the running demo, for the documents."""
