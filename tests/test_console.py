"""Texts from elsewhere are shown on a terminal, and never obeyed by it or by rich."""

import io

import pytest
from rich.progress import Progress
from rich.table import Table

from avqa_lit.console import PlainColumn, PlainConsole, print_plain, visible

HOSTILE = "a[/]b[red]c[/red]\x1b]0;title\x07\x1b[2J\x9b1m:smile:\u202e\udcff"
SHOWN = r"a[/]b[red]c[/red]\x1b]0;title\x07\x1b[2J\x9b1m:smile:\u202e\udcff"


def printed(*things, **options):
    file = io.StringIO()
    PlainConsole(file=file, width=200).print(*things, **options)
    return file.getvalue()


def test_what_a_terminal_would_obey_is_written_as_an_escape():
    assert visible(HOSTILE) == SHOWN
    assert visible("one\r\ntwo\tthree") == r"one\r\ntwo\tthree"
    assert visible("Größe 大 é 🎻") == "Größe 大 é 🎻"


def test_a_console_prints_strings_as_they_are_and_keeps_their_lines():
    assert printed(HOSTILE, soft_wrap=True) == SHOWN + "\n"
    assert printed("[bold]a\x1b\nb", soft_wrap=True) == "[bold]a\\x1b\nb\n"


def test_heads_titles_and_cells_of_a_table_are_shown_as_they_are():
    table = Table(title=HOSTILE)
    table.add_column(HOSTILE)
    table.add_row(HOSTILE)
    text = printed(table)
    assert text.count(SHOWN) == 3
    assert not set(text) & set("\x1b\x07\x9b\u202e\udcff")


def test_the_texts_of_a_progress_bar_are_shown_as_they_are():
    file = io.StringIO()
    console = PlainConsole(file=file, width=200, force_terminal=True, color_system=None)
    with Progress(PlainColumn("{task.description}"), console=console) as bar:
        bar.add_task(HOSTILE)
    assert SHOWN in file.getvalue()
    assert "\x1b]0;" not in file.getvalue()


@pytest.mark.parametrize(("text", "expected"), [(HOSTILE, SHOWN), ("a\nb\x1b", "a\nb\\x1b")])
def test_a_plain_text_is_printed_line_by_line(capsys, text, expected):
    print_plain(text)
    assert capsys.readouterr().out == expected + "\n"
