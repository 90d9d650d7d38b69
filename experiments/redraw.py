"""Redraws the outcome in every experiment's README from its results.json; with --run, trains it again.

python experiments/redraw.py [NAME...] [--run]
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from avqa_lit.artifacts.atomic import write_json, write_text
from avqa_lit.report.build import write_report
from avqa_lit.report.collect import collect
from avqa_lit.report.configurations import TestSet, test_sets
from avqa_lit.report.intervals import t_interval
from avqa_lit.report.verdict import findings

HERE = Path(__file__).parent
RUNS = Path("runs") / "experiments"
BEGIN, END = "<!-- outcome, drawn from results.json -->", "<!-- end of outcome -->"
# What is trained for each study: arguments of python -m avqa_lit.train.
STUDIES = {
    "modality_ablation": ["+experiment=modality_ablation"],
    "kl_sweep": ["+experiment=kl_sweep", "seed=0,1,2"],
    "norm_placement": ["+experiment=norm_placement", "loss.kl.weight=0.1"],
    "schedule_sweep": ["+experiment=schedule_sweep", "trainer.max_epochs=12", "data.videos=600"],
}
COLUMNS = {
    "overall": "acc/overall",
    "audio": "acc/audio/avg",
    "visual": "acc/visual/avg",
    "audio-visual": "acc/audio_visual/avg",
    "mean of types": "acc/mean_of_types",
}


def main() -> None:
    """Redraw the named studies, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(STUDIES)}; default: all")
    parser.add_argument("--run", action="store_true", help="train first; finished runs are not repeated")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(STUDIES)
    if unknown:
        parser.error(f"no experiment {', '.join(sorted(unknown))}; expected some of {', '.join(STUDIES)}")
    for name in arguments.names or STUDIES:
        if arguments.run:
            run(name)
        redraw(HERE / name)


def run(name: str) -> None:
    """Train a study and write its results.json."""
    command = [sys.executable, "-m", "avqa_lit.train", *STUDIES[name], f"paths.runs={RUNS}"]
    subprocess.run(command, check=True)
    report = write_report([RUNS / name], RUNS / name / "report.html")
    (tests,) = test_sets(collect([RUNS / name]).results)
    write_json(HERE / name / "results.json", summary(name, tests))
    print(f"{name}: report in {report.html}")


def summary(name: str, tests: TestSet) -> dict[str, Any]:
    """What is kept of a study: every accuracy of every run, and where they come from."""
    first = tests.results[0]
    return {
        "schema": 1,
        "command": f"python -m avqa_lit.train {' '.join(STUDIES[name])}",
        "budget": first.run.config["budget"],
        "data": {key: first.fact(f"data.{key}") for key in ("checksum", "encoders", "questions")},
        "versions": first.fact("versions"),
        "git": first.fact("git"),
        "prior": {column: tests.prior(metric) for column, metric in COLUMNS.items()},
        "findings": [f"{one.lead} {one.text}" for one in findings(tests)],
        "configurations": [
            {
                "label": one.label,
                "chosen_on_val": one is tests.chosen,
                "seeds": [result.seed for result in one.results],
                "val": one.values("acc/overall", "val"),
                "test": {column: one.values(metric) for column, metric in COLUMNS.items()},
                "fit_seconds": [result.fact("seconds.fit") for result in one.results],
            }
            for one in tests.configurations
        ],
    }


def redraw(folder: Path) -> None:
    """Replace the outcome between the two marks in a study's README."""
    readme = folder / "README.md"
    text = readme.read_text("utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise SystemExit(f"{readme}: expected one line {BEGIN} and one line {END}")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    results = json.loads((folder / "results.json").read_text("utf-8"))
    write_text(readme, f"{before}{BEGIN}\n{outcome(results)}\n{END}{after}")


def outcome(results: Mapping[str, Any]) -> str:
    """Findings and table of a study as Markdown."""
    heads = ["configuration", "val overall", *(f"test {column}" for column in COLUMNS)]
    lines = ["| " + " | ".join(heads) + " |", "|---" + "|---:" * (len(heads) - 1) + "|"]
    prior = [f"{100 * results['prior'][column]:.1f}" for column in COLUMNS]
    lines.append("| " + " | ".join(["question-only prior", "", *prior]) + " |")
    for one in results["configurations"]:
        label = f"**{one['label']}** (chosen on val)" if one["chosen_on_val"] else one["label"]
        cells = [_cell(one["val"]), *(_cell(one["test"][column]) for column in COLUMNS)]
        lines.append("| " + " | ".join([label, *cells]) + " |")
    seeds = len(results["configurations"][0]["seeds"])
    questions = results["data"]["questions"]
    note = (
        f"Accuracy in percent, mean of {seeds} seeds with the half width of its 95% interval (Student's t "
        f"over seeds). Budget {results['budget']['name']}, {questions['train']:,} training and "
        f"{questions['test']:,} test questions; the epoch is chosen on val."
    )
    findings_list = "\n".join(f"- {one}" for one in results["findings"])
    return f"{findings_list}\n\n" + "\n".join(lines) + f"\n\n{note}"


def _cell(values: Sequence[float]) -> str:
    if len(values) < 2:
        return f"{100 * values[0]:.1f}"
    interval = t_interval(values)
    return f"{100 * interval.estimate:.1f} ± {100 * (interval.high - interval.estimate):.1f}"


if __name__ == "__main__":
    main()
