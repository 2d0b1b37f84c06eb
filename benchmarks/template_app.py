"""One fit per job, as the usual Lightning and Hydra template does it: Trainer, DataLoader and MLFlowLogger.

    python benchmarks/template_app.py -m data=folds.npz lr=0.001,0.01 weight_decay=0,0.01
    python benchmarks/template_app.py -m data=folds.npz lr=0.001,0.01 hydra/launcher=joblib hydra.launcher.n_jobs=2

A peer in `benchmarks/sweeps.py`, which makes the file of folds. Checkpoints, progress bar and summary are off.
"""

import logging
from dataclasses import dataclass

import hydra
import numpy as np
import pytorch_lightning as pl
import torch
from hydra.core.config_store import ConfigStore
from omegaconf import MISSING
from pytorch_lightning.loggers import MLFlowLogger
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset


@dataclass
class Config:
    """One fit."""

    data: str = MISSING
    tracking_uri: str = "sqlite:///mlflow.db"
    fold: int = 0
    lr: float = 0.01
    weight_decay: float = 0.0
    width: int = 64
    batch_size: int = 64
    max_epochs: int = 30
    seed: int = 0


ConfigStore.instance().store(name="template", node=Config)


class Regressor(pl.LightningModule):
    """A network with two hidden layers."""

    def __init__(self, n_features: int, width: int, lr: float, weight_decay: float) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.network = nn.Sequential(
            nn.Linear(n_features, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1)
        )

    def training_step(self, batch: list[Tensor], batch_idx: int) -> Tensor:
        x, y = batch
        loss = nn.functional.mse_loss(self.network(x)[:, 0], y)
        self.log("train/loss", loss, on_step=False, on_epoch=True)
        return loss

    def validation_step(self, batch: list[Tensor], batch_idx: int) -> None:
        x, y = batch
        self.log("val/loss", nn.functional.mse_loss(self.network(x)[:, 0], y), on_epoch=True)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.parameters(), lr=self.hparams["lr"], weight_decay=self.hparams["weight_decay"])


def load(config: Config, rows: str, shuffle: bool) -> DataLoader:
    """Rows "train" or "held" of the fold, in minibatches."""
    with np.load(config.data) as data:
        here = data[f"{rows}_{config.fold}"]
        dataset = TensorDataset(torch.from_numpy(data["x"][here]), torch.from_numpy(data["y"][here]))
    return DataLoader(dataset, batch_size=config.batch_size, shuffle=shuffle)


@hydra.main(version_base="1.3", config_path=None, config_name="template")
def main(config: Config) -> float:
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
    pl.seed_everything(config.seed, verbose=False)
    training, held = load(config, "train", True), load(config, "held", False)
    logger = MLFlowLogger("template", tracking_uri=config.tracking_uri)
    logger.log_hyperparams(dict(config))
    trainer = pl.Trainer(
        accelerator="cpu",
        devices=1,
        max_epochs=config.max_epochs,
        logger=logger,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    n_features = training.dataset[0][0].shape[0]
    trainer.fit(Regressor(n_features, config.width, config.lr, config.weight_decay), training, held)
    return float(trainer.callback_metrics["val/loss"])


if __name__ == "__main__":
    main()
