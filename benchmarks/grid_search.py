"""scikit-learn's MLPRegressor in GridSearchCV, nothing tracked; prints how many fits and their held-out error.

    python benchmarks/grid_search.py --data folds.npz --folds 3 --lr 0.001 0.01 --weight-decay 0 0.01 --jobs 2

A peer in `benchmarks/sweeps.py`, which makes the file of folds. Early stopping is off, so every fit takes all epochs.
"""

import argparse
import json

import numpy as np
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPRegressor


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--folds", type=int, default=1)
    parser.add_argument("--lr", type=float, nargs="+", required=True)
    parser.add_argument("--weight-decay", type=float, nargs="+", required=True)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    with np.load(options.data) as file:
        data = dict(file)
    network = MLPRegressor(
        hidden_layer_sizes=(options.width, options.width),
        batch_size=options.batch_size,
        max_iter=options.epochs,
        tol=0.0,
        n_iter_no_change=10**9,
        random_state=0,
    )
    search = GridSearchCV(
        network,
        {"learning_rate_init": options.lr, "alpha": options.weight_decay},
        scoring="neg_mean_squared_error",
        cv=[(data[f"train_{fold}"], data[f"held_{fold}"]) for fold in range(options.folds)],
        n_jobs=options.jobs,
        refit=False,
        error_score="raise",
    )
    search.fit(data["x"], data["y"])
    errors = -search.cv_results_["mean_test_score"]
    n_fits = len(errors) * options.folds
    print(json.dumps({"n_fits": n_fits, "rmse": float(np.sqrt(np.mean(errors)))}))


if __name__ == "__main__":
    main()
