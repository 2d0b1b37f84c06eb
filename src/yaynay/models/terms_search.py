"""Which terms join a line: chosen forward on inner folds, on Gram matrices.

All candidates of a step are scored at once. With A the Gram matrix of the line and the terms that are taken, a
candidate's part is what A leaves of its columns (the Schur complement), so the line is factored once per fold and
penalty, and never once per candidate.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from yaynay.models.formula import KINDS, Design, Floats

PENALTIES = (0.01, 1.0, 10.0, 100.0)
"""Shrinkage of the terms: as so many rows that say that a term of unit variance has no effect."""
MOST_TERMS = 5
"""A formula with more is no longer read."""
_ROWS_PER_TERM = 10
_CURVES = len(KINDS) - 1
"""Terms of a single feature."""
_JITTER = 1e-9
"""Added to the diagonal, as a share of the rows, so that columns that depend on each other have a solution."""


@dataclass(frozen=True, eq=False)
class Choice:
    """Terms in the order in which they were taken, as numbers of candidates, and their penalty."""

    terms: tuple[int, ...] = ()
    penalty: float = PENALTIES[0]


@dataclass(frozen=True, eq=False)
class Search:
    """Forward selection.

    Attributes:
        design: The line and all candidates, on the training rows.
        columns: Of the training rows, (n_rows, n_columns).
        y: Target, of a size near 1, (n_rows,).
        folds: Rows of each inner fold.
    """

    design: Design
    columns: Floats
    y: Floats
    folds: Sequence[NDArray[np.intp]]

    def run(self) -> Choice:
        """Take terms while one lowers the held-out error, and leave those out that later ones made useless."""
        choice, held_out = Choice(), self.predict(Choice())
        n_free = len(self.y) - self.design.n_line
        most = min(MOST_TERMS, n_free // _ROWS_PER_TERM, len(self.design.terms)) if len(self.folds) > 1 else 0
        while len(choice.terms) < most:
            longer = self.find_next(choice)
            predicted = self.predict(longer)
            if not self._is_worth(held_out, predicted):
                break
            choice, held_out = longer, predicted
        return self._drop(choice, held_out)

    def _drop(self, choice: Choice, held_out: Floats) -> Choice:
        """Leave out, one after the other, the terms that the others made useless."""
        for term in choice.terms:
            rest = Choice(tuple(other for other in choice.terms if other != term), choice.penalty)
            without = self.predict(rest)
            if not self._is_worth(without, held_out):
                choice, held_out = rest, without
        return choice

    def _is_worth(self, before: Floats, after: Floats) -> bool:
        """Whether held-out predictions are better by more than the best of so many useless terms would make them.

        The largest of n standard normal values is about sqrt(2 log n). What a useless term saves on held-out rows is
        less than its t value, so sqrt(log n) standard errors are enough (benchmarks/terms.py).
        """
        saved = (before - self.y) ** 2 - (after - self.y) ** 2
        n_features = self.design.n_line - 1
        n_looked_at = math.comb(n_features, 2) + _CURVES * n_features  # that few of many are candidates is no matter
        return float(saved.mean()) > math.sqrt(math.log(n_looked_at + 1)) * standard_error(saved)

    def find_next(self, choice: Choice) -> Choice:
        """The choice with the term of the lowest held-out error; or with a plainer one that is as good.

        As good is what costs less than one standard error of the difference, of a term on the same feature.
        """
        errors = self.score(choice)
        strength, best = np.unravel_index(np.argmin(errors), errors.shape)
        found = Choice((*choice.terms, int(best)), PENALTIES[strength])
        predicted = self.predict(found)
        terms = self.design.terms
        rivals = [
            number
            for number, term in enumerate(terms)
            if number not in choice.terms
            and term.features == terms[best].features
            and KINDS.index(term.kind) < KINDS.index(terms[best].kind)
        ]
        for rival in sorted(rivals, key=lambda number: KINDS.index(terms[number].kind)):
            plainer = Choice((*choice.terms, rival), PENALTIES[int(np.argmin(errors[:, rival]))])
            lost = (self.predict(plainer) - self.y) ** 2 - (predicted - self.y) ** 2
            if lost.mean() <= standard_error(lost):
                return plainer
        return found

    def predict(self, choice: Choice) -> Floats:
        """Held-out predictions with a choice, (n_rows,)."""
        index = self._index(choice)
        moments, grams = self._others_moments[:, index], self._others_grams[:, index[:, None], index]
        weights = np.linalg.solve(grams + self._ridge(index, choice.penalty), moments[..., None])[..., 0]
        held_out = np.empty(len(self.y))
        for rows, own in zip(self.folds, weights, strict=True):
            held_out[rows] = self.columns[np.ix_(rows, index)] @ own
        return held_out

    def score(self, choice: Choice) -> Floats:
        """Sums of squared held-out errors, less that of y, with each further term and penalty.

        Returns:
            (n_penalties, n_terms); infinite for a term that is taken.
        """
        left, terms = self._eliminate(self._index(choice)), self.design.terms
        errors = np.full((len(PENALTIES), len(terms)), np.inf)
        for width in sorted({term.width for term in terms}):
            free = [term for term in range(len(terms)) if terms[term].width == width and term not in choice.terms]
            if free:
                errors[:, free] = left.score(np.array([self._of_term[term] for term in free]))
        return errors

    def _eliminate(self, index: NDArray[np.intp]) -> "_Left":
        """What the line and the terms that are taken leave, on the rows that train and on those held out."""
        ridge = np.stack([self._ridge(index, penalty) for penalty in PENALTIES])[:, None]
        gram, across = self._others_grams[:, index[:, None], index], self._others_grams[:, index]
        own_gram, own_across = self._grams[:, index[:, None], index], self._grams[:, index]
        moment, own_moment = self._others_moments[:, index, None], self._moments[:, index, None]
        solved = np.linalg.solve(gram + ridge, np.concatenate([across, moment], axis=2))
        shares, weights = solved[..., :-1], solved[..., -1:]
        rest, turned = own_moment - own_gram @ weights, weights.swapaxes(2, 3)
        own = turned @ own_across + rest.swapaxes(2, 3) @ shares
        return _Left(
            base=-np.sum(weights * (own_moment + rest), axis=(1, 2, 3)),
            train=(self._others_grams, across, shares),
            held_out=(self._grams, 2 * own_across - own_gram @ shares, shares),
            train_moment=self._others_moments - (turned @ across)[..., 0, :],
            held_out_moment=self._moments - own[..., 0, :],
        )

    def _index(self, choice: Choice) -> NDArray[np.intp]:
        """Numbers of the columns of the line and some terms."""
        return np.concatenate([np.arange(self.design.n_line), *(self._of_term[term] for term in choice.terms)])

    def _ridge(self, index: NDArray[np.intp], penalty: float) -> Floats:
        """What is added to the Gram matrix: the line's own columns are not shrunk."""
        return np.diag(np.where(index < self.design.n_line, 0.0, penalty) + _JITTER * len(self.y))

    @cached_property
    def _of_term(self) -> list[NDArray[np.intp]]:
        return self.design.of_term

    @cached_property
    def _grams(self) -> Floats:
        return np.stack([self.columns[rows].T @ self.columns[rows] for rows in self.folds])

    @cached_property
    def _moments(self) -> Floats:
        return np.stack([self.columns[rows].T @ self.y[rows] for rows in self.folds])

    @cached_property
    def _others_grams(self) -> Floats:
        return self._grams.sum(axis=0) - self._grams

    @cached_property
    def _others_moments(self) -> Floats:
        return self._moments.sum(axis=0) - self._moments


@dataclass(frozen=True, eq=False)
class _Left:
    """What is left of all columns once a line has its share, by penalty and fold.

    Attributes:
        base: Sum of squared held-out errors of the line, less that of y, (n_penalties,).
        train, held_out: Gram matrices of what is left, as `_blocks` takes them.
        train_moment, held_out_moment: Its products with what is left of y, (n_penalties, n_folds, n_columns).
    """

    base: Floats
    train: tuple[Floats, Floats, Floats]
    held_out: tuple[Floats, Floats, Floats]
    train_moment: Floats
    held_out_moment: Floats

    def score(self, columns: NDArray[np.intp]) -> Floats:
        """Held-out errors with each of some terms, whose columns are given, (n_penalties, n_terms)."""
        width = columns.shape[1]
        penalties = np.array(PENALTIES).reshape(-1, 1, 1, 1, 1) * np.eye(width)
        train, held_out = _blocks(*self.train, columns) + penalties, _blocks(*self.held_out, columns)
        weights = np.linalg.solve(train, self.train_moment[..., columns][..., None])[..., 0]
        explained = np.einsum("pfti,pftij,pftj->pt", weights, held_out, weights)
        return self.base[:, None] + explained - 2 * np.sum(weights * self.held_out_moment[..., columns], axis=(1, 3))


def _blocks(grams: Floats, across: Floats, shares: Floats, columns: NDArray[np.intp]) -> Floats:
    """Each term's block of the symmetric part of grams - across' shares.

    Args:
        grams: (n_folds, n_columns, n_columns).
        across: (..., n_folds, n_index, n_columns).
        shares: (n_penalties, n_folds, n_index, n_columns).
        columns: Of each term, (n_terms, width).

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


def standard_error(values: Floats) -> float:
    """Standard error of a mean over rows."""
    return float(np.std(values)) / math.sqrt(len(values))
