"""Campaigns of bad calls: every public callable, every parameter, every kind of bad value."""
