"""The demo: a small story loaded through the ordinary imports, and the mailbox where its e-mail lands.

It is installed only on one's own machine, never in production. No other app knows it.
"""
