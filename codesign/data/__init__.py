"""Data sets by name or folder, in disjoint splits."""
