import io

from rich.console import Console

from avqa_lit.artifacts.results import Marks
from avqa_lit.metrics.accuracy import accuracies
from avqa_lit.metrics.score_table import no_prior_sentence, score_table
from avqa_lit.taxonomy import MUSIC_AVQA, Taxonomy

METRICS = {
    "test/acc/overall": 0.5, "test/prior/acc/overall": 0.375, "test/acc/audio/counting": 0.25,
    "test/prior/acc/audio/counting": 0.5, "test/acc/visual/location": 0.75, "test/acc/mean_of_types": 0.5,
}  # fmt: skip
COUNTS = {
    "test/audio/counting": Marks(correct=1, total=4),
    "test/visual/location": Marks(correct=3, total=4),
}


def drawn(split):
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(score_table(METRICS, COUNTS, MUSIC_AVQA, split=split))
    lines = console.export_text().splitlines()
    return {
        cells[0]: cells[1:] for line in lines if (cells := [one.strip() for one in line.split("│")[1:-1]])
    }


def test_accuracy_stands_beside_its_prior_and_their_difference_in_percent():
    rows = drawn("test")
    assert rows["audio/counting"] == ["4", "25.00", "50.00", "-25.00"]
    assert rows["overall (weighted)"] == ["8", "50.00", "37.50", "+12.50"]


def test_what_has_no_prior_or_no_questions_is_left_empty_or_out():
    rows = drawn("test")
    assert rows["visual/location"] == ["4", "75.00", "", ""]
    assert "audio/comparative" not in rows
    assert drawn("val") == {}


def test_a_table_without_a_prior_has_no_column_for_it():
    metrics = {name: value for name, value in METRICS.items() if "prior" not in name}
    table = score_table(metrics, COUNTS, MUSIC_AVQA, split="test")
    assert [column.header for column in table.columns] == ["category", "questions", "model"]
    assert no_prior_sentence("no train") == "no question-only prior: no train"


def test_types_without_modalities_stand_above_the_overall_accuracy():
    flat = Taxonomy.from_plain([{"type": "which"}, {"type": "why"}, {"type": "when"}])
    asked = {"which": (1, 2), "why": (3, 4), "when": (0, 1)}
    counts = {f"test/{name}": Marks(correct=right, total=total) for name, (right, total) in asked.items()}
    values = accuracies({name.removeprefix("test/"): count for name, count in counts.items()}, flat)
    table = score_table({f"test/{name}": value for name, value in values.items()}, counts, flat, split="test")
    names, questions = (list(column.cells) for column in table.columns[:2])
    assert names == ["which", "why", "when", "overall (weighted)", "mean of types"]
    assert questions == ["2", "4", "1", "7", ""]
