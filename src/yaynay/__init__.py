"""yaynay: is a neural network worth it over linear regression on this data?"""

__version__ = "0.1.0"
