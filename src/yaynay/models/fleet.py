"""Many networks of one shape, trained as one tensor program.

A *unit* is one piece of data to train on: an inner fold of an outer training set, with its own
standardisation. A *member* is one network: a unit, a configuration's learning rate and weight decay, and a
seed. Members of one shape are stacked; what must be equal in every backend (starting weights, minibatch
order, standardisation) is decided here in NumPy, and which members stop when in `training_state`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from yaynay.config.schema import Configuration, Optimizer, Trainer
from yaynay.data.plan import Plan
from yaynay.data.table import Table
from yaynay.models.minibatches import draw_order
from yaynay.models.network import Shape, Weights, initial_weights, weights_from_values
from yaynay.models.units import Units, make_units, whiten

_STEPS_TO_CONVERGENCE = 30
"""Fewest updates of an epoch on the way to convergence: 100 epochs then suffice for a learning rate of 0.003."""


@dataclass(frozen=True, eq=False)
class Fleet:
    """Members ready to train; they come configuration by configuration.

    Attributes:
        shape: Every member's network.
        trainer: How they are trained.
        optimizers: Of each configuration; their names are the same.
        seeds: Of each configuration.
        x, y: The table, (n_rows, n_features) and (n_rows,).
        units: Data of the units.
        start: Starting values; a list gives every member the same, None draws them, or starts at the target's mean on
            the way to convergence.
    """

    shape: Shape
    trainer: Trainer
    optimizers: tuple[Optimizer, ...]
    seeds: tuple[int, ...]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    units: Units
    start: Sequence[float] | None = None

    @property
    def n_members(self) -> int:
        return len(self.seeds) * len(self.units)

    @property
    def optimizer(self) -> str:
        """Name of every member's optimizer."""
        return self.optimizers[0].name

    @property
    def dtype(self) -> type[np.floating]:
        return np.float64 if self.trainer.precision == 64 else np.float32

    @property
    def patience(self) -> int | None:
        """Epochs without a better loss before a member stops; None: none stops, the last weights count."""
        return self.trainer.patience if self.trainer.early_stopping else None

    @property
    def goes_to_convergence(self) -> bool:
        """Whether members have no hidden layer and train until their training loss stops falling.

        They then train on all their rows at once, condensed into a few rows with the same loss (`units.condense`),
        without weight decay, on features that are uncorrelated inside the unit (`whitening`): gradient descent
        converges as fast in every direction.
        """
        return self.trainer.goes_to_convergence(self.shape.depth)

    @property
    def halving(self) -> int | None:
        """`trainer.halving`; None on the way to convergence, which ends at one line whatever the learning rate."""
        return None if self.goes_to_convergence else self.trainer.halving

    @cached_property
    def whitening(self) -> NDArray[np.float64] | None:
        """What turns each unit's standardised features into those it trains on, (n_units, n_features, n_features).

        None where members train on standardised features as they are.
        """
        if not self.goes_to_convergence:
            return None
        rows = zip(self.units.train_rows, self.units.n_train, strict=True)
        return np.array([whiten(self.units.standardise(self.x[row[:n]], unit)) for unit, (row, n) in enumerate(rows)])

    @cached_property
    def unit(self) -> NDArray[np.intp]:
        """Unit of each member, (n_members,)."""
        return np.tile(np.arange(len(self.units)), len(self.seeds))

    @cached_property
    def configuration(self) -> NDArray[np.intp]:
        """Configuration of each member, counted from 0, (n_members,)."""
        return np.repeat(np.arange(len(self.seeds)), len(self.units))

    @cached_property
    def lr(self) -> NDArray[np.float64]:
        """Learning rate of each member, (n_members,)."""
        return np.array([optimizer.lr for optimizer in self.optimizers])[self.configuration]

    @cached_property
    def weight_decay(self) -> NDArray[np.float64]:
        """Weight decay of each member, (n_members,); none on the way to convergence, as on a network's linear path."""
        return (not self.goes_to_convergence) * np.array([optimizer.weight_decay for optimizer in self.optimizers])[
            self.configuration
        ]

    @cached_property
    def distinct_seeds(self) -> list[int]:
        """Seeds in order of first use."""
        return list(dict.fromkeys(self.seeds))

    @cached_property
    def stream(self) -> NDArray[np.intp]:
        """Minibatch stream of each member: a unit under a seed, (n_members,)."""
        seed = np.array([self.distinct_seeds.index(seed) for seed in self.seeds])[self.configuration]
        return seed * len(self.units) + self.unit

    def weights(self) -> Weights:
        """Starting weights of all members in the fleet's precision; they depend only on seed and unit."""
        n_units = len(self.units)
        if self.start is not None:
            given = weights_from_values(self.shape, self.n_members, list(self.start))
            if self.whitening is not None:
                given["layer0.weight"] = np.linalg.pinv(self.whitening)[self.unit] @ given["layer0.weight"]
            return {name: array.astype(self.dtype) for name, array in given.items()}
        if self.goes_to_convergence:  # the end does not depend on the start, and this one is near
            return {
                name: np.zeros((self.n_members, *dims), self.dtype) for name, dims in self.shape.weight_shapes.items()
            }
        by_seed = {seed: initial_weights(self.shape, n_units, seed) for seed in self.distinct_seeds}
        if self.shape.has_skip:
            line = self._lines()
            for weights in by_seed.values():
                weights |= line
        parts = [by_seed[seed] for seed in self.seeds]
        return {
            name: np.concatenate([part[name] for part in parts]).astype(self.dtype) for name in self.shape.weight_shapes
        }

    def _lines(self) -> Weights:
        """Each unit's least-squares line, on standardised data: where a network with a skip starts."""
        slopes, intercepts = [], []
        for unit in range(len(self.units)):
            rows = self.units.train_rows[unit, : self.units.n_train[unit]]
            x = self.units.standardise(self.x[rows], unit)
            y = (self.y[rows] - self.units.y_mean[unit]) / self.units.y_scale[unit]
            design = np.column_stack([np.ones(len(x)), x])
            solution = np.linalg.lstsq(design, y, rcond=1e-10)[0]
            intercepts.append(solution[0])
            slopes.append(solution[1:])
        return {
            "skip.weight": np.array(slopes)[:, :, None],
            f"layer{self.shape.depth}.bias": np.array(intercepts)[:, None, None],
        }

    @cached_property
    def n_batches_of_pass(self) -> int:
        """Minibatches of one pass over the rows, the same for every member."""
        size, longest = self.trainer.batch_size, int(self.units.n_train.max())
        is_full = size == "full" or size >= len(self.y) or self.goes_to_convergence
        return 1 if is_full else -(-longest // int(size))

    @property
    def n_passes(self) -> int:
        """Passes over the rows in an epoch: enough for `trainer.min_steps` updates."""
        least = self.trainer.min_steps
        return -(-(max(least, _STEPS_TO_CONVERGENCE) if self.goes_to_convergence else least) // self.n_batches_of_pass)

    @property
    def n_batches(self) -> int:
        """Minibatches of an epoch, which are its updates."""
        return self.n_passes * self.n_batches_of_pass

    @cached_property
    def _slots(self) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Which rows of a stream's order each minibatch takes, and each row's weight in the loss.

        Every unit deals its rows out evenly over the same number of minibatches. Both arrays are
        (n_batches_of_pass, n_streams, batch_size); an empty slot has weight 0.
        """
        n_train = self.units.n_train[None, :]
        n_rows = np.full_like(n_train, self.x.shape[1] + 2) if self.goes_to_convergence else n_train
        edges = np.arange(self.n_batches_of_pass + 1)[:, None] * n_rows // self.n_batches_of_pass
        size = np.diff(edges, axis=0)
        slot = edges[:-1, :, None] + np.arange(int(size.max()))
        is_used = slot < edges[1:, :, None]
        share = {"mean": 1 / np.maximum(size, 1), "sum": n_train / n_rows, "half_mean": 0.5 / n_rows}
        weight = np.where(is_used, np.broadcast_to(share[self.trainer.loss], size.shape)[:, :, None], 0.0)
        repeats = (1, len(self.distinct_seeds), 1)
        return np.tile(np.where(is_used, slot, 0), repeats), np.tile(weight, repeats)

    def batches(
        self, epoch: int, streams: NDArray[np.intp] | slice = slice(None)
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Minibatches of one epoch.

        Args:
            epoch: Counted from 0.
            streams: Whose minibatches; one may come several times.

        Returns:
            positions: Positions among a unit's training rows, (n_batches, n_streams, batch_size).
            weights: Each row's weight in its minibatch's loss, of the same shape. Where all minibatches are the same,
                as full batches are, both are views of one (`minibatches.count_repeats`).
        """
        all_slots, all_weights = self._slots
        slot, weight = all_slots[:, streams], all_weights[:, streams]
        if self.n_batches_of_pass == 1:
            shape = (self.n_passes, *slot.shape[1:])
            return np.broadcast_to(slot, shape), np.broadcast_to(weight, shape)
        weight = np.tile(weight, (self.n_passes, 1, 1))
        if not self.trainer.shuffle:
            return np.tile(slot, (self.n_passes, 1, 1)), weight
        passes = range(epoch * self.n_passes, (epoch + 1) * self.n_passes)
        orders = [draw_order(self.distinct_seeds, self.units.n_train, number)[streams] for number in passes]
        return np.concatenate([order[np.arange(len(order))[None, :, None], slot] for order in orders]), weight


def make_fleet(configurations: Sequence[Configuration], table: Table, plan: Plan) -> Fleet:
    """The fleet of configurations that differ only in learning rate, weight decay and seed."""
    first = configurations[0]
    trainer = first.trainer
    hold_out = trainer.early_stopping and not trainer.goes_to_convergence(first.model.depth)
    return Fleet(
        shape=Shape.of(first.model, table.n_features),
        trainer=trainer,
        optimizers=tuple(configuration.optimizer for configuration in configurations),
        seeds=tuple(configuration.seed for configuration in configurations),
        x=table.x,
        y=table.y,
        units=make_units(table.x, table.y, plan, hold_out=hold_out, standardise=trainer.standardise),
        start=first.model.start,
    )
