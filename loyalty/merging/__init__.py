"""Two members who are one person: their points become one account's, and two accounts' again."""
