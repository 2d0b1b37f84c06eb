"""Many networks of one shape, trained as one tensor program.

A *unit* is one piece of data to train on: an inner fold of an outer training set, with its own
standardisation. A *member* is one network: a unit, a configuration's learning rate and weight decay, and a
seed. Members of one shape are stacked; what must be equal in every backend (starting weights, minibatch
order, standardisation, early stopping) is decided here in NumPy.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from yaynay.models.network import Shape, Weights, initial_weights, weights_from_values
from yaynay.models.units import Units


@dataclass(frozen=True)
class Regime:
    """How a fleet is trained; all of its members share it.

    Attributes:
        optimizer: "sgd", "adam" or "adamw".
        loss: "mean" (mean square of the minibatch), "sum" (sum of squares) or "half_mean" (a minibatch's
            share of sum of squares / (2 n_train)).
        batch_size: Rows of a minibatch; None for all training rows at once.
        shuffle: Draw a new order each epoch; otherwise rows come as they stand in the table.
        patience: Epochs without a better validation loss until a member stops; None never stops and keeps
            the last weights.
    """

    optimizer: str = "adamw"
    loss: str = "mean"
    batch_size: int | None = None
    shuffle: bool = True
    max_epochs: int = 100
    patience: int | None = None
    precision: int = 32

    @property
    def dtype(self) -> type[np.floating]:
        return np.float64 if self.precision == 64 else np.float32


@dataclass(frozen=True)
class Draw:
    """What sets one configuration of a fleet apart from the others."""

    lr: float
    weight_decay: float
    seed: int


@dataclass(frozen=True, eq=False)
class Fleet:
    """Members ready to train.

    Attributes:
        shape: Every member's network.
        regime: How they are trained.
        x, y: The table, (n_rows, n_features) and (n_rows,).
        units: Data of the units.
        draws: The configurations fused into this fleet; members come configuration by configuration.
        start: Starting values; None draws them, a list gives every member the same.
    """

    shape: Shape
    regime: Regime
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    units: Units
    draws: tuple[Draw, ...]
    start: Sequence[float] | None = None

    @property
    def n_members(self) -> int:
        return len(self.draws) * len(self.units)

    @cached_property
    def unit(self) -> NDArray[np.intp]:
        """Unit of each member, (n_members,)."""
        return np.tile(np.arange(len(self.units)), len(self.draws))

    @cached_property
    def draw(self) -> NDArray[np.intp]:
        """Configuration of each member, (n_members,)."""
        return np.repeat(np.arange(len(self.draws)), len(self.units))

    @property
    def lr(self) -> NDArray[np.float64]:
        """Learning rate of each member, (n_members,)."""
        return np.array([draw.lr for draw in self.draws])[self.draw]

    @property
    def weight_decay(self) -> NDArray[np.float64]:
        """Weight decay of each member, (n_members,)."""
        return np.array([draw.weight_decay for draw in self.draws])[self.draw]

    @cached_property
    def seeds(self) -> list[int]:
        """Distinct seeds, in order of first use."""
        return list(dict.fromkeys(draw.seed for draw in self.draws))

    @cached_property
    def stream(self) -> NDArray[np.intp]:
        """Minibatch stream of each member: a unit under a seed, (n_members,)."""
        seed = np.array([self.seeds.index(draw.seed) for draw in self.draws])[self.draw]
        return seed * len(self.units) + self.unit

    def weights(self) -> Weights:
        """Starting weights of all members, float64. They depend on seed and unit alone, never on the fleet."""
        n_units = len(self.units)
        if self.start is not None:
            return weights_from_values(self.shape, self.n_members, list(self.start))
        by_seed = {seed: initial_weights(self.shape, n_units, seed) for seed in self.seeds}
        if self.shape.has_skip:
            line = self._lines()
            for weights in by_seed.values():
                weights |= line
        parts = [by_seed[draw.seed] for draw in self.draws]
        return {name: np.concatenate([part[name] for part in parts]) for name in self.shape.weight_shapes}

    def _lines(self) -> Weights:
        """Each unit's least-squares line, on standardised data: where a network with a skip starts."""
        slopes, offsets = [], []
        for unit in range(len(self.units)):
            rows = self.units.train_rows[unit, : self.units.n_train[unit]]
            x = self.units.standardise(self.x[rows], unit)
            y = (self.y[rows] - self.units.y_mean[unit]) / self.units.y_scale[unit]
            design = np.column_stack([np.ones(len(x)), x])
            solution = np.linalg.lstsq(design, y, rcond=1e-10)[0]
            offsets.append(solution[0])
            slopes.append(solution[1:])
        return {
            "skip.weight": np.array(slopes)[:, :, None],
            f"layer{self.shape.depth}.bias": np.array(offsets)[:, None, None],
        }

    @cached_property
    def n_batches(self) -> int:
        """Minibatches of an epoch, the same for every member."""
        longest = int(self.units.n_train.max())
        return 1 if self.regime.batch_size is None else -(-longest // self.regime.batch_size)

    @cached_property
    def _slots(self) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Places of each unit's order that a minibatch takes, and each row's weight in the loss.

        Every unit deals its rows out evenly over the same number of minibatches. Both arrays are
        (n_batches, n_units, batch_size); an empty place has weight 0.
        """
        n_train = self.units.n_train[None, :]
        edges = np.arange(self.n_batches + 1)[:, None] * n_train // self.n_batches
        size = np.diff(edges, axis=0)
        place = edges[:-1, :, None] + np.arange(int(size.max()))
        is_used = place < edges[1:, :, None]
        share = {"mean": 1 / np.maximum(size, 1), "sum": np.ones_like(size), "half_mean": 0.5 / n_train}
        weight = np.where(is_used, np.broadcast_to(share[self.regime.loss], size.shape)[:, :, None], 0.0)
        return np.where(is_used, place, 0), weight

    def batches(self, epoch: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Minibatches of one epoch.

        Returns:
            positions: Places among a unit's training rows, (n_batches, n_streams, batch_size).
            weights: Each row's weight in its minibatch's loss, of the same shape.
        """
        place, weight = self._slots
        n_streams = len(self.seeds) * len(self.units)
        place = np.tile(place, (1, len(self.seeds), 1))
        weight = np.tile(weight, (1, len(self.seeds), 1))
        if not self.regime.shuffle or self.n_batches == 1:
            return place, weight
        longest = self.units.train_rows.shape[1]
        keys = np.concatenate(
            [
                np.random.default_rng([seed, 3, epoch]).random((len(self.units), longest), dtype=np.float32)
                for seed in self.seeds
            ]
        )
        is_padding = np.arange(longest) >= np.tile(self.units.n_train, len(self.seeds))[:, None]
        keys[is_padding] = 2.0
        order = np.argsort(keys, axis=1, kind="stable")
        return order[np.arange(n_streams)[None, :, None], place], weight


@dataclass(eq=False)
class Course:
    """Where a fleet's training stands: who still trains, who was best when, and the learning curves.

    A backend asks `end_epoch` after each pass what to keep and whom to drop; nothing here is in a framework.

    Attributes:
        present: Members that the backend still holds, in its order, (n_present,).
        best_loss, best_epoch: Best validation loss of each member and the epoch (from 0) that gave it.
        diverged_at: First epoch with a loss that is not finite, -1 for none, (n_members,).
    """

    fleet: Fleet

    def __post_init__(self) -> None:
        n_members = self.fleet.n_members
        self.present = np.arange(n_members)
        self.best_loss = np.full(n_members, np.inf)
        self.best_epoch = np.full(n_members, -1)
        self.last_epoch = np.full(n_members, -1)
        self.diverged_at = np.full(n_members, -1)
        self.is_active = np.ones(n_members, dtype=bool)
        self.is_stoppable = (self.fleet.units.n_validation > 0)[self.fleet.unit] & (
            self.fleet.regime.patience is not None
        )
        self.epoch = 0
        self._train_curve: list[NDArray[np.float64]] = []
        self._validation_curve: list[NDArray[np.float64]] = []

    @property
    def is_over(self) -> bool:
        return self.epoch >= self.fleet.regime.max_epochs or not self.is_active.any()

    def batches(self) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """This epoch's minibatches of the members present, both (n_batches, n_present, batch_size)."""
        positions, weights = self.fleet.batches(self.epoch)
        stream = self.fleet.stream[self.present]
        return positions[:, stream], weights[:, stream]

    def end_epoch(self, train_loss: NDArray, validation_loss: NDArray) -> tuple[NDArray, NDArray | None]:
        """Book one pass over the data.

        Args:
            train_loss: Mean minibatch loss of each member present, (n_present,).
            validation_loss: Loss on held-out rows, NaN where there are none, (n_present,).

        Returns:
            improved: Whose weights are now the ones to keep, (n_present,) bool.
            kept: Places of the members to go on with, or None for all. Members that stopped leave when
                they are an eighth of those present: moving the others costs about an epoch.
        """
        here = self.present
        self._book(self._train_curve, train_loss)
        self._book(self._validation_curve, validation_loss)
        is_bad = ~np.isfinite(train_loss) & self.is_active[here]
        self.diverged_at[here[is_bad]] = self.epoch
        self.is_active[here[is_bad]] = False
        is_better = validation_loss < self.best_loss[here]
        improved = self.is_active[here] & (is_better | ~self.is_stoppable[here])
        self.best_loss[here[improved]] = validation_loss[improved]
        self.best_epoch[here[improved]] = self.epoch
        self.last_epoch[here[self.is_active[here]]] = self.epoch
        if self.fleet.regime.patience is not None:
            is_stale = self.epoch - self.best_epoch[here] >= self.fleet.regime.patience
            self.is_active[here[is_stale & self.is_stoppable[here]]] = False
        self.epoch += 1
        is_left = self.is_active[here]
        if not 0 < is_left.sum() <= len(here) * 7 // 8:
            return improved, None
        kept = np.flatnonzero(is_left)
        self.present = here[kept]
        return improved, kept

    def _book(self, curve: list[NDArray[np.float64]], loss: NDArray) -> None:
        """Append a row; a member that has stopped keeps its last value."""
        row = curve[-1].copy() if curve else np.full(self.fleet.n_members, np.nan)
        active = self.is_active[self.present]
        row[self.present[active]] = loss[active]
        curve.append(row)

    def curves(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Training and validation loss of every member, each (n_epochs, n_members)."""
        return np.array(self._train_curve), np.array(self._validation_curve)


@dataclass(frozen=True, eq=False)
class Fitted:
    """A trained fleet.

    Attributes:
        weights: Best weights of each member, float64.
        train_curve, validation_curve: Losses, (n_epochs, n_members).
        best_epoch: Epoch (from 0) whose weights were kept, (n_members,).
        diverged_at: First epoch with a non-finite loss, -1 for none, (n_members,).
        device: What it really ran on.
    """

    weights: Weights
    train_curve: NDArray[np.float64]
    validation_curve: NDArray[np.float64]
    best_epoch: NDArray[np.intp]
    diverged_at: NDArray[np.intp]
    device: str

    def members(self, places: NDArray) -> "Fitted":
        """The same for some members only."""
        return replace(
            self,
            weights={name: array[places] for name, array in self.weights.items()},
            train_curve=self.train_curve[:, places],
            validation_curve=self.validation_curve[:, places],
            best_epoch=self.best_epoch[places],
            diverged_at=self.diverged_at[places],
        )
