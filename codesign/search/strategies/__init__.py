"""Ways to search: each proposes designs (`ask`) and learns what they are worth (`tell`), behind one Protocol."""
