"""Shows a succession from end to end: Smiles ends and Galeries Lafayette follows, with generated members."""
