"""A grid of configurations -> records.

`jobs` is what a command asked for, `fit` trains configurations of one shape as one fleet, `partition` cuts a grid into
such fleets, `workers` (forked from a `server`) and `ray_cluster` train them in processes or on a cluster, `run` does
all of it for a list of jobs, with `progress` on the terminal, and `summary` reports the result. `reproduce` trains
again what was `kept`.
"""

SWEEP = "YAYNAY_SWEEP"
"""Environment variable that holds this process's name for its sweep; workers inherit it."""
SWEEP_OWNER = "YAYNAY_SWEEP_OWNER"
"""Environment variable that says which process that is."""
