"""Records -> MLflow; the only room that imports mlflow.

`store` finds or builds the place where runs are kept. `runs` makes MLflow runs of records and writes them by MLflow's
API; `database` writes many at once into MLflow's own tables. `live` writes them beside a sweep, `sync` brings whole
sweeps in, `parent` is a sweep's own run, and `model` logs what `model_code` serves.
"""
