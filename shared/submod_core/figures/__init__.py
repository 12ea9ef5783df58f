"""Figures: explanations, groups and mistakes drawn. They need matplotlib."""
