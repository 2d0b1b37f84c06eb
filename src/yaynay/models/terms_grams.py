"""Held-out errors of a line with any of many terms, from Gram matrices of the inner folds.

The line is not shrunk, so it is eliminated once per fold, and from then on only what it leaves counts. Candidates of a
step are scored all at once: a candidate's part is what the terms that are taken leave of it (the Schur complement).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yaynay.models.formula import Floats

PENALTIES = (0.01, 1.0, 10.0, 100.0)
"""Shrinkage of the terms: as so many rows that say that a term of unit variance has no effect."""
_JITTER = 1e-9
"""Added to the diagonal, as a share of the rows, so that columns that depend on each other have a solution."""

Index = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Grams:
    """What a line leaves of terms and target, where it is fitted without one inner fold after the other.

    Attributes:
        columns: Of the candidates, on the rows of the fold that is held out, (n_rows, n_columns).
        y: Errors of the line there, (n_rows,).
        folds: Rows of each inner fold.
        own, others: Gram matrices on the rows of a fold and on all others, (n_folds, n_columns, n_columns).
        own_moments, others_moments: Products of columns and target, (n_folds, n_columns).
    """

    columns: Floats
    y: Floats
    folds: Sequence[Index]
    own: Floats
    others: Floats
    own_moments: Floats
    others_moments: Floats

    @classmethod
    def of(cls, columns: Floats, y: Floats, folds: Sequence[Index], n_line: int) -> "Grams":
        """Eliminate the line.

        Args:
            columns: Of the line and the candidates, standardised, (n_rows, n_line + n_columns).
            y: Target, of a size near 1, (n_rows,).
            folds: Rows of each inner fold.
            n_line: Columns of the line.
        """
        line, rest = columns[:, :n_line], np.column_stack([columns[:, n_line:], y])
        parts = [(line[rows].T @ line[rows], line[rows].T @ rest[rows], rest[rows].T @ rest[rows]) for rows in folds]
        total = [sum(matrices) for matrices in zip(*parts, strict=True)]
        left, own, others = np.empty_like(rest), [], []
        for rows, part in zip(folds, parts, strict=True):
            gram, across, square = (whole - some for whole, some in zip(total, part, strict=True))
            shares = np.linalg.solve(gram + _JITTER * len(y) * np.eye(n_line), across)
            left[rows] = rest[rows] - line[rows] @ shares
            own.append(left[rows].T @ left[rows])
            others.append(square - across.T @ shares)
        held_out, train = np.stack(own)[:, :-1], np.stack(others)[:, :-1]  # the target is the last column
        return cls(
            columns=left[:, :-1],
            y=left[:, -1],
            folds=folds,
            own=held_out[..., :-1],
            others=train[..., :-1],
            own_moments=held_out[..., -1],
            others_moments=train[..., -1],
        )

    def predict(self, index: Index, penalty: float) -> Floats:
        """What terms with the columns of some numbers add to the held-out predictions of the line, (n_rows,)."""
        grams = self.others[:, index[:, None], index] + _ridge(index, penalty)
        weights = np.linalg.solve(grams, self.others_moments[:, index, None])[..., 0]
        held_out = np.empty(len(self.y))
        for rows, own in zip(self.folds, weights, strict=True):
            held_out[rows] = self.columns[np.ix_(rows, index)] @ own
        return held_out

    def eliminate(self, index: Index) -> "Left":
        """What the columns of some numbers leave of all columns, with each penalty."""
        ridge = np.stack([_ridge(index, penalty) for penalty in PENALTIES])[:, None]
        gram, across = self.others[:, index[:, None], index], self.others[:, index]
        own_gram, own_across = self.own[:, index[:, None], index], self.own[:, index]
        moment, own_moment = self.others_moments[:, index, None], self.own_moments[:, index, None]
        solved = np.linalg.solve(gram + ridge, np.concatenate([across, moment], axis=2))
        shares, weights = solved[..., :-1], solved[..., -1:]
        rest, turned = own_moment - own_gram @ weights, weights.swapaxes(2, 3)
        explained = turned @ own_across + rest.swapaxes(2, 3) @ shares
        return Left(
            base=-np.sum(weights * (own_moment + rest), axis=(1, 2, 3)),
            train=(self.others, across, shares),
            held_out=(self.own, 2 * own_across - own_gram @ shares, shares),
            train_moment=self.others_moments - (turned @ across)[..., 0, :],
            held_out_moment=self.own_moments - explained[..., 0, :],
        )


@dataclass(frozen=True, eq=False)
class Left:
    """What is left of all columns once some terms have their share, by penalty and fold.

    Attributes:
        base: Sum of squared held-out errors with those terms, less that of the line, (n_penalties,).
        train, held_out: Gram matrices of what is left, as `_blocks` takes them.
        train_moment, held_out_moment: Its products with what is left of y, (n_penalties, n_folds, n_columns).
    """

    base: Floats
    train: tuple[Floats, Floats, Floats]
    held_out: tuple[Floats, Floats, Floats]
    train_moment: Floats
    held_out_moment: Floats

    def score(self, columns: Index) -> Floats:
        """Sums of squared held-out errors, less that of the line, with each of some more terms.

        Args:
            columns: Numbers of each term's columns, (n_terms, width).

        Returns:
            (n_penalties, n_terms)
        """
        penalties = np.array(PENALTIES).reshape(-1, 1, 1, 1, 1) * np.eye(columns.shape[1])
        train, held_out = _blocks(*self.train, columns) + penalties, _blocks(*self.held_out, columns)
        weights = np.linalg.solve(train, self.train_moment[..., columns][..., None])[..., 0]
        explained = np.einsum("pfti,pftij,pftj->pt", weights, held_out, weights)
        return self.base[:, None] + explained - 2 * np.sum(weights * self.held_out_moment[..., columns], axis=(1, 3))


def _ridge(index: Index, penalty: float) -> Floats:
    return penalty * np.eye(len(index))


def _blocks(grams: Floats, across: Floats, shares: Floats, columns: Index) -> Floats:
    """Each term's block of the symmetric part of grams - across' shares.

    Args:
        grams: (n_folds, n_columns, n_columns).
        across: (..., n_folds, n_index, n_columns).
        shares: (n_penalties, n_folds, n_index, n_columns).
        columns: Numbers of each term's columns, (n_terms, width).

    Returns:
        (n_penalties, n_folds, n_terms, width, width)
    """
    width = columns.shape[1]
    blocks = np.empty((*shares.shape[:2], len(columns), width, width))
    for i in range(width):
        for j in range(width):
            taken = np.sum(across[..., columns[:, i]] * shares[..., columns[:, j]], axis=-2)
            blocks[..., i, j] = grams[:, columns[:, i], columns[:, j]] - taken
    return (blocks + blocks.swapaxes(-1, -2)) / 2
