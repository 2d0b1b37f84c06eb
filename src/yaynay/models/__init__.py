"""What is fitted: the line in closed form, with terms or without, and fleets of networks.

`network` says what a network is, `units` cuts a table by its plan, `fleet` stacks all networks of one shape, and
`training_state` says which members stop when. `backends` train a fleet, `ols` and `ridge` fit the line, which
`least_squares` does on every fold, `terms` chooses what a `formula` adds to it, `scores` scores either fold by fold,
and `fitting` turns configurations into all of it. `equations` writes coefficients down, `served` predicts from raw
rows. What must be equal in all frameworks is NumPy code in this package.
"""
