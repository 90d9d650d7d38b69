import subprocess
import sys

import pytest

from avqa_lit.report.__main__ import main


def test_the_command_writes_page_and_tables_and_says_where(fake, tmp_path, capsys):
    folder = fake().grid(weights=(0.0,)).write()
    assert main([str(folder), "-o", str(tmp_path / "new" / "report.html")]) == 0
    printed = capsys.readouterr().out
    assert "of 363 test questions" in printed
    for ending in ("html", "md", "csv"):
        path = tmp_path / "new" / f"report.{ending}"
        assert path.is_file()
        assert str(path) in printed


def test_figures_and_tables_go_where_they_are_asked_for(fake, tmp_path, capsys):
    folder = fake().add("a", predictions="without")
    figures, tables = tmp_path / "figures", tmp_path / "tables"
    main([str(folder), "-o", str(tmp_path / "r.html"), "--figures", str(figures), "--tables", str(tables)])
    printed = capsys.readouterr().out
    assert f"figures: {figures} ({len(list(figures.iterdir()))} files)" in printed
    assert f"tables one by one: {tables} (3 files)" in printed


def test_a_users_mistake_is_one_line_and_status_1(tmp_path, capsys):
    assert main([str(tmp_path / "nowhere")]) == 1
    assert capsys.readouterr().err.startswith("error: ")


def test_an_output_that_is_no_page_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main([str(tmp_path), "-o", "report.pdf"])
    assert "-o report.pdf: expected a name that ends in .html" in capsys.readouterr().err


def test_help_names_the_files_beside_the_page(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    printed = capsys.readouterr().out
    assert "Markdown (.md" in printed
    assert "CSV (.csv" in printed


@pytest.mark.slow
def test_the_module_runs_without_torch_or_a_network(fake, tmp_path):
    folder = fake().grid(weights=(0.0,)).write()
    code = (
        "import sys; sys.modules['torch'] = None; import socket; socket.socket.connect = None\n"
        "from avqa_lit.report.__main__ import main\n"
        "status = main(sys.argv[1:])\n"
        "assert 'omegaconf' not in sys.modules and 'lightning' not in sys.modules\n"
        "sys.exit(status)"
    )
    output = str(tmp_path / "report.html")
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder), "-o", output], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
