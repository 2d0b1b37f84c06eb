"""Names of tables, made without reading them."""

import re
from pathlib import Path

_ENDINGS = r"\.(?:gz|bz2|xz|zst|zip)$"


def stem_name(path: str | Path) -> str:
    """The file's stem, without the characters that a folder's name should not hold.

    >>> stem_name("../house prices.csv"), stem_name("houses.csv.gz")
    ('house-prices', 'houses')
    """
    stem = Path(re.sub(_ENDINGS, "", Path(path).name, flags=re.IGNORECASE)).stem
    return re.sub(r"[^A-Za-z0-9_-]+", "-", stem)[:80].strip("-") or "table"
