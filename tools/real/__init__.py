"""Imports a real retailer's year through the ordinary commands and proves the ledger afterwards."""
