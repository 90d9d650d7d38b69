import sys

import numpy as np
import pytest

from avqa_lit.errors import ConfigError, MissingExtraError
from avqa_lit.metrics.attention_figure import attention_figure, figure_path, save_figure
from avqa_lit.metrics.attention_time import AttentionOverTime

TRACKS = {
    "audio": AttentionOverTime(np.array([0.1, 0.3, 0.2]), np.array([0.0, 0.5, 1.0, 1.5])),
    "visual": AttentionOverTime(np.array([0.4]), np.array([0.0, 2.0])),
}


def test_each_modality_has_a_panel_in_percent_a_second():
    figure = attention_figure(TRACKS, title="Is it?")
    audio, visual = figure.axes
    values, edges, _ = audio.patches[0].get_data()
    np.testing.assert_allclose(values, [20, 60, 40])
    np.testing.assert_allclose(edges, [0, 0.5, 1, 1.5])
    np.testing.assert_allclose(visual.patches[0].get_data().values, [20])
    assert visual.get_xlabel() == "seconds"


@pytest.mark.parametrize("ending", ["svg", "pdf", "png"])
def test_equal_figures_make_equal_files(tmp_path, ending):
    files = [tmp_path / f"{number}.{ending}" for number in range(2)]
    for file in files:
        save_figure(attention_figure(TRACKS, title="Is it?"), file)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_an_ending_of_no_known_format_is_refused():
    assert figure_path("a.PNG").name == "a.PNG"
    with pytest.raises(ConfigError, match=r"figure=a\.gif: expected a name that ends in \.png, \.svg, \.pdf"):
        figure_path("a.gif")


def test_the_extra_is_named_where_matplotlib_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"The figure needs optional packages: .*avqa_lit\[report\]"):
        attention_figure(TRACKS, title="")
