"""The member's own pages about themselves: contact details, consents, their data, and leaving."""
