"""Canonical correlation between what clips sound like and what they look like."""

from collections.abc import Sequence
from typing import Any, get_args

import torch
from jaxtyping import Float, Float64
from torch import Tensor, nn

from avqa_lit.batch import Batch, ModelOutput
from avqa_lit.losses.aligned_rows import Level, aligned_rows
from avqa_lit.losses.options import check_choice, check_number
from avqa_lit.losses.tracks import AUDIO_AND_VISUAL, check_between
from avqa_lit.needs import LossNeeds
from avqa_lit.ranges import Positive

# Rounds off the corner of the trace norm at a correlation of 0, where its gradient has no direction.
_ROUNDING = 1e-4
# Least variance that counts, against the mean square of the values and on its own: below is rounding noise.
_NOISE, _NOTHING = 1e-6, 1e-12


def mean_correlation(
    first: Float[Tensor, "row first_dim"],
    second: Float[Tensor, "row second_dim"],
    weight: Float[Tensor, " row"],
    *,
    ridge: float,
) -> Float64[Tensor, ""]:
    r"""Mean canonical correlation of two views of the same rows, from 0 to 1.

    .. math::
        \frac{1}{\min(d_1, d_2)} \left\| \Sigma_{11}^{-1/2} \Sigma_{12} \Sigma_{22}^{-1/2} \right\|_{tr},
        \qquad \Sigma_{kk} = \operatorname{cov}(X_k) + r \, \bar\sigma_k^2 \, I

    where :math:`\bar\sigma_k^2` is the mean variance of view k. Computed in float64, through Cholesky factors
    (which turn the matrix, and leave its singular values) and with
    :math:`\sqrt{\sigma^2 + \epsilon^2} - \epsilon`, :math:`\epsilon = 10^{-4}`, for each singular value: the
    gradient is then defined for repeated and for vanishing correlations too.

    Departures from the paper: its ridge is a constant and its rows are equal; here the ridge grows with the
    view, so that the value does not depend on the views' scales, rows have weights, and the sum is divided by
    the number of correlations.

    References:
        Deep Canonical Correlation Analysis (Andrew et al., ICML 2013),
        https://proceedings.mlr.press/v28/andrew13.html

    Args:
        first: one view.
        second: the other view of the same rows.
        weight: above 0; a row of weight 2 counts as two equal rows.
        ridge: above 0; all that keeps fewer rows than dimensions from a perfect correlation.
    """
    weight = weight.double() / weight.double().sum()
    x, y = _whitened(first.double(), weight, ridge), _whitened(second.double(), weight, ridge)
    correlations = torch.linalg.svdvals(x @ y.T)
    rounded = (correlations.square() + _ROUNDING**2).sqrt() - _ROUNDING
    mean: Tensor = rounded.sum() / min(len(x), len(y))
    return mean


class CCA(nn.Module):
    """Negative mean canonical correlation of audio and visual tokens, from -1 to 0.

    Over the distinct videos of the step, on all processes, each weighted by its questions; value and gradient
    are the same however the questions are split. One video alone has nothing to correlate: 0.

    A step should hold clearly more pairs than the tokens are wide; else see to the ridge, or take ``frame``.

    Args:
        ridge: added to the variances, as a part of each view's mean variance; above 0.
        level: ``clip`` correlates means over time, ``frame`` every moment that both tracks share.
        between: names of the two tracks whose tokens are compared.
    """

    @classmethod
    def needs(cls, *, between: Sequence[str] = AUDIO_AND_VISUAL, **options: Any) -> LossNeeds:
        """The tokens of both tracks."""
        return LossNeeds(tokens=check_between("cca", between))

    def __init__(self, *, ridge: Positive, level: Level, between: Sequence[str] = AUDIO_AND_VISUAL) -> None:
        super().__init__()
        self.between = check_between("cca", between)
        check_number("loss.cca.ridge", ridge)
        check_choice("loss.cca.level", level, get_args(Level))
        self.ridge = ridge
        self.level = level

    def forward(self, output: ModelOutput, batch: Batch) -> Float[Tensor, ""]:
        """Share of this process in the step's negative mean correlation, by its share of the questions."""
        pairs = aligned_rows(output, batch, level=self.level, between=self.between, term="cca")
        step = pairs.of_all_processes()
        value = mean_correlation(step.audio, step.visual, step.weight, ridge=self.ridge)
        return -value.to(pairs.audio.dtype) * batch.weight.sum() / batch.total


def _whitened(
    view: Float64[Tensor, "row dim"], weight: Float64[Tensor, " row"], ridge: float
) -> Float64[Tensor, "dim row"]:
    r"""Rows x as :math:`\sqrt{w} \, L^{-1} (x - \bar x)`, with L the Cholesky factor of their covariance."""
    centred = (view - weight @ view) * weight.sqrt()[:, None]
    covariance = centred.T @ centred
    mean_square = (weight @ view.square()).mean()
    added = ridge * covariance.diagonal().mean() + _NOISE * mean_square + _NOTHING
    factor = torch.linalg.cholesky(covariance + added * torch.eye(len(covariance)).to(covariance))
    whitened: Tensor = torch.linalg.solve_triangular(factor, centred.T, upper=False)
    return whitened
