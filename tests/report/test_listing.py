import csv

from avqa_lit.report.latex import booktabs, escaped
from avqa_lit.report.listing import Listing

LISTING = Listing(
    "names", "50% of all", ("Name", "Questions", "Accuracy"), (("a|b_c", 1709, 0.61803), ("<x>", 3, None))
)


def test_a_page_shows_percent_and_escapes():
    html = LISTING.html()
    assert "<td>1,709</td><td>61.8</td>" in html
    assert '<th scope="row">&lt;x&gt;</th>' in html
    assert "<caption>50% of all</caption>" in html


def test_markdown_has_one_line_a_row_and_keeps_bars():
    lines = LISTING.markdown().splitlines()
    assert lines[2] == r"| a\|b_c | 1,709 | 61.8 |"
    assert {line.replace(r"\|", "").count("|") for line in lines} == {4}


def test_csv_is_unrounded_and_leaves_empty_what_is_not_there():
    rows = list(csv.reader(LISTING.csv().splitlines()))
    assert rows == [list(LISTING.heads), ["a|b_c", "1709", "0.61803"], ["<x>", "3", ""]]


def test_latex_has_the_rules_of_booktabs_and_escapes():
    text = LISTING.latex()
    assert text.count("{") == text.count("}")
    assert [line for line in text.splitlines() if "rule" in line] == [
        "\\toprule",
        "\\midrule",
        "\\bottomrule",
    ]
    assert "\\caption{50\\% of all}" in text
    assert "a|b\\_c & 1,709 & 61.8 \\\\" in text
    assert "\\textless{}x\\textgreater{} & 3 & -- \\\\" in text


def test_groups_are_apart_and_a_wide_table_goes_across_the_page():
    text = booktabs([["", "n"]], [[["a", "1"]], [], [["b", "2"]]], caption="c", across=True)
    assert text.count("\\midrule") == 2
    assert "\\begin{table*}" in text
    assert text.count("{") == text.count("}")


def test_what_latex_reads_otherwise_is_escaped_once():
    assert escaped(r"\_^~") == r"\textbackslash{}\_\textasciicircum{}\textasciitilde{}"


def test_a_row_that_begins_as_an_argument_does_is_a_row():
    """LaTeX reads a star or a bracket behind the end of a row as an argument of that end."""
    listing = Listing("names", "c", ("Name", "n"), (("[2cm]", 1), ("*", 2), ("a\x1b\n\nb", 3)))
    lines = listing.latex().splitlines()
    assert "{[}2cm{]} & 1 \\\\" in lines
    assert "{*} & 2 \\\\" in lines
    assert "a\\textbackslash{}x1b b & 3 \\\\" in lines


def test_a_formula_is_a_text_in_csv_and_html_in_markdown_is_shown():
    listing = Listing("names", "c", ("=Name", "n"), (("=1+1", -1), ("<script>|", -0.5)))
    assert listing.csv() == "'=Name,n\n'=1+1,-1\n<script>|,-0.5\n"
    assert r"| &lt;script&gt;\| |" in listing.markdown()
