"""yaynay: is a neural network worth it over linear regression on this data?

Packages in the order of the flow, each importing only those before it: `config` (what may be asked), `data` (a table
and its plan), `models` (the line, networks, fleets), `records` (what a run leaves), `verdict`, `reports`, `tracking`
(MLflow), `sweep` (a grid of configurations -> records) and `cli`; the commands are beside them.
"""

__version__ = "0.1.0"
