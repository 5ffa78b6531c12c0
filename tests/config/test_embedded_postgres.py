"""The embedded server: started when needed, stopped by the last who uses it, and never left behind."""
