"""Records -> MLflow; the only package that imports mlflow.

`store` finds the place where runs are kept, `new_store` builds it, and `settings` and `preload` start MLflow. `runs`
makes MLflow runs from records, with their `artifacts`, and writes them through MLflow's API; `database` writes many at
once into MLflow's own tables. `live` writes them during a sweep, `sync` writes whole sweeps, `parent` is a sweep's own
run, and `model` logs what `model_code` serves.
"""
