import csv
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from scipy import stats

from avqa_lit.report.collect import collect
from avqa_lit.report.columns import columns_of
from avqa_lit.report.configurations import test_sets as sets_of
from avqa_lit.report.table import build_table
from avqa_lit.report.table_html import html_table, runs_table
from avqa_lit.report.table_text import csv_table, markdown_table
from avqa_lit.taxonomy import MUSIC_AVQA

MODALITIES = {"audio": ("counting", "comparative"), "visual": ("counting", "location")}
MODALITIES["audio_visual"] = ("existential", "location", "counting", "comparative", "temporal")


class Cells(HTMLParser):
    """Rows of the first table, each cell a list of its lines; marks of significance apart."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.bold, self.marks = [], [], []
        self.feed(text[text.index("<table") : text.index("</table>")])

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
            self.bold.append([])
            self.marks.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append([])
            self.bold[-1].append(False)
            self.marks[-1].append("")
        elif tag == "strong":
            self.bold[-1][-1] = True

    def handle_data(self, data):
        if self.rows and self.rows[-1]:
            self.marks[-1][-1] += "".join(one for one in data if one in "↑↓*")
            data = data.strip("↑↓*")
            self.rows[-1][-1] += [data] if data else []


def recount(run):
    """Accuracies in the order of the columns, from the predictions alone."""
    right, asked = {}, {}
    for line in (run / "predictions.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        asked[row["category"]] = asked.get(row["category"], 0) + 1
        right[row["category"]] = right.get(row["category"], 0) + (row["prediction"] == row["answer"])
    names = [f"{modality}/{kind}" for modality, kinds in MODALITIES.items() for kind in kinds]
    types = {name: right[name] / asked[name] for name in names}
    values = list(types.values())
    for modality, kinds in MODALITIES.items():
        inside = [f"{modality}/{kind}" for kind in kinds]
        values.append(sum(right[one] for one in inside) / sum(asked[one] for one in inside))
    values.append(sum(right.values()) / sum(asked.values()))
    values.append(sum(types.values()) / 9)
    means = [sum(types[f"{one}/{kind}"] for kind in kinds) / len(kinds) for one, kinds in MODALITIES.items()]
    return [*values, sum(means) / 3]


def shown(value):
    return f"{100 * value:.1f}"


def points(value):
    text = f"{100 * value:+.1f}".replace("-", "\N{MINUS SIGN}")
    return "0.0" if text[1:] == "0.0" else text


def tabulate(sweep):
    (test_set,) = sets_of(collect([sweep.write()]).results)
    return build_table(test_set)


def test_every_number_of_the_table_is_what_the_predictions_say(fake):
    sweep = fake().grid()
    table = Cells(html_table(tabulate(sweep)))
    head, sub, prior, *rows = table.rows
    assert [cell[0] for cell in head[2:]] == [
        "Audio",
        "Visual",
        "Audio-visual",
        "Averages, weighted by questions",
        "Unweighted means",
    ]
    assert [cell[-1] for cell in sub[:9]] == [str(total) for total in sweep.totals]
    assert [cell[-1] for cell in sub[9:]] == ["70", "90", "203", "363", "363", "363"]
    values = [recount(sweep.folder / job["key"]) for job in sweep.jobs]
    of_prior = list(
        {k: v for k, v in sweep.accuracies(sweep.prior).items() if "mean_of" not in k}.values()
    )  # nine types and averages; the order is another
    assert {cell[0] for cell in prior[2:14]} <= {shown(value) for value in of_prior}
    prior_overall = float(sweep.prior.mean())
    for row, bold, expected, run in zip(rows, table.bold[3:], values, sweep.jobs, strict=True):
        assert [cell[0] for cell in row[2:]] == [shown(value) for value in expected], run
        assert row[2 + 12][1] == points(expected[12] - prior_overall)
        assert bold[2:] == [
            value == max(column) for value, column in zip(expected, zip(*values, strict=True), strict=True)
        ]
    val = [
        json.loads((sweep.folder / job["key"] / "results.json").read_text())["metrics"]["val/acc/overall"]
        for job in sweep.jobs
    ]
    assert [row[1][0] for row in rows] == [shown(value) for value in val]
    assert ["chosen on val" in row[0] for row in rows] == [value == max(val) for value in val]


def test_seeds_are_aggregated_with_their_t_interval_and_also_shown_one_by_one(fake):
    sweep = fake().grid(weights=(0.0, 0.1), norms=("pre",), seeds=(0, 1, 2))
    table = tabulate(sweep)
    _, _, _, *rows = Cells(html_table(table)).rows
    values = np.array([recount(sweep.folder / job["key"]) for job in sweep.jobs]).reshape(2, 3, 15)
    half = stats.t.ppf(0.975, 2) * values.std(axis=1, ddof=1) / 3**0.5
    for row, mean, width in zip(rows, values.mean(axis=1), half, strict=True):
        assert "3 seeds" in row[0]
        assert [cell[0] for cell in row[2:]] == [shown(one) for one in mean]
        assert [cell[2] for cell in row[2:]] == [f"±{shown(one)}" for one in width]
    single = Cells(runs_table(table)).rows[2:]
    assert [[cell[0] for cell in row[2:]] for row in single] == [
        [shown(one) for one in run] for run in values.reshape(6, 15)
    ]


def test_one_line_says_why_there_are_no_published_rows(fake):
    table = tabulate(fake().grid())
    assert table.remark.startswith("Published results are left out")
    assert table.remark.endswith("this test set has 363 questions.")
    assert "QA-TIGER" not in html_table(table)


def test_published_rows_appear_on_the_official_split(fake):
    sweep = fake(totals=fake().official, data="music_avqa").grid(weights=(0.0,), norms=("pre",))
    table = tabulate(sweep)
    assert table.remark == ""
    rows = {row[0][0]: row for row in Cells(html_table(table)).rows}
    assert rows["AVST"][2 + 12][0] == "71.5"
    assert [cell[0] for cell in rows["Simple Modality Alignment"][2:11]] == [
        *("64.4", "60.2", "55.5", "57.8", "82.2", "40.7", "44.0", "63.0", "40.3")
    ]
    assert rows["Simple Modality Alignment"][2 + 12][:2] == ["56.4", "†"]
    assert rows["Simple Modality Alignment"][2 + 14][0] == "57.7"
    assert "CVPR 2025" in rows["QA-TIGER"][0][1]
    assert "QA-TIGER (CVPR 2025" in markdown_table(table)


def test_the_official_number_of_questions_in_other_categories_is_not_the_official_split(fake):
    totals = fake().official
    sweep = fake(totals=(totals[0] + 1, totals[1] - 1, *totals[2:]))
    sweep.add("a", predictions="without")
    assert "9,129 questions in other proportions." in tabulate(sweep).remark


def test_markdown_and_csv_hold_the_same_numbers(fake):
    sweep = fake().grid(seeds=(0, 1))
    table = tabulate(sweep)
    rows = list(csv.DictReader(csv_table([table]).splitlines()))
    runs = [row for row in rows if row["kind"] == "run"]
    values = [recount(sweep.folder / job["key"]) for job in sweep.jobs]
    names = [f"test/{column.metric}" for column in columns_of(MUSIC_AVQA)]
    assert len(names) == 15
    assert [[float(row[name]) for name in names] for row in runs] == [pytest.approx(one) for one in values]
    assert [row["key"] for row in runs] == [job["key"] for job in sweep.jobs]
    assert {row["loss.kl.weight"] for row in runs} == {"0.0", "0.1", "1.0"}
    assert [row["kind"] for row in rows] == ["prior"] + ["configuration"] * 6 + ["run"] * 12
    chosen = [row for row in rows if row["chosen"] == "1"]
    assert [row["label"] for row in chosen] == ["KL weight 0.1 · norm pre"]
    lines = [line for line in markdown_table(table).splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in lines}) == 1
    overall = [re.split(r" ?\| ?", line)[15] for line in lines[4:]]
    expected = np.array(values).reshape(6, 2, 15)[:, :, 12].mean(axis=1)
    assert [text.strip("*↓↑").strip("*").split(" ± ")[0] for text in overall] == [
        shown(one) for one in expected
    ]


def test_a_category_without_questions_has_a_dash(fake):
    sweep = fake()
    run = sweep.add("a", predictions="without")
    content = json.loads((run / "results.json").read_text())
    content["counts"].pop("test/audio/comparative")
    content["metrics"] = {
        name: value for name, value in content["metrics"].items() if "audio/comparative" not in name
    }
    kept = [value for name, value in content["counts"].items()]
    audio = content["counts"]["test/audio/counting"]
    content["metrics"]["test/acc/audio/avg"] = audio["correct"] / audio["total"]
    overall = sum(one["correct"] for one in kept) / sum(one["total"] for one in kept)
    content["metrics"]["test/acc/overall"] = overall
    (run / "results.json").write_text(json.dumps(content))
    assert Cells(html_table(tabulate(sweep))).rows[-1][3] == ["–"]  # noqa: RUF001
