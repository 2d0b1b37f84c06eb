"""Hydra plug-ins of yaynay: a launcher that fuses jobs, and the sweeper that goes with it."""
