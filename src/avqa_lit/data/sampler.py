"""Which questions each process sees in each step."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Int64
from numpy import ndarray

from avqa_lit.errors import ConfigError


class StepSampler:
    """Splits the questions of each step over the processes, without padding and without repeats.

    The order depends on the seed and the epoch alone, so any number of processes sees the same questions
    in the same step. A process takes every `world_size`-th question of a step; one that gets none is told so.

    Args:
        questions: number of questions in the split.
        batch_size: questions a step, over all processes.
        shuffle: draw a new order each epoch.
        seed: seed of that order.
        rank: number of this process.
        world_size: number of processes.
    """

    def __init__(
        self, questions: int, *, batch_size: int, shuffle: bool, seed: int, rank: int = 0, world_size: int = 1
    ) -> None:
        if batch_size < 1:
            raise ConfigError(f"data.batch_size={batch_size}: expected 1 or more questions a step")
        self.questions = questions
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
        return -(-self.questions // self.batch_size)

    def __iter__(self) -> Iterator[tuple[Int64[ndarray, " batch"], Int64[ndarray, " step"]]]:
        """Rows of this process in each step, possibly none, and the rows of all processes."""
        first_step, self.skip = self.skip, 0
        order = np.arange(self.questions)
        if self.shuffle:
            order = np.random.default_rng((self.seed, self.epoch)).permutation(order)
        for first in range(first_step * self.batch_size, self.questions, self.batch_size):
            step = order[first : first + self.batch_size]
            yield step[self.rank :: self.world_size], step
