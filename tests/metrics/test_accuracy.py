import pytest
from hypothesis import given
from hypothesis import strategies as st

from avqa_lit.artifacts.results import Marks
from avqa_lit.metrics.accuracy import accuracies, category_counts, count_correct
from avqa_lit.taxonomy import MUSIC_AVQA, Taxonomy

# Test questions of MUSIC-AVQA in each category (Li et al., CVPR 2022), in the order of MUSIC_AVQA.names.
OFFICIAL = (1017, 594, 1197, 1225, 988, 920, 1265, 1101, 822)

# Percentages as printed: nine categories, averages of audio, visual and audio-visual, overall.
WEIGHTED_ROWS = {
    "AVST, CVPR 2022": (
        (78.18, 67.05, 71.56, 76.38, 81.81, 64.51, 70.80, 66.01, 63.23), (74.06, 74.00, 69.54), 71.52,
    ),
    "AVSD, as re-run in the AVST paper": (
        (72.41, 61.90, 67.39, 74.19, 81.61, 58.79, 63.89, 61.52, 61.41), (68.52, 70.83, 65.49), 67.44,
    ),
    "Pano-AVQA, as re-run in the AVST paper": (
        (74.36, 64.56, 69.39, 75.65, 81.21, 59.33, 64.91, 64.22, 63.23), (70.73, 72.56, 66.64), 68.93,
    ),
    "PSTP-Net, ACM MM 2023": (
        (73.97, 65.59, 77.15, 77.36, 76.18, 71.80, 73.23, 71.79, 69.00), (70.91, 77.26, 72.57), 73.52,
    ),
    "APL, AAAI 2024": (
        (82.40, 70.71, 76.52, 82.74, 82.99, 66.68, 73.29, 64.76, 65.95), (78.09, 79.69, 70.96), 74.53,
    ),
    "TSPM, ACM MM 2024": (
        (84.07, 64.65, 82.29, 84.90, 82.19, 71.85, 76.21, 65.76, 71.17), (76.91, 83.61, 73.51), 76.79,
    ),
    "QA-TIGER, CVPR 2025": (
        (84.86, 67.85, 83.96, 86.29, 83.10, 72.50, 78.58, 63.94, 69.59), (78.58, 85.14, 73.74), 77.62,
    ),
}  # fmt: skip
# Simple Modality Alignment for Audio-Visual QA, poster.
POSTER = (
    (64.44, 60.17, 55.51, 57.75, 82.20, 40.72, 44.00, 62.98, 40.34), (62.31, 56.63, 54.05), 57.67,
)  # fmt: skip


def from_percentages(row):
    """Right answers to the official questions that come closest to printed percentages."""
    return category_counts(
        [round(p * n / 100) for p, n in zip(row, OFFICIAL, strict=True)], OFFICIAL, MUSIC_AVQA
    )


def percent(values, *keys):
    return [100 * values[f"acc/{key}"] for key in keys]


MODALITY_AVERAGES = ("audio/avg", "visual/avg", "audio_visual/avg")
MODALITY_MEANS = ("audio/mean_of_types", "visual/mean_of_types", "audio_visual/mean_of_types")


@pytest.mark.parametrize("name", WEIGHTED_ROWS)
def test_published_rows_print_the_averages_weighted_by_questions(name):
    row, averages, overall = WEIGHTED_ROWS[name]
    values = accuracies(from_percentages(row), MUSIC_AVQA)
    # A rounded percentage and a rounded count move a category by 0.01 and 0.08 at most.
    assert percent(values, *MUSIC_AVQA.names) == pytest.approx(row, abs=0.09)
    assert percent(values, *MODALITY_AVERAGES) == pytest.approx(averages, abs=0.06)
    assert percent(values, "overall") == pytest.approx([overall], abs=0.03)


def test_the_poster_prints_means_of_types_and_their_mean():
    row, means, total = POSTER
    # No fractions of the official counts (64.44% of 1017 is 655.4), so take the percentages as they are.
    values = accuracies(category_counts([round(100 * p) for p in row], [10_000] * 9, MUSIC_AVQA), MUSIC_AVQA)
    assert percent(values, *MODALITY_MEANS) == pytest.approx(means, abs=0.0051)
    assert percent(values, "mean_of_modalities") == pytest.approx([total], abs=0.01)
    weighted = accuracies(from_percentages(row), MUSIC_AVQA)
    assert abs(percent(weighted, "overall")[0] - total) > 1  # the kind of total its baseline's row prints


def test_every_name_of_the_contract_is_there_when_every_category_has_questions():
    values = accuracies(category_counts([1] * 9, OFFICIAL, MUSIC_AVQA), MUSIC_AVQA)
    expected = {"overall", "mean_of_types", "mean_of_modalities", *MUSIC_AVQA.names}
    assert set(values) == {f"acc/{key}" for key in expected | {*MODALITY_AVERAGES, *MODALITY_MEANS}}


def test_a_category_without_questions_is_left_out_of_keys_and_means():
    values = accuracies(
        {
            "audio/counting": Marks(correct=1, total=2),
            "audio/comparative": Marks(correct=0, total=0),
            "visual/location": Marks(correct=5, total=5),
        },
        MUSIC_AVQA,
    )
    assert values == {
        "acc/overall": 6 / 7,
        "acc/mean_of_types": 0.75,
        "acc/mean_of_modalities": 0.75,
        "acc/audio/counting": 0.5,
        "acc/audio/avg": 0.5,
        "acc/audio/mean_of_types": 0.5,
        "acc/visual/location": 1.0,
        "acc/visual/avg": 1.0,
        "acc/visual/mean_of_types": 1.0,
    }


@pytest.mark.parametrize("counts", [{}, category_counts([0] * 9, [0] * 9, MUSIC_AVQA)])
def test_without_questions_there_is_no_accuracy(counts):
    assert accuracies(counts, MUSIC_AVQA) == {}


def test_an_unknown_category_is_refused():
    with pytest.raises(ValueError, match=r"counts of \['audio/rhythm'\]: expected categories out of"):
        accuracies({"audio/rhythm": Marks(correct=1, total=1)}, MUSIC_AVQA)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=9, max_size=9))
def test_every_accuracy_is_a_fraction(pairs):
    counts = category_counts([min(pair) for pair in pairs], [max(pair) for pair in pairs], MUSIC_AVQA)
    assert all(0 <= value <= 1 for value in accuracies(counts, MUSIC_AVQA).values())


def test_right_answers_are_counted_by_category():
    counts = count_correct(["yes", "two", "no"], ["yes", "three", "no"], [4, 0, 4], MUSIC_AVQA)
    assert counts["audio_visual/existential"] == Marks(correct=2, total=2)
    assert counts["audio/counting"] == Marks(correct=0, total=1)
    assert sum(count.total for count in counts.values()) == 3


def test_another_taxonomy_has_its_own_categories_and_averages():
    categories = [{"modality": "sound", "type": "which"}, {"modality": "both", "type": "which"}]
    taxonomy = Taxonomy.from_plain([*categories, {"modality": "both", "type": "why"}])
    values = accuracies(category_counts([1, 1, 3], [2, 4, 4], taxonomy), taxonomy)
    assert values == {
        "acc/overall": 0.5,
        "acc/mean_of_types": 0.5,
        "acc/sound/which": 0.5,
        "acc/both/which": 0.25,
        "acc/both/why": 0.75,
        "acc/sound/avg": 0.5,
        "acc/sound/mean_of_types": 0.5,
        "acc/both/avg": 0.5,
        "acc/both/mean_of_types": 0.5,
        "acc/mean_of_modalities": 0.5,
    }


def test_types_without_modalities_have_no_mean_of_modalities():
    taxonomy = Taxonomy.from_plain([{"type": "which"}, {"type": "why"}])
    counts = count_correct(["a", "b", "c"], ["a", "b", "x"], [0, 1, 1], taxonomy)
    assert accuracies(counts, taxonomy) == {
        "acc/overall": 2 / 3, "acc/mean_of_types": 0.75, "acc/which": 1.0, "acc/why": 0.5,
    }  # fmt: skip


def test_a_modality_is_told_from_another_that_begins_alike():
    taxonomy = Taxonomy.from_plain([{"modality": "a", "type": "x"}, {"modality": "a_b", "type": "x"}])
    values = accuracies(category_counts([1, 0], [1, 1], taxonomy), taxonomy)
    assert (values["acc/a/avg"], values["acc/a_b/avg"]) == (1, 0)
