"""The state of a fleet's training, and its result; nothing here depends on a framework."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from yaynay.models import halving
from yaynay.models.fleet import Fleet
from yaynay.models.network import Weights


@dataclass(eq=False)
class TrainingState:
    """Which members still train, when each was best, and the learning curves.

    A backend asks `end_epoch` after each pass which members' weights to keep and which members to drop.

    Attributes:
        present: Members that the backend still holds, in its order, (n_present,).
        best_loss, best_epoch: Best loss of each member, on held-out rows or, on the way to convergence, on training
            rows, and the epoch (from 0) that gave it, (n_members,).
        diverged_at: First epoch with a loss that is not finite, -1 for none, (n_members,).
        n_epochs: Epochs that each member trained before it stopped or left, (n_members,).
        was_halved: Members that were training when their configuration left at a rung of `trainer.halving`,
            (n_members,).
    """

    fleet: Fleet

    def __post_init__(self) -> None:
        n_members = self.fleet.n_members
        self.present = np.arange(n_members)
        self.best_loss = np.full(n_members, np.inf)
        self.best_epoch = np.full(n_members, -1)
        self.diverged_at = np.full(n_members, -1)
        self.n_epochs = np.zeros(n_members, dtype=np.intp)
        self.was_halved, self._is_out = np.zeros((2, n_members), dtype=bool)
        self.is_active = np.ones(n_members, dtype=bool)
        has_validation = (self.fleet.units.n_validation > 0)[self.fleet.unit]
        has_loss = has_validation | self.fleet.goes_to_convergence
        self.is_stoppable = has_loss & (self.fleet.patience is not None)
        eta = self.fleet.halving
        self._rungs = {} if eta is None else halving.rungs(self.fleet.trainer.max_epochs, eta)
        self.epoch = 0
        self._train_curve: list[NDArray[np.float64]] = []
        self._validation_curve: list[NDArray[np.float64]] = []

    @property
    def is_over(self) -> bool:
        return self.epoch >= self.fleet.trainer.max_epochs or not self.is_active.any()

    def batches(self) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """This epoch's minibatches of the members present, both (n_batches, n_present, batch_size)."""
        return self.fleet.batches(self.epoch, self.fleet.stream[self.present])

    def end_epoch(self, train_loss: NDArray, validation_loss: NDArray) -> tuple[NDArray, NDArray | None]:
        """Record one epoch.

        Args:
            train_loss: Mean minibatch loss of each member present, (n_present,).
            validation_loss: Loss on held-out rows, any value where there are none, (n_present,).

        Returns:
            improved: Members whose weights are now the ones to keep, (n_present,) bool.
            kept: Positions of the members to continue with, or None for all. Members that stopped are dropped
                once they are an eighth of those present: moving the others costs about an epoch.
        """
        here = self.present
        self.n_epochs[here] += self.is_active[here]
        self._extend(self._train_curve, train_loss)
        self._extend(self._validation_curve, validation_loss)
        is_bad = ~np.isfinite(train_loss) & self.is_active[here]
        self.diverged_at[here[is_bad]] = self.epoch
        self.is_active[here[is_bad]] = False
        judged = train_loss if self.fleet.goes_to_convergence else validation_loss
        is_better = judged < self.best_loss[here]
        improved = self.is_active[here] & (is_better | ~self.is_stoppable[here])
        self.best_loss[here[improved]] = judged[improved]
        self.best_epoch[here[improved]] = self.epoch
        if self.fleet.patience is not None:
            is_stale = self.epoch - self.best_epoch[here] >= self.fleet.patience
            self.is_active[here[is_stale & self.is_stoppable[here]]] = False
        self.epoch += 1
        if self.epoch in self._rungs:
            self._halve(self._rungs[self.epoch])
        is_left = self.is_active[here]
        if not 0 < is_left.sum() <= len(here) * 7 // 8:
            return improved, None
        kept = np.flatnonzero(is_left)
        self.present = here[kept]
        return improved, kept

    def _halve(self, divisor: int) -> None:
        """Let the worse configurations of each split leave; their best weights so far are kept."""
        n_configurations, units = len(self.fleet.seeds), self.fleet.units
        loss = np.where(self.diverged_at < 0, self.best_loss, np.inf).reshape(n_configurations, -1)
        split = np.where(units.n_validation > 0, units.split, halving.NONE)
        is_out = self._is_out.reshape(loss.shape)
        self._is_out = halving.find_losers(loss, is_out, split, -(-n_configurations // divisor)).ravel()
        self.was_halved |= self._is_out & self.is_active
        self.is_active &= ~self._is_out

    def _extend(self, curve: list[NDArray[np.float64]], loss: NDArray) -> None:
        """Append a row; a member that has stopped keeps its last value."""
        row = curve[-1].copy() if curve else np.full(self.fleet.n_members, np.nan)
        active = self.is_active[self.present]
        row[self.present[active]] = loss[active]
        curve.append(row)

    def mean_losses(self) -> dict[str, float]:
        """Losses of the last epoch, averaged over members, as `train/loss` and, with held-out rows, `val/loss`."""
        losses = {"train/loss": float(self._train_curve[-1].mean())}
        has_validation = (self.fleet.units.n_validation > 0)[self.fleet.unit]
        if has_validation.any():
            losses["val/loss"] = float(self._validation_curve[-1][has_validation].mean())
        return losses

    def curves(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Training and validation loss of every member, each (n_epochs, n_members)."""
        return np.array(self._train_curve), np.array(self._validation_curve)


@dataclass(frozen=True, eq=False)
class TrainedFleet:
    """The result of training.

    Attributes:
        weights: Best weights of each member, float64.
        train_curve, validation_curve: Losses, (n_epochs, n_members).
        best_epoch: Epoch (from 0) whose weights were kept, (n_members,).
        diverged_at: First epoch with a non-finite loss, -1 for none, (n_members,).
        n_epochs: Epochs trained, (n_members,).
        was_halved: Members that left at a rung of `trainer.halving`, (n_members,).
        device: What it actually ran on.
    """

    weights: Weights
    train_curve: NDArray[np.float64]
    validation_curve: NDArray[np.float64]
    best_epoch: NDArray[np.intp]
    diverged_at: NDArray[np.intp]
    n_epochs: NDArray[np.intp]
    was_halved: NDArray[np.bool_]
    device: str

    def members(self, members: NDArray) -> "TrainedFleet":
        """The same for some members only."""
        return replace(
            self,
            weights={name: array[members] for name, array in self.weights.items()},
            train_curve=self.train_curve[:, members],
            validation_curve=self.validation_curve[:, members],
            best_epoch=self.best_epoch[members],
            diverged_at=self.diverged_at[members],
            n_epochs=self.n_epochs[members],
            was_halved=self.was_halved[members],
        )

    def step_metrics(self, fleet: Fleet) -> dict[str, float]:
        """Mean updates of a network as `n_steps`; where halving is on, `share_halved`, the networks that left by it.

        And, if any did, `halved_at_step`: after how many updates, on average.
        """
        n_steps = self.n_epochs * fleet.n_batches
        metrics = {"n_steps": float(n_steps.mean())}
        if fleet.halving is not None:
            metrics["share_halved"] = float(self.was_halved.mean())
        if self.was_halved.any():
            metrics["halved_at_step"] = float(n_steps[self.was_halved].mean())
        return metrics
