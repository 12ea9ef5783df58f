"""Version of the distribution, which all three packages share."""

__version__ = "0.2.0"
