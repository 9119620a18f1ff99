"""Where a backbone comes from, and what work is in it."""
