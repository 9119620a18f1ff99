"""What may be chosen: the backbone, its exits, the operating point."""
