"""For each video of a step another one, as the source of false pairs of sound and frame."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int64
from numpy import ndarray

# numpy fills short seeds up with zeros: this end keeps the draws apart from those of the same seed elsewhere.
STREAM = 2


def other_clips(
    clips: Int64[ndarray, " clip"], visual: Int64[ndarray, " clip"], *, place: Sequence[int]
) -> dict[int, int]:
    """Another clip for each distinct clip of a step, one in which something else is seen.

    What is seen in a step is put in a random cycle, in which everything has its successor as its other: so
    everything is the other of just one. Where all clips of a step show the same, none has an other.

    Args:
        clips: clips of all questions of the step, over all processes.
        visual: what is seen in each of them.
        place: what the choice depends on beside them, such as seed, epoch and step; not negative.

    Example:
        >>> other_clips(np.array([4, 7, 4]), np.array([0, 1, 0]), place=(0,))
        {4: 7, 7: 4}
    """
    seen, first = np.unique(visual, return_index=True)
    if len(seen) == 1:
        return {}
    cycle = np.random.default_rng((*place, STREAM)).permutation(len(seen))
    successor = np.empty_like(cycle)
    successor[cycle] = np.roll(cycle, -1)
    other = clips[first[successor]][np.searchsorted(seen, visual)]
    return dict(zip(clips.tolist(), other.tolist(), strict=True))
