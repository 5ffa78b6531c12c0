"""How a programme looks: from a few chosen colours to a stylesheet, a logo, icons and a manifest.

A brand is data. Nothing here knows one by its name, and nothing here changes the meaning of a page.
"""
