"""Records -> MLflow; the only package that imports mlflow.

`store` finds or builds the place where runs are kept. `runs` makes MLflow runs from records, with their `artifacts`,
and writes them through MLflow's API; `database` writes many at once into MLflow's own tables. `live` writes them during
a sweep, `sync` writes whole sweeps, `parent` is a sweep's own run, and `model` saves what `model_code` serves.
`lookup` says which record a run shows.
"""
