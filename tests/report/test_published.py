import numpy as np
import pytest

from avqa_lit.report.columns import columns_of
from avqa_lit.report.published import is_official, official_totals, published_rows
from avqa_lit.taxonomy import MUSIC_AVQA

METRICS = [column.metric for column in columns_of(MUSIC_AVQA)]
ROWS = {row.system: dict(zip(METRICS, row.values, strict=True)) for row in published_rows()}
RECOMPUTED = {row.system: dict(zip(METRICS, row.recomputed, strict=True)) for row in published_rows()}


def test_the_official_split_has_its_published_number_of_questions():
    assert sum(official_totals().values()) == 9129
    assert is_official(MUSIC_AVQA, [1017, 594, 1197, 1225, 988, 920, 1265, 1101, 822])
    assert not is_official(MUSIC_AVQA, [1018, 593, 1197, 1225, 988, 920, 1265, 1101, 822])


def test_every_row_names_its_venue_and_features():
    assert len(ROWS) == 13
    assert all(row.venue and row.features for row in published_rows())


@pytest.mark.parametrize("system", [name for name in ROWS if name != "COCA"])
def test_printed_totals_are_of_the_kind_that_they_stand_under(system):
    """Worked out from the nine figures, each printed total comes out to within rounding."""
    row = ROWS[system]
    types = np.array([row[metric] for metric in METRICS[:9]])
    weighted = (types * list(official_totals().values())).sum() / 9129
    modalities = np.mean([types[:2].mean(), types[2:4].mean(), types[4:].mean()])
    assert row["acc/overall"] == pytest.approx(weighted, abs=0.0003)
    assert row["acc/mean_of_modalities"] == pytest.approx(modalities, abs=0.0003)
    assert row["acc/mean_of_types"] == pytest.approx(types.mean(), abs=1e-9)


def test_the_posters_total_is_a_mean_of_modalities_and_its_baselines_is_weighted():
    poster, baseline = "Simple Modality Alignment", "AVST"
    assert ROWS[poster]["acc/mean_of_modalities"] == 0.5767
    assert not RECOMPUTED[poster]["acc/mean_of_modalities"]
    assert RECOMPUTED[poster]["acc/overall"]
    assert ROWS[baseline]["acc/overall"] == 0.7152
    assert not RECOMPUTED[baseline]["acc/overall"]
    assert RECOMPUTED[baseline]["acc/mean_of_modalities"]


def test_averages_of_an_unknown_kind_are_worked_out():
    assert all(RECOMPUTED["COCA"][metric] for metric in METRICS[9:])
    assert not any(RECOMPUTED["COCA"][metric] for metric in METRICS[:9])
