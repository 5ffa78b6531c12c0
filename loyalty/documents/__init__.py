"""The statement as files to keep: every line as CSV, and a period as a PDF document."""
