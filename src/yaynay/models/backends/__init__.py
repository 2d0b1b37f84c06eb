"""Frameworks that train a fleet, behind the one protocol of `base`; they never import each other."""
