"""Which questions each process sees in each step."""

from collections.abc import Iterator
from functools import cached_property

import numpy as np
from jaxtyping import Int64
from numpy import ndarray

from avqa_lit.errors import ConfigError


class StepSampler:
    """Splits the questions of each step over the processes, without padding and without repeats.

    The order depends on the seed and the epoch alone, so any number of processes sees the same questions
    in the same step. A process takes every `world_size`-th video of a step with all its questions there; one
    that gets none is told so.

    Without shuffling, questions about a video stand together, and a step ends with a video: each video is
    in one step, unless it alone has more questions than a step.

    Args:
        clips: clip that each question of the split is about.
        batch_size: questions a step, over all processes.
        shuffle: draw a new order each epoch.
        seed: seed of that order.
        rank: number of this process.
        world_size: number of processes.
        together: when shuffled, so many questions about a video follow each other, so that it is encoded
            once for all of them; 1 leaves them apart.
    """

    def __init__(
        self,
        clips: Int64[ndarray, " question"],
        *,
        batch_size: int,
        shuffle: bool,
        seed: int,
        rank: int = 0,
        world_size: int = 1,
        together: int = 1,
    ) -> None:
        if batch_size < 1:
            raise ConfigError(f"data.batch_size={batch_size}: expected 1 or more questions a step")
        if together < 1:
            raise ConfigError(f"data.group_by_video={together}: expected 1 (apart) or more questions")
        self.clips = clips
        self.together = together
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.rank = rank
        self.world_size = world_size
        self.epoch = 0
        self.skip = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order comes next; Lightning calls this."""
        self.epoch = epoch

    def start_at(self, step: int) -> None:
        """Leave out the steps before this one in the next pass, and in that alone."""
        self.skip = step

    def __len__(self) -> int:
        """Steps an epoch, the same for every process."""
        return -(-len(self.clips) // self.batch_size) if self.shuffle else len(self._in_order)

    def __iter__(self) -> Iterator[tuple[Int64[ndarray, " batch"], Int64[ndarray, " step"]]]:
        """Rows of this process in each step, possibly none, and the rows of all processes."""
        first_step, self.skip = self.skip, 0
        steps = self._shuffled() if self.shuffle else self._in_order
        for step in steps[first_step:]:
            _, place = np.unique(self.clips[step], return_inverse=True)
            yield step[place % self.world_size == self.rank], step

    @cached_property
    def _in_order(self) -> list[Int64[ndarray, " step"]]:
        order = np.argsort(self.clips, kind="stable")
        _, counts = np.unique(self.clips, return_counts=True)
        ends = np.cumsum(counts)
        steps, first = [], 0
        while first < len(order):
            videos = np.searchsorted(ends, first + self.batch_size, side="right")
            last = int(ends[videos - 1]) if videos > 0 else 0
            end = last if last > first else first + self.batch_size
            steps.append(order[first:end])
            first = end
        return steps

    def _shuffled(self) -> list[Int64[ndarray, " step"]]:
        generator = np.random.default_rng((self.seed, self.epoch))
        order = generator.permutation(len(self.clips))
        if self.together > 1:
            order = _together(order, self.clips, self.together, generator)
        return [order[first : first + self.batch_size] for first in range(0, len(order), self.batch_size)]


def _together(
    order: Int64[ndarray, " question"],
    clips: Int64[ndarray, " question"],
    together: int,
    generator: np.random.Generator,
) -> Int64[ndarray, " question"]:
    """The random `order`, in which groups of questions about one video have moved to random places."""
    by_clip = order[np.argsort(clips[order], kind="stable")]
    _, first, counts = np.unique(clips[by_clip], return_index=True, return_counts=True)
    rank = np.arange(len(order)) - np.repeat(first, counts)
    group = np.cumsum(rank % together == 0) - 1
    place = generator.permutation(group[-1] + 1)
    return by_clip[np.argsort(place[group], kind="stable")]
