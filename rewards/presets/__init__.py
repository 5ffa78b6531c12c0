"""Programmes that load with one command. A preset is data; loading one is the only code here.

It stands in this app because a programme's gift cards belong to its preset, and no lower app knows them.
"""
