"""Records -> MLflow; the only part that imports mlflow."""
