import csv
import re
import sys
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from avqa_lit.errors import MissingExtraError
from avqa_lit.report.build import write_report

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """Checks that elements nest, and keeps what the tests ask about."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.headings, self.parents = [], [], [], {}
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.parents.setdefault(tag, set()).add(self.open[-1] if self.open else None)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture(scope="module")
def html(fakes, tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    fake = fakes(folder)
    sweep = fake().grid(seeds=(0, 1))
    sweep.lose("bad", reason="exit status 1\nlast line", log="<b>boom</b> & so on")
    sweep.add("other", norm="<script>alert(1)</script>")
    other = fake("other", checksum="beef", questions="else")
    other.add("single", epochs=1)
    other.write()
    path = write_report([sweep.write().parent], folder / "report.html").html
    return path.read_text("utf-8")


def test_the_page_is_well_formed_and_says_what_it_is(html):
    page = Page(html)
    assert page.all("html") == [{"lang": "en"}]
    assert page.parents["title"] == {"head", "g"}
    assert len(page.all("main")) == len(page.all("h1")) == 1


def test_headings_go_down_one_level_at_a_time(html):
    headings = Page(html).headings
    assert headings[0] == 1
    assert all(below - above <= 1 for above, below in pairwise(headings))


def test_tables_have_captions_and_scopes_and_figures_have_words(html):
    page = Page(html)
    assert len(page.all("table")) == len(page.all("caption"))
    assert all(attrs.get("scope") in ("col", "row", "colgroup", "rowgroup") for attrs in page.all("th"))
    drawings = page.all("svg")
    # Of each test set the categories, the confusion and two curves; of the sweep two lines, two grids and
    # the correlation.
    assert len(drawings) == 2 * 4 + 2 + 2 + 1
    assert all(attrs["role"] == "img" and len(attrs["aria-label"]) > 20 for attrs in drawings)
    boxes = [attrs for attrs in page.all("div") if attrs.get("class") == "scroll"]
    assert len(boxes) == len(page.all("table")) + 2  # and the confusions
    assert all(one["tabindex"] == "0" and one["role"] == "group" and one["aria-label"] for one in boxes)
    assert len(page.all("details")) == len(page.all("summary"))
    assert page.parents["li"] <= {"ul", "ol"}


def test_nothing_is_loaded_from_anywhere(html):
    page = Page(html)
    assert not {"script", "link", "img", "iframe", "object", "base"} & {tag for tag, _ in page.tags}
    for _, attrs in page.tags:
        for name in ("src", "href", "xlink:href", "data", "action", "srcset"):
            assert attrs.get(name, "#").startswith("#")
        assert not any(name.startswith("on") for name in attrs)
    assert "http:" not in html
    assert "https:" not in html
    assert not re.search(r"url\((?!#)", html)
    assert "@import" not in html


def test_ids_are_unique_and_references_lead_somewhere(html):
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    references = re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', html)
    assert {one or other for one, other in references} <= set(ids)


def test_drawings_keep_text_as_text_and_follow_the_theme(html):
    assert ">norm pre</text>" in html
    assert "var(--series-1)" in html
    drawings = html[html.index("<svg") :]
    assert not re.search(r"(fill|stroke): ?#", drawings)
    assert "<title>KL weight 0.1 · norm pre (seed 1)</title>" in html


def test_text_from_outside_is_escaped(html):
    assert "<script" not in html
    assert "&lt;b&gt;boom&lt;/b&gt; &amp; so on" in html


def test_text_from_outside_is_escaped_in_markdown_and_csv(fake, tmp_path):
    sweep = fake().grid(norms=("pre",), seeds=(0, 1))
    sweep.lose("=bad|", reason="<b>boom</b>\n\n# head")
    sweep.add("other", norm="<script>|=\x1b[2J")
    sweep.add("formula", norm="=1+1")
    sweep.add("dollars", norm="$\\frac$")
    written = write_report([sweep.write()], tmp_path / "report.html")
    markdown = written.markdown.read_text("utf-8")
    assert "<" not in markdown
    assert "\x1b" not in markdown
    assert r"&lt;script&gt;\|=\\x1b\[2J" in markdown
    assert r"&lt;b&gt;boom&lt;/b&gt; \# head" in markdown
    rows = list(csv.DictReader(written.csv.read_text("utf-8").splitlines()))
    assert {"'=1+1", r"<script>|=\x1b[2J", "pre", r"$\frac$"} == {
        row["model.norm"] for row in rows if row["model.norm"]
    }


def test_different_test_sets_stand_apart_under_a_warning(html):
    assert "These runs were tested on different questions" in html
    assert "Test set 1 of 2: synthetic, 363 test questions" in html
    assert html.count(">Verdict</h3>") == 2
    assert html.count("<caption>Test accuracy in percent") == 2


def test_the_head_names_budget_data_seeds_and_the_foot_how_to_reproduce(html):
    head, foot = html[: html.index("Verdict")], html[html.index("How to reproduce") :]
    assert "<dt>Budget</dt><dd>quick</dd>" in head
    assert "<dt>Seeds</dt><dd>0, 1</dd>" in head
    assert "<dt>Without a result</dt><dd>1 job</dd>" in head
    assert "python -m avqa_lit.train +experiment=kl_sweep" in foot
    for name, text in (("Versions", "torch 2.6.0"), ("Encoders", "audio synthetic-a"), ("Git", "0123abc")):
        assert re.search(f"<dt>{name}</dt><dd>{text}", foot)
    assert "differs: c0ffee (13 runs); beef (1 run)" in foot


def test_templates_answers_confusion_and_mistakes_stand_on_the_page(html):
    section = html[html.index("Right and wrong answers</h3>") : html.index("Training</h3>")]
    assert "By template: 27 templates" in section
    assert "<caption>Classification report of the chosen configuration" in section
    assert section.count('<p class="asked">') == 18
    assert "evaluate its checkpoint with attention=true" in section


@pytest.mark.slow
def test_figures_and_tables_are_written_one_by_one_where_asked(fake, tmp_path):
    sweep, other = fake().grid(), fake("other", checksum="beef", questions="else")
    other.add("single")
    folders = {"figures": tmp_path / "figures", "tables": tmp_path / "tables"}
    report = write_report([sweep.write(), other.write()], tmp_path / "report.html", **folders)
    for kind, written in (("figures", report.figures), ("tables", report.tables)):
        assert sorted(folders[kind].iterdir()) == sorted(written)
        assert len(set(written)) == len(written)
    tables = {path.name for path in report.tables}
    assert tables == {
        f"set{number}-{name}.{form}"
        for number in (1, 2)
        for name in ("accuracy", "templates", "answers")
        for form in ("tex", "md", "csv")
    }
    assert {"set1-sweep-grid-test.pdf", "set2-confusion.svg"} < {path.name for path in report.figures}
    for path in folders["tables"].glob("*.tex"):
        text = path.read_text("utf-8")
        assert text.count("{") == text.count("}")
        lines = [line for line in text.splitlines() if line.endswith("\\\\") and "multi" not in line]
        assert len({line.count(" & ") for line in lines}) == 1


def test_one_run_alone_needs_no_sweep(fake, tmp_path):
    path = fake().add("only", epochs=1)
    html = write_report([path], tmp_path / "report.html").html.read_text("utf-8")
    Page(html)
    assert "One configuration: nothing was varied." in html
    assert "python -m avqa_lit.train loss.kl.weight=0.0 model.norm=pre seed=0" in html


def test_without_a_finished_run_the_page_lists_what_failed(fake, tmp_path):
    sweep = fake()
    sweep.lose("bad", reason="exit status 1\nRuntimeError: no")
    written = write_report([sweep.write()], tmp_path / "report.html")
    html = written.html.read_text("utf-8")
    Page(html)
    assert "No run finished, so there is nothing to compare." in html
    assert "exit status 1" in html
    assert "RuntimeError: no" in html
    assert written.headlines == ()
    assert "exit status 1" in written.markdown.read_text("utf-8")


def test_runs_without_curves_say_so(fake, tmp_path):
    path = fake().add("only")
    (path / "metrics.jsonl").unlink()
    html = write_report([path], tmp_path / "report.html").html.read_text("utf-8")
    assert "No run logged a train loss or an accuracy on val." in html


@pytest.mark.slow
def test_the_same_runs_give_the_same_bytes(fake, tmp_path):
    folder = fake().add("only")
    pages = [write_report([folder], tmp_path / name).html.read_bytes() for name in ("a.html", "b.html")]
    assert pages[0] == pages[1]


@pytest.mark.slow
def test_fifty_runs_stay_under_a_megabyte(fake, tmp_path):
    sweep = fake()
    for number in range(50):
        sweep.add(f"r{number}", weight=number / 50, epochs=40, val=number / 99, predictions="with prior")
    sweep.attend("r49", audio=60, visual=60)
    path = write_report([sweep.write()], tmp_path / "report.html").html
    assert "of the attention" in path.read_text("utf-8")
    assert path.stat().st_size < 1_000_000


def test_without_matplotlib_the_extra_is_named(fake, tmp_path, monkeypatch):
    folder = fake().grid(weights=(0.0,)).write()
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'avqa_lit\[report\]'"):
        write_report([folder], tmp_path / "report.html")
