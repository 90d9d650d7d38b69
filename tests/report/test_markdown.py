"""What a renderer makes of our Markdown, whatever texts stand in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from avqa_lit.console import visible
from avqa_lit.report.markdown import bullets, escaped, pipe_table

RENDERER = MarkdownIt("gfm-like", {"linkify": False})
HOSTILE = (
    "<script>alert(1)</script>", "a|b", "a\\|b", "ends in \\", "`code`", "**bold** _it_ ~~gone~~",
    "[link](http://x)",
    "![image](http://x)", "# head", "- item", "+ item", "1. item", "12) item", "---", "===",
    "&lt;b&gt; &amp;", "<!-- hidden", "$x$", "1 < 2 & 3 > 2", "slot_ablation", "_private_", "-0.5", "* star",
)  # fmt: skip
TAGS = {"ul", "li", "table", "thead", "tbody", "tr", "th", "td"}


def rendered(markdown):
    """Texts of a document, and its elements beside paragraphs."""
    texts, tags = [], set()
    for token in RENDERER.parse(markdown):
        if token.type == "inline":
            texts.append("".join(child.content for child in token.children))
            tags |= {child.type for child in token.children} - {"text", "text_special"}
        elif token.tag:
            tags.add(token.tag)
        else:
            tags.add(token.type)
    return texts, tags - {"p"}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_shown_in_a_list_and_in_a_table(text):
    assert rendered(bullets([escaped(text)])) == ([text], {"ul", "li"})
    table = pipe_table(["a", "b"], [[escaped(text), "1"]])
    assert rendered(table) == (["a", "b", text, "1"], TAGS - {"ul", "li"})


@given(st.text(st.characters(blacklist_categories=["Cs"])).filter(lambda text: text.split()))
def test_any_text_is_shown_on_one_line_as_it_is(text):
    line = visible(" ".join(text.split()))
    assert rendered(bullets([escaped(text)])) == ([line], {"ul", "li"})


def test_a_text_of_several_lines_and_control_characters_stays_in_its_cell():
    assert escaped("a\n\n| b |\x1b[2J") == r"a \| b \|\\x1b\[2J"
