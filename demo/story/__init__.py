"""The story that the demo tells: who, where, what and when. Pure data, no database."""
