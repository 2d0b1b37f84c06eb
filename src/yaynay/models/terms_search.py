"""Which terms join a line: chosen forward by the error on inner folds, plainer ones first."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from yaynay.models.formula import KINDS, Design, Floats
from yaynay.models.terms_grams import PENALTIES, Grams, Index

MOST_TERMS = 5
"""A formula with more is no longer read."""
_ROWS_PER_TERM = 10
_CURVES = len(KINDS) - 1
"""Terms of a single feature."""


@dataclass(frozen=True)
class Choice:
    """Terms in the order in which they were taken, as numbers of candidates, and their penalty."""

    terms: tuple[int, ...] = ()
    penalty: float = PENALTIES[0]


@dataclass(frozen=True, eq=False)
class Search:
    """Forward selection.

    Attributes:
        design: The line and all candidates, on the training rows.
        grams: Of its columns.
    """

    design: Design
    grams: Grams

    @classmethod
    def of(cls, design: Design, x: Floats, y: Floats, folds: Sequence[Index]) -> "Search":
        """The search on training rows x (n_rows, n_features) and y (n_rows,), of a size near 1."""
        return cls(design, Grams.of(design.columns(x), y, folds, design.n_line))

    def run(self) -> Choice:
        """Add a term or bend a curve more while that lowers the held-out error; drop what later terms made useless."""
        choice, held_out = Choice(), self.predict(Choice())
        is_better = True
        while is_better:
            is_better = False
            for find in (self.find_next, self.find_bend):
                better = find(choice)
                if better is not None and self._is_worth(held_out, predicted := self.predict(better)):
                    choice, held_out, is_better = better, predicted, True
                    break
        return self.drop(choice)

    def find_next(self, choice: Choice) -> Choice | None:
        """The choice with the term of the lowest held-out error; or with a plainer one that is as good.

        As good is what costs less than one standard error of the difference, of a term on the same feature. None where
        there are as many terms as there may be; a feature has one curve.
        """
        most = min(MOST_TERMS, (len(self.grams.y) - self.design.n_line) // _ROWS_PER_TERM)
        if len(choice.terms) >= most:
            return None
        errors = self.score(choice)
        if not np.isfinite(errors).any():
            return None
        strength, best = (int(place) for place in np.unravel_index(np.argmin(errors), errors.shape))
        found = Choice((*choice.terms, best), PENALTIES[strength])
        predicted = self.predict(found)
        for rival in self._same_features(best):
            if self._rank(rival) < self._rank(best):
                plainer = Choice((*choice.terms, rival), PENALTIES[int(np.argmin(errors[:, rival]))])
                lost = self._saved(self.predict(plainer), predicted)
                if lost.mean() <= standard_error(lost):
                    return plainer
        return found

    def find_bend(self, choice: Choice) -> Choice | None:
        """The choice of the lowest held-out error in which one curve has become a harder one; None without any."""
        bends = [
            Choice(tuple(rival if other == term else other for other in choice.terms), penalty)
            for term in choice.terms
            for rival in self._same_features(term)
            if self._rank(rival) > self._rank(term)
            for penalty in PENALTIES
        ]
        return min(bends, key=lambda bend: float(np.sum((self.predict(bend) - self.grams.y) ** 2)), default=None)

    def drop(self, choice: Choice) -> Choice:
        """Without the terms, one after the other, that the others make useless."""
        for term in choice.terms:
            rest = replace(choice, terms=tuple(other for other in choice.terms if other != term))
            if not self._is_worth(self.predict(rest), self.predict(choice)):
                choice = rest
        return choice

    def score(self, choice: Choice) -> Floats:
        """Sums of squared held-out errors, less that of the line, with each further term and penalty.

        Returns:
            (n_penalties, n_terms); infinite for terms on the features of one that is taken.
        """
        left, terms = self.grams.eliminate(self._index(choice.terms)), self.design.terms
        taken = {terms[term].features for term in choice.terms}
        free = [term for term in range(len(terms)) if terms[term].features not in taken]
        errors = np.full((len(PENALTIES), len(terms)), np.inf)
        for width in {terms[term].width for term in free}:
            same = [term for term in free if terms[term].width == width]
            errors[:, same] = left.score(self._index(same).reshape(len(same), width))
        return errors

    def predict(self, choice: Choice) -> Floats:
        """What a choice adds to the held-out predictions of the line, (n_rows,)."""
        return self.grams.predict(self._index(choice.terms), choice.penalty)

    def _is_worth(self, before: Floats, after: Floats) -> bool:
        """Whether held-out predictions are better by more than the best of so many useless terms would make them.

        The largest of n standard normal values is about sqrt(2 log n). What a useless term saves on held-out rows is
        less than its t value, so sqrt(log n) standard errors are enough (docs/studies/terms.md).
        """
        saved = self._saved(before, after)
        n_features = self.design.n_line - 1
        n_looked_at = math.comb(n_features, 2) + _CURVES * n_features  # also those that are no candidates
        return float(saved.mean()) > math.sqrt(math.log(n_looked_at + 1)) * standard_error(saved)

    def _saved(self, before: Floats, after: Floats) -> Floats:
        """Squared error of each row that other predictions save, (n_rows,)."""
        return (before - self.grams.y) ** 2 - (after - self.grams.y) ** 2

    def _index(self, terms: Sequence[int]) -> Index:
        """Numbers of the columns of some terms, without the line's."""
        columns = self.design.of_term
        return np.array([column for term in terms for column in columns[term]], dtype=np.intp) - self.design.n_line

    def _same_features(self, term: int) -> list[int]:
        """Terms of the same features, from the plainest on; a product has none beside itself."""
        features = self.design.terms[term].features
        same = [number for number, other in enumerate(self.design.terms) if other.features == features]
        return sorted(same, key=self._rank)

    def _rank(self, term: int) -> int:
        return KINDS.index(self.design.terms[term].kind)


def standard_error(values: Floats) -> float:
    """Standard error of a mean over rows."""
    return float(np.std(values)) / math.sqrt(len(values))
