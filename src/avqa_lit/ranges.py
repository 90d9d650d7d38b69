"""Ranges of arguments, as annotations: a config is checked against them before anything is built."""

import math
from typing import Annotated

from annotated_types import Ge, Gt, Le, Lt

Count = Annotated[int, Ge(1)]
"""A whole number of 1 or more."""

Index = Annotated[int, Ge(0)]
"""A whole number of 0 or more."""

Seed = Annotated[int, Ge(0), Lt(2**32)]
"""A seed that NumPy and PyTorch both take."""

Positive = Annotated[float, Gt(0), Lt(math.inf)]
"""A finite number above 0."""

NonNegative = Annotated[float, Ge(0), Lt(math.inf)]
"""A finite number of 0 or more."""

BelowOne = Annotated[float, Ge(0), Lt(1)]
"""A share or a probability of less than 1."""

Chance = Annotated[float, Ge(0), Le(1)]
"""A probability, or a share that may be empty or whole."""

Share = Annotated[float, Gt(0), Le(1)]
"""A share that is not empty."""

Factor = Annotated[float, Gt(0), Lt(1)]
"""A factor that makes less of what it multiplies, and something."""
