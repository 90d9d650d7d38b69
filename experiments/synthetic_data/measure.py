"""Measures the embedded data: what its questions give away, and what its features carry.

python experiments/synthetic_data/measure.py

Writes results.json beside itself and draws the outcome in README.md from it.
"""

import json
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from probes import ABSENT, PRESENT

from avqa_lit.artifacts.atomic import write_json, write_text
from avqa_lit.data.annotations import fill
from avqa_lit.data.synthetic.concerts import SyntheticConcerts, Video
from avqa_lit.data.synthetic.questions import answer
from avqa_lit.data.synthetic.scenes import simulate
from avqa_lit.data.synthetic.templates import TEMPLATES
from avqa_lit.metrics.prior import fit_prior
from avqa_lit.taxonomy import MUSIC_AVQA

HERE = Path(__file__).parent
BEGIN, END = "<!-- outcome, drawn from results.json -->", "<!-- end of outcome -->"
OPTIONS = {"seed": 0, "videos": 1000, "questions_per_video": 6, "noise": 0.2}
TEMPLATE_OF = {template.text: template for template in TEMPLATES}


def main() -> None:
    """Measure, write results.json, redraw the README."""
    concerts, seconds = SyntheticConcerts(**OPTIONS), {}
    began = time.perf_counter()
    videos = concerts.generated
    seconds["generate"] = round(time.perf_counter() - began, 1)
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        store = concerts.prepare(cache=Path(folder) / "cache", progress=False)
        seconds["pack"] = round(time.perf_counter() - began, 1)
        oracle = oracle_accuracy(concerts.export_to(Path(folder) / "export"))
    split = {name: [one for one in videos if one.split == name] for name in ("train", "val", "test")}
    results = {
        "schema": 1,
        "command": "python experiments/synthetic_data/measure.py",
        "options": OPTIONS,
        "checksum": store.checksum,
        "videos": {name: len(some) for name, some in split.items()},
        "questions": {name: sum(len(one.questions) for one in some) for name, some in split.items()},
        "distinct_texts": len(store.texts),
        "answers": len(store.answers),
        "templates": len(TEMPLATES),
        "oracle": oracle,
        "prior": prior(split["train"], split["test"]),
        "largest_answer_share": largest_shares(videos),
        "scenes": scenes(videos),
        "probes_present": {name: probe(split["train"], split["test"]) for name, probe in PRESENT.items()},
        "probes_absent": {name: probe(split["train"], split["test"]) for name, probe in ABSENT.items()},
        "seconds": seconds,
    }
    write_json(HERE / "results.json", results)
    redraw()


def oracle_accuracy(folder: Path) -> float:
    """Share of exported questions that the oracle answers right from scenes simulated anew."""
    rows = [row for file in (folder / "json").iterdir() for row in json.loads(file.read_bytes())]
    right = 0
    for row in rows:
        scene = simulate(OPTIONS["seed"], int(row["video_id"].rpartition("_")[2]))
        values = tuple(json.loads(row["templ_values"]))
        right += answer(scene, TEMPLATE_OF[row["question_content"]], values) == row["anser"]
    return right / len(rows)


def prior(train: list[Video], test: list[Video]) -> dict[str, float]:
    """Accuracy of the question-only prior on test, overall and in each category."""

    def columns(videos: list[Video]) -> list[list[str]]:
        asked = [one for video in videos for one in video.questions]
        rows = [
            (fill(q.template.text, q.values), q.template.text, q.template.category, q.answer) for q in asked
        ]
        return [list(column) for column in zip(*rows, strict=True)]

    texts, templates, categories, answers = columns(test)
    predicted = fit_prior(*columns(train)).predict(texts, templates, categories)
    right = np.equal(predicted, answers)
    where = np.array(categories)
    return {"overall": float(right.mean())} | {
        name: float(right[where == name].mean()) for name in MUSIC_AVQA.names
    }


def largest_shares(videos: tuple[Video, ...]) -> dict[str, float]:
    """Share of the most frequent answer within each template."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for video in videos:
        for question in video.questions:
            counts[question.template.text][question.answer] += 1
    return {text: max(some.values()) / some.total() for text, some in counts.items()}


def scenes(videos: tuple[Video, ...]) -> dict[str, float]:
    """How often the things happen that keep one modality from answering for the other."""
    shown = [performer for video in videos for performer in video.scene.performers]
    return {
        "shown_that_sound": float(np.mean([one.sound is not None for one in shown])),
        "with_sound_from_outside": float(np.mean([one.scene.offscreen is not None for one in videos])),
        "outdoor": float(np.mean([one.scene.outdoor for one in videos])),
    }


def redraw() -> None:
    """Replace the outcome between the two marks of the README."""
    readme = HERE / "README.md"
    before, _, rest = readme.read_text("utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    results = json.loads((HERE / "results.json").read_text("utf-8"))
    write_text(readme, f"{before}{BEGIN}\n{outcome(results)}\n{END}{after}")


def outcome(results: dict[str, Any]) -> str:
    """Numbers and tables as Markdown."""
    shares, some, seconds = results["largest_answer_share"], results["scenes"], results["seconds"]
    usual = max(shares, key=lambda text: shares[text])
    facts = [
        f"{_count(results['videos'])} videos, {_count(results['questions'])} questions (train, val, test), "
        f"{results['templates']} templates, {results['distinct_texts']} distinct questions, "
        f"{results['answers']} answers; simulated in {seconds['generate']} s, packed in {seconds['pack']} s.",
        f"The oracle, which reads the latent scene, answers {100 * results['oracle']:.1f}% right.",
        f"{100 * some['shown_that_sound']:.1f}% of the instruments in the picture sound, "
        f"{100 * some['with_sound_from_outside']:.1f}% of the scenes have one that sounds and is not shown, "
        f"{100 * some['outdoor']:.1f}% are outdoors.",
        f'The most usual answer of a template: {100 * shares[usual]:.1f}% ("{usual}").',
    ]
    lines = [
        "\n".join(f"- {fact}" for fact in facts),
        "",
        "| question-only prior on test | accuracy |",
        "|---|---:|",
    ]
    lines += [f"| {name} | {100 * value:.1f} |" for name, value in results["prior"].items()]
    for title, key in (("should be found", "probes_present"), ("must not be found", "probes_absent")):
        lines += [
            "",
            f"| what {title} in the features | measure | linear probe | guessing |",
            "|---|---|---:|---:|",
        ]
        for name, one in results[key].items():
            lines.append(f"| {name} | {one['measure']} | {one['value']:.3f} | {one['guessing']:.3f} |")
    return "\n".join(lines)


def _count(numbers: dict[str, int]) -> str:
    return " + ".join(f"{number:,}" for number in numbers.values())


if __name__ == "__main__":
    main()
