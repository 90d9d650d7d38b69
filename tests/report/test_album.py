import re
from importlib.resources import files

import pytest

from avqa_lit.report import svg
from avqa_lit.report.album import Album, write_figures
from avqa_lit.report.collect import collect
from avqa_lit.report.configurations import test_sets as sets_of
from avqa_lit.report.figures import category_figure
from avqa_lit.report.heat_map import HeatMap, heat_map_figure

PLACEHOLDER = re.compile(r"#0000[01][1-6]")
WIDE = [f"answer {number}" for number in range(17)]
GRID = HeatMap(
    "Grid", WIDE, WIDE, [[0.5, -0.5, None] * 5 + [1, 0]] * 17, [["7"] * 17] * 17, outlined=[(1, 2)]
)


@pytest.fixture
def album(fake):
    sweep = fake()
    sweep.add("a")
    (test_set,) = sets_of(collect([sweep.write()]).results)
    album = Album("set2-")
    for name, figure in (("Categories", category_figure(test_set)), ("val/acc", heat_map_figure(GRID))):
        assert album.svg(figure, name=name, description="about it").startswith("<svg ")
    return album


@pytest.mark.slow
def test_every_figure_is_written_as_svg_and_pdf_in_real_colours(album, tmp_path):
    paths = write_figures([album], tmp_path / "new")
    names = [f"set2-{name}.{form}" for name in ("categories", "val-acc") for form in ("svg", "pdf")]
    assert [path.name for path in paths] == names
    for path in paths:
        content = path.read_bytes()
        if path.suffix == ".pdf":
            assert content.startswith(b"%PDF")
        else:
            assert not PLACEHOLDER.search(content.decode())
            assert svg.PAPER_COLORS[svg.SERIES[0]] in content.decode()


@pytest.mark.slow
def test_the_same_figure_gives_the_same_bytes(album, tmp_path):
    first = [path.read_bytes() for path in write_figures([album], tmp_path / "one")]
    assert [path.read_bytes() for path in write_figures([album], tmp_path / "two")] == first


def test_empty_cells_of_a_grid_are_not_drawn_and_opposite_signs_differ(album):
    patches = album.figures["set2-val-acc"].axes[0].patches
    assert len(patches) == 17 * (10 + 2) + 1
    assert len({patch.get_facecolor()[:3] for patch in patches[:2]}) == 2
    assert all(patch.get_alpha() <= 0.5 for patch in patches[:-1])


def test_colours_on_paper_are_those_of_the_pages_light_theme():
    css = (files("avqa_lit.report") / "style.css").read_text("utf-8")
    light = dict(re.findall(r"--([\w-]+): (#\w+)", css[: css.index("@media")]))
    assert {svg.VARIABLES[one]: color for one, color in svg.PAPER_COLORS.items()} == {
        name: light[name] for name in svg.VARIABLES.values()
    }
