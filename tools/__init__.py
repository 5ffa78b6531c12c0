"""Programs for the people who run and build the portal; no part of the site imports them."""
