"""Records -> MLflow; the only room that imports mlflow.

`store` finds or builds the place, `rows` and `runs` turn records into MLflow runs, `live` writes them beside a sweep,
`sync` brings whole sweeps in, and `model` is what MLflow serves.
"""
