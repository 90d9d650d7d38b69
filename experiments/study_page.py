"""What a study's page shows of its results: findings, tables and the link to its figure, as Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any

import by_share

from avqa_lit.analysis.intervals import t_interval
from avqa_lit.report.significance import LEVEL
from avqa_lit.report.wording import points, spelled

# Averages over questions, which can be compared question by question.
TESTED = ("overall", "audio", "visual", "audio-visual")


def outcome(results: Mapping[str, Any]) -> str:
    """Findings and tables of a study as Markdown."""
    if "shares" in results:
        return "\n\n".join(_by_share(results))
    parts = ["\n".join(f"- {one}" for one in results["findings"]), *_accuracies(results)]
    if results.get("prior_by_category"):
        parts += _by_category(results)
    if results.get("reference"):
        parts += _tests(results)
    if results.get("correlations"):
        parts += _correlations(**results["correlations"])
    return "\n\n".join(parts)


def _accuracies(results: Mapping[str, Any]) -> tuple[str, str]:
    columns = list(results["prior"])
    prior = [f"{100 * results['prior'][column]:.1f}" for column in columns]
    rows = [["question-only prior", "", *prior]]
    for one in results["configurations"]:
        label = f"**{one['label']}** (chosen on val)" if one["chosen_on_val"] else one["label"]
        rows.append([label, _cell(one["val"]), *(_cell(one["test"][column]) for column in columns)])
    seeds = len(results["configurations"][0]["seeds"])
    questions = results["data"]["questions"]
    note = (
        f"Accuracy in percent, mean of {seeds} seeds with the half width of its 95% interval (Student's t "
        f"over seeds). Budget {results['budget']['name']}, {questions['train']:,} training and "
        f"{questions['test']:,} test questions; the epoch is chosen on val."
    )
    return _table(["configuration", "val overall", *(f"test {column}" for column in columns)], rows), note


def _by_category(results: Mapping[str, Any]) -> tuple[str, str]:
    prior = results["prior_by_category"]
    rows = [
        [
            category.replace("_", "-").replace("/", " · "),
            f"{100 * prior[category]:.1f}",
            *(_cell(one["categories"][category]) for one in results["configurations"]),
        ]
        for category in prior
    ]
    labels = [one["label"] for one in results["configurations"]]
    note = "Test accuracy in percent by category, likewise; beside it the question-only prior's."
    return _table(["category", "prior", *labels], rows), note


def _by_share(results: Mapping[str, Any]) -> tuple[str, str, str]:
    shares = results["shares"]
    models, tested = list(shares[0]["models"]), list(shares[0]["against_reference"])
    heads = ["training videos", "questions", "prior", *models]
    heads += [f"{name} against {results['reference']}" for name in tested]
    rows = [
        [
            f"{100 * one['train_share']:g}%",
            f"{one['questions']:,}",
            f"{100 * one['prior']:.1f}",
            *(_cell(one["models"][name]["test"]) for name in models),
            *(_difference(**one["against_reference"][name]) for name in tested),
        ]
        for one in shares
    ]
    seeds = len(shares[0]["models"][models[0]]["seeds"])
    note = (
        f"Accuracy in percent on the same {results['data']['questions']['test']:,} test questions, mean of "
        f"{seeds} seeds with the half width of its 95% interval (Student's t over seeds); the prior is "
        f"fitted on the share. Differences in points; **bold** where significant below {LEVEL} after Holm's "
        "correction over the models of a row, over questions and over seeds alike."
    )
    alt = "Test accuracy of each model over the number of training questions"
    return f"![{alt}]({by_share.FIGURE}.svg)", _table(heads, rows), note


def _tests(results: Mapping[str, Any]) -> tuple[str, str, str]:
    against = results["against_reference"]
    rows = [
        [label, *(_difference(**columns[column]) for column in TESTED)] for label, columns in against.items()
    ]
    shown = [label for label, columns in against.items() if columns["overall"]["p"] < LEVEL]
    verdict = f"Significantly different from *{results['reference']}* overall: {'; '.join(shown) or 'none'}."
    note = (
        "Difference in points on test, with its p-value; **bold** where it is significant, that is below "
        f"{LEVEL} after Holm's correction over the rows of a column. It has to show over questions (paired "
        "bootstrap) and over seeds (paired t test): p is the larger of the two."
    )
    return verdict, _table([f"against {results['reference']}", *TESTED], rows), note


def _correlations(*, runs: int, critical: float, with_rest: Mapping[str, float]) -> tuple[str, str]:
    values = [
        f"**{value:+.2f}**" if abs(value) > critical else f"{value:+.2f}" for value in with_rest.values()
    ]
    note = (
        "Rank correlation (Spearman) of a category's test accuracy with the mean of the other "
        f"{spelled(len(with_rest) - 1)}, over {runs} runs; **bold** beyond {critical:.2f}, significant at 5% "
        "taken one by one. A category that falls where the rest rises has a negative one."
    )
    return _table(["category", "with the rest"], list(zip(with_rest, values, strict=True))), note


def _difference(*, difference: float, p: float) -> str:
    text = f"{points(difference)} (p {p:.2f})" if p >= 0.01 else f"{points(difference)} (p < 0.01)"
    return f"**{text}**" if p < LEVEL else text


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in (heads, *rows)]
    return "\n".join([lines[0], "|---" + "|---:" * (len(heads) - 1) + "|", *lines[1:]])


def _cell(values: Sequence[float]) -> str:
    if len(values) < 2:
        return f"{100 * values[0]:.1f}"
    interval = t_interval(values)
    return f"{100 * interval.estimate:.1f} ± {100 * (interval.high - interval.estimate):.1f}"
