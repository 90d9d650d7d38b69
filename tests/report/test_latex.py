"""LaTeX reads the tables of a report as they stand, in both widths of a page."""

import shutil
import subprocess

import pytest

from avqa_lit.report.build import write_report

DOCUMENT = r"""
\documentclass[WIDTH]{article}
\usepackage{booktabs,graphicx}
\begin{document}
TABLES
\end{document}
"""


@pytest.fixture
def pdflatex(tmp_path):
    """Compiles a document; gives the log."""
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is not installed")
    if subprocess.run(["kpsewhich", "booktabs.sty"], capture_output=True, check=False).returncode:
        pytest.skip("pdflatex is installed without the package booktabs")

    def compiled(document):
        (tmp_path / "paper.tex").write_text(document, "utf-8")
        command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "paper.tex"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
        return (tmp_path / "paper.log").read_text("latin-1")

    return compiled


@pytest.mark.slow
@pytest.mark.parametrize("width", ["onecolumn", "twocolumn"])
def test_every_table_compiles_and_fits_its_place(fake, pdflatex, tmp_path, width):
    sweep = fake(totals=fake().official, data="music_avqa").grid(norms=("pre",), seeds=(0, 1))
    report = write_report([sweep.write()], tmp_path / "report.html", tables=tmp_path / "tables")
    tables = [path.read_text("utf-8") for path in report.tables if path.suffix == ".tex"]
    assert len(tables) == 3
    log = pdflatex(DOCUMENT.replace("WIDTH", width).replace("TABLES", "\n".join(tables)))
    for complaint in ("Overfull \\hbox", "Missing character", "LaTeX Warning: Reference"):
        assert complaint not in log
