import io

from rich.console import Console

from avqa_lit.metrics.score_table import no_prior_sentence, score_table

METRICS = {
    "test/acc/overall": 0.5, "test/prior/acc/overall": 0.375, "test/acc/audio/counting": 0.25,
    "test/prior/acc/audio/counting": 0.5, "test/acc/visual/location": 0.75, "test/acc/mean_of_types": 0.5,
}  # fmt: skip
COUNTS = {
    "test/audio/counting": {"correct": 1, "total": 4},
    "test/visual/location": {"correct": 3, "total": 4},
}


def drawn(split):
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(score_table(METRICS, COUNTS, split=split))
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
    assert [column.header for column in score_table(metrics, COUNTS, split="test").columns] == [
        "category", "questions", "model",
    ]  # fmt: skip
    assert no_prior_sentence("no train") == "no question-only prior: no train"
