"""What a batch of movements does to its accounts, worked out without a database.

Debits take from the lot that expires first, then from the one available first. A return takes from its own
purchase's lot before any other, so that buying and returning never makes older points live longer, then from
points that wait; what is not there becomes points owed, which the next credits repay. Nothing is clamped and
nothing is dropped.

A lot whose last day is over serves no order and covers no debt, whether the expiry job has run or not. Only
what takes back its own points may still take from it, and undoes its expiry as far as needed: the order in
which an expiry and a late return are posted does not change the balance.

`batch` says which operation makes which entries; each operation has its module.
"""
