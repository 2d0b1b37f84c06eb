"""Frameworks that train a fleet; they never import each other."""
