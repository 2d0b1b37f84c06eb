"""Frameworks that train a fleet, behind the protocol in `base`; they never import each other.

To add one: a module with `device`, `set_up_process`, `train` and `predict` (see `base`), and its name in `base.MODULES`
and the schema's `Backend`. tests/contract then checks that it gives the same numbers as the others.
"""
