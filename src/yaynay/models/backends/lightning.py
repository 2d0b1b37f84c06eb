"""`backend=torch`: a fleet as a LightningModule, its rows as a LightningDataModule.

state = TrainingState(make_fleet([configuration], table, plan))
module, data = FleetModule(state), FleetData(state)
pl.Trainer(max_epochs=100).fit(module, data)
module.state_dict()
"""

import ctypes
import logging
import warnings
from collections.abc import Callable, Iterator
from typing import cast

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from pytorch_lightning.callbacks import LambdaCallback
from pytorch_lightning.core.optimizer import LightningOptimizer
from torch import Tensor

from yaynay.errors import MachineError
from yaynay.models.backends.base import OnEpoch, Padded, training_data, validation_data
from yaynay.models.backends.stacked import OPTIMIZERS, FleetNetwork, PerMember
from yaynay.models.minibatches import count_repeats
from yaynay.models.network import Shape, Weights
from yaynay.models.training_state import TrainingState

Batch = tuple[Tensor, Tensor, Tensor]
"""Inputs (n_present, n_rows, n_features), targets and weights in the loss (n_present, n_rows)."""


def set_up_process() -> None:
    """Tune this process for small stacked products; `base.load` calls it, once per process.

    One thread, because a second gains nothing and sweeps use processes; none of Lightning's notices about the
    hardware, which come once per fit. And glibc keeps the memory that a step frees: handing megabytes back and forth
    costs a quarter of a fit. All three hold for the rest of the process.
    """
    torch.set_num_threads(1)
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return
    mallopt(-3, 1 << 30)  # M_MMAP_THRESHOLD
    mallopt(-1, (1 << 31) - 1)  # M_TRIM_THRESHOLD


def device(accelerator: str) -> str:
    """What Lightning would run on: "cpu", or "gpu" (CUDA or Apple's MPS).

    Raises:
        MachineError: A GPU was asked for and PyTorch finds none.
    """
    has_gpu = torch.cuda.is_available() or torch.backends.mps.is_available()
    if accelerator == "gpu" and not has_gpu:
        raise MachineError(
            "option 'trainer.accelerator': gpu was asked for, but PyTorch finds no GPU here; "
            "allowed here: auto, cpu; drop the option or set trainer.accelerator=cpu"
        )
    return "gpu" if has_gpu and accelerator != "cpu" else "cpu"


def predict(shape: Shape, weights: Weights, x: NDArray[np.floating]) -> NDArray[np.floating]:
    """Forward pass on the CPU, in the precision of `weights`."""
    dtype = next(iter(weights.values())).dtype
    with torch.inference_mode():
        return FleetNetwork(shape, weights)(torch.from_numpy(np.require(x, dtype, "W"))).numpy()


class FleetModule(pl.LightningModule):
    """All networks of a fleet as one module; `state_dict()` holds every member's best weights after a fit.

    Members share a step and nothing else: the gradient of the summed loss is each member's own. Optimization is
    manual in Lightning's sense, because automatic optimization costs 0.2 ms more per minibatch (docs/decisions/0008).

    Args:
        state: The state of training; it decides which members stop and which weights are kept.
        on_epoch: Called after each epoch.
    """

    def __init__(self, state: TrainingState, on_epoch: OnEpoch | None = None) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.state, self.on_epoch = state, on_epoch
        self.network = FleetNetwork(state.fleet.shape, state.fleet.weights())

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        fleet = self.state.fleet
        return OPTIMIZERS[fleet.optimizer](dict(self.network.named_parameters()), fleet.lr, fleet.weight_decay)

    def configure_callbacks(self) -> list[pl.Callback]:
        on_epoch = self.on_epoch
        if on_epoch is None:
            return [EarlyStopping()]
        return [EarlyStopping(), LambdaCallback(on_train_epoch_end=lambda *_: on_epoch(self.state))]

    def on_train_epoch_start(self) -> None:
        self.train_loss = torch.zeros(len(self.state.present), dtype=self.network.dtype, device=self.device)
        self.validation_loss = torch.zeros_like(self.train_loss)

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        optimizer = cast(LightningOptimizer, self.optimizers())
        optimizer.zero_grad()
        loss = self._loss(batch)
        self.manual_backward(loss.sum())
        optimizer.step()
        self.train_loss += loss.detach()

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        self.validation_loss = self._loss(batch)

    def _loss(self, batch: Batch) -> Tensor:
        """Weighted squared errors of each member, (n_present,)."""
        x, y, weight = batch
        return (weight * (self.network(x) - y) ** 2).sum(dim=1)


class EarlyStopping(pl.Callback):
    """Early stopping and best weights, member by member; `TrainingState` decides both."""

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        network = cast(FleetModule, pl_module).network
        self.best = {name: tensor.clone() for name, tensor in network.state_dict().items()}

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        module = cast(FleetModule, pl_module)
        state, present = module.state, module.state.present
        train_loss = _to_numpy(module.train_loss) / trainer.num_training_batches
        improved, kept = state.end_epoch(train_loss, _to_numpy(module.validation_loss))
        here = torch.as_tensor(np.flatnonzero(improved), device=module.device)
        members = torch.as_tensor(present[improved], device=module.device)
        for name, stack in module.network.state_dict().items():
            self.best[name].index_copy_(0, members, stack.index_select(0, here))
        if kept is not None:
            cast(PerMember, trainer.optimizers[0]).keep(kept)
        if trainer.logger is not None:
            module.log_dict(state.mean_losses())
        trainer.should_stop = state.is_over

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        for name, stack in cast(FleetModule, pl_module).network.named_parameters():
            stack.data, stack.grad = self.best[name], None


def _to_numpy(loss: Tensor) -> NDArray[np.float64]:
    return loss.cpu().numpy().astype(np.float64)


class FleetData(pl.LightningDataModule):
    """Rows of a fleet: minibatches to train on, and all held-out rows at once.

    Standardised rows of every unit are on the device; a minibatch is gathered from them.

    Args:
        state: The state of training; it draws the minibatches of the members present.
    """

    def __init__(self, state: TrainingState) -> None:
        super().__init__()
        self.state = state

    def setup(self, stage: str) -> None:
        device = torch.device("cpu") if self.trainer is None else self.trainer.strategy.root_device
        self.train = self._tensors(training_data(self.state.fleet), device)
        self.held_out = self._tensors(validation_data(self.state.fleet), device)

    @staticmethod
    def _tensors(data: Padded, device: torch.device) -> Batch:
        x, y, weight = (torch.from_numpy(array).to(device) for array in (data.x, data.y, data.weight))
        return x, y, weight

    def transfer_batch_to_device(self, batch: Batch, device: torch.device, dataloader_idx: int) -> Batch:
        """The rows are on the device already; looking at each tensor costs more than a small step's product."""
        return batch

    def train_dataloader(self) -> "_Batches":
        return _Batches(self._minibatches, self.state.fleet.n_batches)

    def val_dataloader(self) -> "_Batches":
        return _Batches(self._held_out_rows, 1)

    def _unit(self) -> Tensor:
        """Unit of each member present, (n_present,)."""
        return torch.as_tensor(self.state.fleet.unit[self.state.present], device=self.train[1].device)

    def _minibatches(self) -> Iterator[Batch]:
        (x, y, _), (positions, weights) = self.train, self.state.batches()
        n_repeats = count_repeats(positions)
        distinct = torch.as_tensor(np.require(positions[::n_repeats], requirements="W"), device=y.device)
        shares = torch.tensor(weights[::n_repeats], dtype=y.dtype, device=y.device)
        first = self._unit()[:, None] * y.shape[1]
        x, y = x.flatten(0, 1), y.flatten()
        for position, share in zip(distinct, shares, strict=True):
            flat = (first + position).flatten()
            rows = x.index_select(0, flat).view(*position.shape, -1), y.index_select(0, flat).view(position.shape)
            yield from [(*rows, share)] * n_repeats

    def _held_out_rows(self) -> Iterator[Batch]:
        unit = self._unit()
        x, y, weight = self.held_out
        yield x[unit], y[unit], weight[unit]


class _Batches:
    """What a dataloader is to Lightning: an iterable with a length; rows in memory need no workers."""

    def __init__(self, make: Callable[[], Iterator[Batch]], n_batches: int) -> None:
        self.make, self.n_batches = make, n_batches

    def __len__(self) -> int:
        return self.n_batches

    def __iter__(self) -> Iterator[Batch]:
        return self.make()


def train(state: TrainingState, device: str, on_epoch: OnEpoch | None) -> Weights:
    """Train a fleet in one Lightning fit; best weights of all members.

    Raises:
        KeyboardInterrupt: The fit was interrupted; Lightning itself would exit.
    """
    module = FleetModule(state, on_epoch)
    trainer = pl.Trainer(
        accelerator=device,
        devices=1,
        max_epochs=state.fleet.trainer.max_epochs,
        num_sanity_val_steps=0,
        limit_val_batches=int(state.fleet.units.n_validation.any()),
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    with warnings.catch_warnings():
        # Lightning 2.6 calls what PyTorch 2.13 has renamed; not our code
        warnings.filterwarnings("ignore", message=".isinstance.treespec, LeafSpec.. is deprecated")
        try:
            trainer.fit(module, FleetData(state))
        except SystemExit as ended:
            if isinstance(ended.__context__, KeyboardInterrupt):  # Lightning turns one into the other
                raise KeyboardInterrupt from ended
            raise
    return module.network.weights()
