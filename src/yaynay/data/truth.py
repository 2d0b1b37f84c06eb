"""What is known about a table that was drawn from a formula."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Truth:
    """What a generated table's rows were drawn from.

    Attributes:
        mean: E[y given x] of each row, (n_rows,) [unit of y].
        noise_sd: Standard deviation of y around it, (n_rows,) [unit of y].
    """

    mean: Floats
    noise_sd: Floats

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(np.stack([self.mean, self.noise_sd]).astype("<f8").tobytes()).hexdigest()
