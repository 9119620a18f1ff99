"""Labelled NPZ files and image folders, for replay."""
