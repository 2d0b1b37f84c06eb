"""A plain PyTorch loop, one fit after another, nothing tracked; prints how many fits and their held-out error.

    python benchmarks/plain_loop.py --data folds.npz --folds 3 --lr 0.001 0.01 --weight-decay 0 0.01 --threads 1

A peer in `benchmarks/sweeps.py`, which makes the file of folds.
"""

import argparse
import json
from itertools import product

import numpy as np
import torch
from torch import Tensor, nn


def fit(x: Tensor, y: Tensor, options: argparse.Namespace, lr: float, weight_decay: float) -> nn.Module:
    """Train one network."""
    torch.manual_seed(0)
    width = options.width
    network = nn.Sequential(
        nn.Linear(x.shape[1], width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1)
    )
    optimizer = torch.optim.AdamW(network.parameters(), lr=lr, weight_decay=weight_decay)
    for _ in range(options.epochs):
        for rows in torch.randperm(len(x)).split(options.batch_size):
            optimizer.zero_grad()
            nn.functional.mse_loss(network(x[rows])[:, 0], y[rows]).backward()
            optimizer.step()
    return network


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--folds", type=int, default=1)
    parser.add_argument("--lr", type=float, nargs="+", required=True)
    parser.add_argument("--weight-decay", type=float, nargs="+", required=True)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--threads", type=int, default=0, help="0 leaves PyTorch's own choice")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    with np.load(options.data) as file:
        data = {name: torch.from_numpy(array) for name, array in file.items()}
    errors = []
    for lr, weight_decay, fold in product(options.lr, options.weight_decay, range(options.folds)):
        train, held = data[f"train_{fold}"], data[f"held_{fold}"]
        network = fit(data["x"][train], data["y"][train], options, lr, weight_decay)
        with torch.inference_mode():
            errors.append(float(nn.functional.mse_loss(network(data["x"][held])[:, 0], data["y"][held])))
    print(json.dumps({"n_fits": len(errors), "rmse": float(np.sqrt(np.mean(errors)))}))


if __name__ == "__main__":
    main()
