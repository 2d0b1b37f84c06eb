"""What is fitted: the line in closed form, and fleets of networks.

`network` says what a network is, `units` cuts a table by its plan, and `fleet` stacks all networks of one shape;
`backends` train a fleet, `ols` and `least_squares` fit the line, and `scores` judges either fold by fold. Everything
that must be equal in all frameworks is NumPy and stands here.
"""
