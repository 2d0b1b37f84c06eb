"""`backend=torch`: a fleet as one LightningModule, trained in one Lightning fit."""

import ctypes
import logging
import warnings
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.optim.adam import adam
from torch.optim.sgd import sgd

from yaynay.errors import MachineError
from yaynay.models.backends.base import OnEpoch, Padded, pass_once, starting_weights, training_data, validation_data
from yaynay.models.fleet import Course, Fleet
from yaynay.models.network import Shape, Weights, is_decayed

_ACTIVATE = {"relu": torch.relu, "silu": torch.nn.functional.silu, "tanh": torch.tanh}


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


def forward(shape: Shape, weights: dict[str, Tensor], x: Tensor) -> Tensor:
    """Outputs of stacked networks, (n_members, n_rows), for x (n_members, n_rows, n_features)."""
    activate = _ACTIVATE[shape.activation]
    hidden = x
    for i in range(shape.depth):
        hidden = activate(torch.baddbmm(weights[f"layer{i}.bias"], hidden, weights[f"layer{i}.weight"]))
    output = _dot(hidden, weights[f"layer{shape.depth}.weight"]) + weights[f"layer{shape.depth}.bias"][..., 0]
    return output + _dot(x, weights["skip.weight"]) if shape.has_skip else output


def _dot(x: Tensor, weight: Tensor) -> Tensor:
    """x (n_members, n_rows, n) by weight (n_members, n, 1): a product with one column is slow as a matrix product."""
    return (x * weight.transpose(1, 2)).sum(dim=2)


def predict(shape: Shape, weights: Weights, x: NDArray[np.floating]) -> NDArray[np.floating]:
    """Forward pass on the CPU, in the precision of `weights`."""
    dtype = next(iter(weights.values())).dtype
    tensors = {name: torch.from_numpy(np.require(array, dtype, "W")) for name, array in weights.items()}
    with torch.inference_mode():
        return forward(shape, tensors, torch.from_numpy(np.require(x, dtype, "W"))).numpy()


class _Updates:
    """PyTorch's own optimizer steps over stacked arrays, each configuration with its rates."""

    def __init__(self, fleet: Fleet, weights: dict[str, Tensor]) -> None:
        self.name = fleet.regime.optimizer
        self.draws = fleet.draws
        self.weights = weights
        n_moments = 0 if self.name == "sgd" else 2
        self.moments = [{name: torch.zeros_like(tensor) for name, tensor in weights.items()} for _ in range(n_moments)]
        self.n_steps = torch.zeros((), device=next(iter(weights.values())).device)
        self.place(fleet.draw)

    def place(self, draw: NDArray[np.intp]) -> None:
        """Say which configuration each member present has, (n_present,); members come sorted by it."""
        edges = np.searchsorted(draw, np.arange(len(self.draws) + 1))
        spans = [slice(*edge) for edge in pairwise(edges.tolist())]
        self.spans = [(one, span) for one, span in zip(self.draws, spans, strict=True) if span.start < span.stop]

    def step(self, gradients: dict[str, Tensor]) -> None:
        for draw, span in self.spans:
            for has_decay in (True, False):
                names = [name for name in self.weights if is_decayed(name) is has_decay]
                if names:
                    self._update(names, gradients, span, draw.lr, draw.weight_decay if has_decay else 0.0)
        self.n_steps += 1

    def _update(
        self, names: list[str], gradients: dict[str, Tensor], span: slice, lr: float, weight_decay: float
    ) -> None:
        weights = [self.weights[name].detach()[span] for name in names]
        slopes = [gradients[name][span] for name in names]
        if self.name == "sgd":
            plain: list[Tensor | None] = [None] * len(names)
            sgd(
                weights,
                slopes,
                plain,
                weight_decay=weight_decay,
                momentum=0.0,
                lr=lr,
                dampening=0.0,
                nesterov=False,
                maximize=False,
            )
            return
        first, second = ([moment[name][span] for name in names] for moment in self.moments)
        steps = [self.n_steps.clone() for _ in names]  # the update counts its own step
        adam(
            weights,
            slopes,
            first,
            second,
            [],
            steps,
            fused=True,
            decoupled_weight_decay=self.name == "adamw",
            amsgrad=False,
            beta1=0.9,
            beta2=0.999,
            lr=lr,
            weight_decay=weight_decay,
            eps=1e-8,
            maximize=False,
        )

    def drop(self, weights: dict[str, Tensor], kept: Tensor, draw: NDArray[np.intp]) -> None:
        self.weights = weights
        self.moments = [{name: tensor[kept] for name, tensor in moment.items()} for moment in self.moments]
        self.place(draw)


class FleetModule(pl.LightningModule):
    """Stacked networks as one LightningModule; one training step is one pass over the data.

    Optimisation is manual, because each member stops, keeps its best weights and leaves on its own.
    """

    def __init__(self, fleet: Fleet, course: Course) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.fleet, self.course = fleet, course

    def on_fit_start(self) -> None:
        """Move data and weights to the device once."""
        self.present = torch.as_tensor(self.fleet.unit, device=self.device)
        self.train_x, self.train_y, _ = self._tensors(training_data(self.fleet))
        self.held_x, self.held_y, self.held_weight = self._tensors(validation_data(self.fleet))
        start = starting_weights(self.fleet)
        self.stack = {name: torch.from_numpy(array).to(self.device).requires_grad_() for name, array in start.items()}
        self.kept = {name: tensor.detach().clone() for name, tensor in self.stack.items()}
        self.places = torch.arange(self.fleet.n_members, device=self.device)
        self.updates = _Updates(self.fleet, self.stack)

    def _tensors(self, data: Padded) -> tuple[Tensor, Tensor, Tensor]:
        x, y, weight = (torch.from_numpy(array).to(self.device) for array in (data.x, data.y, data.weight))
        return x, y, weight

    def configure_optimizers(self) -> None:
        """The steps are taken in `train_epoch`."""

    def train_dataloader(self) -> "_Epochs":
        return _Epochs(self.course)

    def training_step(self, batch: tuple[NDArray, NDArray], batch_idx: int) -> None:
        pass_once(self, self.course, *batch)
        self.trainer.should_stop = self.course.is_over

    def train_epoch(self, positions: NDArray[np.intp], weights: NDArray[np.float64]) -> NDArray:
        unit = self.present[:, None]
        places = torch.as_tensor(positions, device=self.device)
        shares = torch.as_tensor(weights, dtype=self.train_y.dtype, device=self.device)
        names, tensors = list(self.stack), list(self.stack.values())
        total = torch.zeros(len(self.present), dtype=self.train_y.dtype, device=self.device)
        for place, share in zip(places, shares, strict=True):
            x, y = self._rows(unit * self.train_y.shape[1] + place)
            loss = (share * (forward(self.shape, self.stack, x) - y) ** 2).sum(dim=1)
            gradients = torch.autograd.grad(loss.sum(), tensors)
            self.updates.step(dict(zip(names, gradients, strict=True)))
            total += loss.detach()
        return (total / len(places)).cpu().numpy().astype(np.float64)

    def _rows(self, flat: Tensor) -> tuple[Tensor, Tensor]:
        """Training rows by number, counted through all units, x (*, n_features) and y (*) for flat (*)."""
        rows = flat.reshape(-1)
        x = self.train_x.flatten(0, 1).index_select(0, rows)
        y = self.train_y.reshape(-1).index_select(0, rows)
        return x.view(*flat.shape, -1), y.view(flat.shape)

    @property
    def shape(self) -> Shape:
        return self.fleet.shape

    @torch.no_grad()
    def validate(self) -> NDArray:
        if self.held_x.shape[1] == 0:
            return np.zeros(len(self.present))
        error = forward(self.shape, self.stack, self.held_x[self.present]) - self.held_y[self.present]
        return (self.held_weight[self.present] * error**2).sum(dim=1).cpu().numpy().astype(np.float64)

    @torch.no_grad()
    def keep_best(self, improved: NDArray[np.bool_]) -> None:
        here = torch.as_tensor(np.flatnonzero(improved), device=self.device)
        for name, tensor in self.stack.items():
            self.kept[name][self.places[here]] = tensor[here]

    @torch.no_grad()
    def drop(self, kept: NDArray[np.intp]) -> None:
        here = torch.as_tensor(kept, device=self.device)
        self.present, self.places = self.present[here], self.places[here]
        self.stack = {name: tensor[here].requires_grad_() for name, tensor in self.stack.items()}
        self.updates.drop(self.stack, here, self.fleet.draw[self.places.cpu().numpy()])

    def best(self) -> Weights:
        return {name: tensor.cpu().numpy() for name, tensor in self.kept.items()}


class _Epochs:
    """Minibatches of an epoch, as one item."""

    def __init__(self, course: Course) -> None:
        self.course = course

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[tuple[NDArray, NDArray]]:
        yield self.course.batches()


class _Progress(pl.Callback):
    def __init__(self, course: Course, on_epoch: OnEpoch) -> None:
        self.course, self.on_epoch = course, on_epoch

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.on_epoch(self.course)


def _keep_memory() -> None:
    """Let glibc keep what a step frees: handing megabytes back and forth costs a quarter of a fit."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return
    mallopt(-3, 1 << 30)  # M_MMAP_THRESHOLD
    mallopt(-1, (1 << 31) - 1)  # M_TRIM_THRESHOLD


def train(fleet: Fleet, course: Course, device: str, on_epoch: OnEpoch | None) -> FleetModule:
    """Train a fleet in one Lightning fit."""
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
    _keep_memory()
    torch.set_num_threads(1)  # small stacked products gain nothing from a second thread; sweeps use processes
    module = FleetModule(fleet, course)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*configure_optimizers. returned .None.*")
        warnings.filterwarnings("ignore", message=".*does not have many workers.*")
        warnings.filterwarnings("ignore", message="GPU available but not used")
        warnings.filterwarnings("ignore", message=".isinstance.treespec, LeafSpec.. is deprecated")
        trainer = pl.Trainer(
            accelerator=device,
            devices=1,
            max_epochs=fleet.regime.max_epochs,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            callbacks=[] if on_epoch is None else [_Progress(course, on_epoch)],
        )
        try:
            trainer.fit(module)
        except SystemExit as ended:
            if isinstance(ended.__context__, KeyboardInterrupt):  # Lightning turns one into the other
                raise KeyboardInterrupt from ended
            raise
    return module
