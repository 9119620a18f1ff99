"""What compiler and board agree on; numpy only."""
