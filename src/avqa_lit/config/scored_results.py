"""What results.json says of the scores of splits, for a training as for an evaluation."""

from collections.abc import Mapping
from dataclasses import replace

from avqa_lit.artifacts.results import Results
from avqa_lit.metrics.split_scores import SplitScores


def with_scores(results: Results, scores: Mapping[str, SplitScores]) -> Results:
    """The results with the scores of each split, whose questions have the same categories."""
    (taxonomy,) = {scored.taxonomy for scored in scores.values()}
    return replace(
        results,
        metrics={name: value for scored in scores.values() for name, value in scored.metrics.items()},
        counts={name: marks for scored in scores.values() for name, marks in scored.counts.items()},
        taxonomy=taxonomy,
        unseen_answers={
            split: scored.unseen_answers
            for split, scored in scores.items()
            if scored.unseen_answers is not None
        },
        no_prior={split: scored.no_prior for split, scored in scores.items() if scored.no_prior},
    )
