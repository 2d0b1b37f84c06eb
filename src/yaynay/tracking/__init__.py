"""Records -> MLflow; the only package that imports mlflow.

`store` finds the place where runs are kept, `new_store` builds it, and `settings` and `preload` start MLflow. `runs`
makes MLflow runs from records, with their `artifacts`; `database` writes many at once into MLflow's own tables. `live`
writes during a sweep, `sync` whole sweeps, `parent` a sweep's own run, `model` saves what `model_code` serves, and
`lookup` says which record a run shows.
"""
