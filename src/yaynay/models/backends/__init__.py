"""Frameworks that train a fleet, behind the protocol in `base`; they never import each other."""
