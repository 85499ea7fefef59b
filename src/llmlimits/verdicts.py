"""How many claims of the paper got which verdict: the ledger's counts, for cells that run where the book is not.

The numbers are those of `book/claims.yml`; ``make notebooks`` writes them, and the book's build fails if they differ.
"""

from __future__ import annotations

import json
from importlib.resources import files


def counts() -> dict[str, dict[str, int]]:
    """Number of claims by chapter of the paper and by verdict, zeros included.

    Returns
    -------
    dict: chapter ("1", "2", ...) -> verdict -> number of claims

    Source: the ledger, row by row.
    """
    return json.loads((files("llmlimits") / "verdicts.json").read_text(encoding="utf-8"))
