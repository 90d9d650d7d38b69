"""Perturbations of what a model trains on: features, rows, a whole modality, and time stamps."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from avqa_lit.batch import Modality, Track
from avqa_lit.errors import ConfigError
from avqa_lit.ranges import Chance, NonNegative


@dataclass(frozen=True, kw_only=True)
class Perturbation:
    """Four perturbations of each video's tracks, each off at 0; several may be on together.

    All that a video suffers is drawn from the generator of that video alone, and what one perturbation
    draws does not depend on whether another is on.

    Attributes:
        feature_noise: standard deviation of the noise on every value, in standard deviations of the
            video's own values in that track; see `with_feature_noise`.
        time_mask: longest stretch of each modality that is taken out, in seconds; see `without_a_stretch`.
        modality_dropout: chance from 0 to 1 that one modality of a video, either with equal chance, is
            blank, as ``drop=`` of `avqa_lit.evaluate` leaves it.
        time_shift: longest delay of one modality behind the other, in seconds; see `delayed`.
    """

    feature_noise: NonNegative = 0.0
    time_mask: NonNegative = 0.0
    modality_dropout: Chance = 0.0
    time_shift: NonNegative = 0.0

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            most = 1 if one.name == "modality_dropout" else math.inf
            if not isinstance(value, int | float) or not 0 <= value <= most or value == math.inf:
                expected = "a chance from 0 to 1" if most == 1 else "a finite number, 0 (off) or more"
                raise ConfigError(f"perturbation.{one.name} is {value!r}, expected {expected}")

    @property
    def is_off(self) -> bool:
        """Whether it leaves every track as it is."""
        return not any(getattr(self, one.name) for one in fields(self))

    def __call__(
        self,
        tracks: Mapping[str, Track],
        modalities: Mapping[str, Modality],
        generators: Sequence[np.random.Generator],
    ) -> dict[str, Track]:
        """The tracks as they are perturbed; the given ones stay as they are.

        All tracks of a modality lose the same stretch, are blank together, and are late together.

        Args:
            tracks: tracks of each distinct video, by name.
            modalities: modality of each track.
            generators: one for each video.
        """
        # Before the noise, which draws as many numbers as a video has values.
        chance = torch.from_numpy(np.stack([generator.random(8) for generator in generators]))
        return {
            name: self._perturbed(track, chance, generators, hears=modalities[name] == "audio")
            for name, track in tracks.items()
        }

    def _perturbed(
        self,
        track: Track,
        chance: Float[Tensor, "video 8"],
        generators: Sequence[np.random.Generator],
        *,
        hears: bool,
    ) -> Track:
        if self.feature_noise > 0:
            track = with_feature_noise(track, scale=self.feature_noise, generators=generators)
        if self.time_mask > 0:
            stretch = chance[:, 0:2] if hears else chance[:, 2:4]
            track = without_a_stretch(track, longest=self.time_mask, chance=stretch)
        if self.modality_dropout > 0:
            keeps_audio = chance[:, 5] < 0.5
            is_blank = ~keeps_audio if hears else keeps_audio
            track = blanked(track, (chance[:, 4] < self.modality_dropout) & is_blank)
        if self.time_shift > 0:
            audio_is_late = chance[:, 7] < 0.5
            is_late = audio_is_late if hears else ~audio_is_late
            track = delayed(track, self.time_shift * chance[:, 6] * is_late)
        return track


def with_feature_noise(track: Track, *, scale: float, generators: Sequence[np.random.Generator]) -> Track:
    r"""The track with Gaussian noise on every value of its real rows.

    .. math:: x' = x + \text{scale} \cdot s \cdot \epsilon, \qquad \epsilon \sim \mathcal{N}(0, 1)

    with :math:`s` the standard deviation of all values of the video in this track, so that one scale
    means the same to encoders whose features differ in size.

    References:
        Training with Noise is Equivalent to Tikhonov Regularization (Bishop, 1995),
        https://doi.org/10.1162/neco.1995.7.1.108

    Args:
        track: one track of each video.
        scale: noise in standard deviations.
        generators: one for each video.
    """
    values = track.values.clone()
    for video, generator in enumerate(generators):
        real = values[video, track.mask[video]]
        noise = torch.from_numpy(generator.standard_normal(tuple(real.shape), dtype=np.float32))
        values[video, track.mask[video]] = real + scale * real.std(correction=0) * noise
    return replace(track, values=values)


def without_a_stretch(track: Track, *, longest: float, chance: Float[Tensor, "video 2"]) -> Track:
    r"""The track without the rows that start within one stretch of time; the others keep their stamps.

    .. math:: w = u_1 \min(\text{longest}, l - f), \qquad b = f - w + u_2 (l - f + w)

    takes out the rows from :math:`b` up to, not including, :math:`b + w`, with :math:`f` and :math:`l` the
    first and the last time stamp of the video. Every row is taken with equal chance, the stretch is
    shorter than the track, and at least one row is left.

    The rows that are left move together, so that masks stay without holes. SpecAugment, from which the
    idea is, sets the masked values to the mean instead, and counts steps where we count seconds.

    References:
        SpecAugment: A Simple Data Augmentation Method for Automatic Speech Recognition (Park et al., 2019),
        https://arxiv.org/abs/1904.08779

    Args:
        track: one track of each video.
        longest: seconds.
        chance: two numbers from 0 up to 1 for each video, :math:`u_1` and :math:`u_2`.
    """
    stamps = track.seconds.double()
    first = stamps.masked_fill(~track.mask, math.inf).amin(dim=1)
    last = stamps.masked_fill(~track.mask, -math.inf).amax(dim=1)
    width = chance[:, 0] * (last - first).clamp(max=longest)
    begin = first - width + chance[:, 1] * (last - first + width)
    taken = (stamps >= begin[:, None]) & (stamps < (begin + width)[:, None])
    kept = track.mask & ~taken
    order = kept.int().argsort(dim=1, descending=True, stable=True)
    video = torch.arange(len(order))[:, None]
    mask = kept[video, order]
    return Track(
        values=_zero_where(~mask, track.values[video, order]),
        mask=mask,
        seconds=track.seconds[video, order],
    )


def blanked(track: Track, videos: Bool[Tensor, " video"]) -> Track:
    """The track with zeros for all values of some videos, whose rows stay where they are.

    References:
        ModDrop: Adaptive Multi-Modal Gesture Recognition (Neverova et al., 2016),
        https://arxiv.org/abs/1501.00102
    """
    return replace(track, values=_zero_where(videos, track.values))


def delayed(track: Track, seconds: Float[Tensor, " video"]) -> Track:
    """The track as many seconds later as is said for each video, by its time stamps.

    Rows keep their order and none is lost, as none would be from a recording out of step; rolling them
    round would bring the end of a video to its beginning instead. Stamps never fall below 0, since it is
    always the late modality that moves.
    """
    return replace(track, seconds=track.seconds + seconds.to(track.seconds.dtype)[:, None])


def _zero_where(places: Bool[Tensor, "..."], values: Tensor) -> Tensor:
    return values.masked_fill(places.reshape(places.shape + (1,) * (values.dim() - places.dim())), 0)
