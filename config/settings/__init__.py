"""Settings: `base` holds what is always true; `local`, `test` and `production` add what their place needs."""
