"""Heads: what they are, how they are trained, what they answered."""
