"""Hydra plug-ins of yaynay: a launcher that fuses jobs, and the sweeper that goes with it.

Hydra imports every module here at each start but those named with an underscore, which hold what is slow to load.
"""
