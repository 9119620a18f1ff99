"""What hardware offers, as Protocols; a profile for each board, and boards that exist as equations."""
