"""How the portal behaves as its accounts grow in number: `python -m bench.size --accounts 1000000`."""
