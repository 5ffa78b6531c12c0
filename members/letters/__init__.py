"""The e-mails to members: what a letter says, under whose name it goes, and the one way in which it is sent.

Nothing here decides who gets a letter, and nothing keeps what a letter said.
"""
