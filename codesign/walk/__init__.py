"""The steps of `codesign compile` in order, and the folder they write."""
