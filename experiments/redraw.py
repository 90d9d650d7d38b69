"""Redraws the outcome in every experiment's README from its results.json; with --run, trains it again.

python experiments/redraw.py [NAME...] [--run]
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import by_share
from study_page import TESTED, outcome

from avqa_lit.artifacts.atomic import write_json, write_text
from avqa_lit.report.build import write_report
from avqa_lit.report.collect import collect
from avqa_lit.report.columns import columns_of
from avqa_lit.report.configurations import Configuration, TestSet, test_sets
from avqa_lit.report.correlation import correlations
from avqa_lit.report.significance import differences
from avqa_lit.report.verdict import findings

HERE = Path(__file__).parent
RUNS = Path("runs") / "experiments"
BEGIN, END = "<!-- outcome, drawn from results.json -->", "<!-- end of outcome -->"


@dataclass(frozen=True)
class Study:
    """What is trained, and which configuration the others are tested against.

    Attributes:
        arguments: of python -m avqa_lit.train.
        reference: label of a configuration; None where the verdict compares by itself.
        correlates: whether categories are correlated over the runs.
        by_category: whether the page has a table of all categories.
        seeds: how many.
        by_share: whether it is a learning curve over `data.train_share`; `reference` names a model then.
    """

    arguments: Sequence[str]
    reference: str | None = None
    correlates: bool = False
    by_category: bool = False
    seeds: int = 3
    by_share: bool = False


STUDIES = {
    "poster": Study(["+experiment=poster"]),
    "poster_table": Study(
        ["+experiment=poster_table", "trainer.max_epochs=12"],
        reference="model CrossAttention · learning rate 0.001",
    ),
    "alignments": Study(["+experiment=alignments", "trainer.max_epochs=12"], reference="none of them"),
    "modality_ablation": Study(
        ["+experiment=modality_ablation", "trainer.max_epochs=12"],
        reference="model CrossAttention · tracks audio + visual",
    ),
    "category_tradeoff": Study(
        ["+experiment=category_tradeoff", "trainer.max_epochs=12"], correlates=True, seeds=2
    ),
    "perturbation": Study(["+experiment=perturbation", "trainer.max_epochs=12"], reference="none of them"),
    "question_encoders": Study(
        ["+experiment=question_encoders", "trainer.max_epochs=12"], reference="question HashingEncoder"
    ),
    "all_nine": Study(
        ["+experiment=all_nine"],
        reference="model AnswerSlots · tracks audio + visual · epochs 24",
        by_category=True,
    ),
    "learning_curve": Study(["+experiment=learning_curve"], reference="AnswerSlots", by_share=True),
    "slot_alignments": Study(
        ["+experiment=slot_alignments", "trainer.max_epochs=12"], reference="none of them", by_category=True
    ),
    "slot_ablation": Study(
        ["+experiment=slot_ablation"],
        reference="model.channels 3 · model.audio_bins 6 · model.evidence_noise 0.6",
        by_category=True,
    ),
    "slot_ablation_full": Study(
        ["+experiment=slot_ablation_full"],
        reference="model.channels 3 · model.audio_bins 6 · model.evidence_noise 0.6",
        by_category=True,
    ),
    "precision": Study(
        ["+experiment=precision"], reference="data.dtype float32 · trainer.precision 32-true", seeds=5
    ),
    "kl_sweep": Study(["+experiment=kl_sweep", "seed=0,1,2"]),
    "norm_placement": Study(["+experiment=norm_placement", "loss.kl.weight=0.1"]),
    "schedule_sweep": Study(["+experiment=schedule_sweep", "trainer.max_epochs=12", "data.videos=600"]),
}
TABLE = {
    "overall": "acc/overall",
    "audio": "acc/audio/avg",
    "visual": "acc/visual/avg",
    "audio-visual": "acc/audio_visual/avg",
    "mean of types": "acc/mean_of_types",
    "mean of modalities": "acc/mean_of_modalities",
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
    command = [sys.executable, "-m", "avqa_lit.train", *STUDIES[name].arguments, f"paths.runs={RUNS}"]
    subprocess.run(command, check=True)
    report = write_report([RUNS / name], RUNS / name / "report.html")
    sets = test_sets(collect([RUNS / name]).results)
    write_json(HERE / name / "results.json", summary(name, sets))
    print(f"{name}: report in {report.html}")


def summary(name: str, sets: Sequence[TestSet]) -> dict[str, Any]:
    """What is kept of a study: every accuracy of every run, and where they come from."""
    study = STUDIES[name]
    first = sets[0].results[0].run
    told = first.results
    origin = {
        "schema": 1,
        "command": command_of(name),
        "budget": first.config["budget"],
        "data": {key: getattr(told.data, key) for key in ("checksum", "encoders", "questions")},
        "versions": told.versions,
        "git": told.git,
    }
    if study.by_share:
        assert study.reference is not None
        return {
            **origin,
            "reference": study.reference,
            "shares": by_share.shares(sets, reference=study.reference),
        }
    (tests,) = sets
    return {**origin, **_compared(study, tests)}


def _compared(study: Study, tests: TestSet) -> dict[str, Any]:
    reference, names = _reference(study, tests), tests.taxonomy.names
    of_category = {name: tests.prior(f"acc/{name}") for name in names}
    return {
        "prior": {column: tests.prior(metric) for column, metric in TABLE.items()},
        "prior_by_category": of_category if study.by_category else None,
        "findings": [f"{finding.lead} {finding.text}" for finding in findings(tests)],
        "reference": reference.label if reference else None,
        "configurations": [
            {
                "label": configuration.label,
                "chosen_on_val": configuration is tests.chosen,
                "seeds": [result.seed for result in configuration.results],
                "val": configuration.values("acc/overall", "val"),
                "test": {column: configuration.values(metric) for column, metric in TABLE.items()},
                "categories": {name: configuration.values(f"acc/{name}") for name in names},
                "fit_seconds": [result.run.results.seconds.fit for result in configuration.results],
            }
            for configuration in tests.configurations
        ],
        "against_reference": _against(reference, tests) if reference else {},
        "correlations": _with_rest(tests) if study.correlates else None,
    }


def command_of(name: str) -> str:
    """What a user types to repeat a study."""
    return " ".join(["python -m avqa_lit.train", *STUDIES[name].arguments])


def _reference(study: Study, tests: TestSet) -> Configuration | None:
    if study.reference is None:
        return None
    (found,) = (
        configuration for configuration in tests.configurations if configuration.label == study.reference
    )
    return found


def _with_rest(tests: TestSet) -> dict[str, Any]:
    """Rank correlation of each category with the mean of the others over the runs."""
    found = correlations(tests)
    if found is None:
        raise SystemExit("too few runs to correlate their categories")
    return {
        "runs": found.runs,
        "critical": found.critical,
        "with_rest": dict(zip(tests.taxonomy.names, found.with_rest.tolist(), strict=True)),
    }


def _against(reference: Configuration, tests: TestSet) -> dict[str, dict[str, Any]]:
    """Difference and adjusted p-value of every other configuration, by its label and the column."""
    others = [configuration for configuration in tests.configurations if configuration is not reference]
    columns = {column.metric: column for column in columns_of(tests.taxonomy)}
    tested = {name: differences(reference, others, columns[TABLE[name]]) for name in TESTED}
    return {
        other.label: {
            name: {"difference": found[place].value, "p": found[place].p} for name, found in tested.items()
        }
        for place, other in enumerate(others)
    }


def redraw(folder: Path) -> None:
    """Replace the outcome between the two marks in a study's README."""
    readme = folder / "README.md"
    results = json.loads((folder / "results.json").read_text("utf-8"))
    text = readme.read_text("utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise SystemExit(f"{readme}: expected one line {BEGIN} and one line {END}")
    if "shares" in results:
        by_share.draw(results["shares"], folder)
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    write_text(readme, f"{before}{BEGIN}\n{outcome(results)}\n{END}{after}")


if __name__ == "__main__":
    main()
