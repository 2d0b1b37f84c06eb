"""Hydra plug-ins of yaynay: a launcher that fuses jobs, and the sweeper that goes with it.

Hydra imports every module here at each start, so what is slow to load is imported inside functions.
"""
