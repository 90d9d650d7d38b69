import html
import importlib.util
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from avqa_lit.report.build import write_report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

# A frame has a width of its own, where a window has a least width. Boxes that scroll may be wider inside.
MEASURE = """
<script>
const frame = document.querySelector("iframe");
frame.onload = () => {
  const page = frame.contentDocument;
  const width = frame.clientWidth;
  const wide = [...page.body.querySelectorAll("*")]
    .filter((one) => !one.closest(".scroll, pre") && one.getBoundingClientRect().right > width + 1)
    .map((one) => one.tagName + "." + one.className);
  document.title = JSON.stringify({ width, scroll: page.documentElement.scrollWidth, wide });
};
</script>
"""

AXE = """
<script>
axe.run().then((found) => {
  const told = found.violations.map((one) => [one.id, one.nodes.map((node) => node.html.slice(0, 100))]);
  document.title = JSON.stringify({ passes: found.passes.length, violations: told });
});
</script>
"""


@pytest.fixture
def axe():
    """Script of axe-core, from a package that brings it along."""
    found = importlib.util.find_spec("axe_playwright_python")
    if found is None:
        pytest.skip("axe is not installed: pip install --no-deps axe-playwright-python")
    (script,) = Path(found.origin).parent.rglob("axe.min.js")
    return f"<script>{script.read_text('utf-8')}</script>"


@pytest.fixture
def browse(tmp_path):
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")

    def run(*arguments):
        command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
        command += [
            "--hide-scrollbars",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ]
        command += [f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=3000", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout

    return run


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("many", [False, True])
def test_the_page_fits_the_screen(fake, tmp_path, browse, width, many):
    sweep = fake(totals=fake().official).grid(seeds=(0, 1)) if many else fake().grid()
    sweep.lose("bad", reason="exit status 1\n" + "x" * 300)
    report = write_report([sweep.write()], tmp_path / "report.html").html
    inside = html.escape(report.read_text("utf-8"))
    frame = tmp_path / "frame.html"
    frame.write_text(
        f'<iframe style="width: {width}px; height: 900px; border: 0" srcdoc="{inside}"></iframe>{MEASURE}'
    )
    title = re.search("<title>(.*?)</title>", browse("--dump-dom", frame.as_uri()))
    assert html.unescape(title[1]) == f'{{"width":{width},"scroll":{width},"wide":[]}}'
    picture = tmp_path / "page.png"
    browse(f"--screenshot={picture}", f"--window-size={max(width, 500)},2000", report.as_uri())
    assert picture.stat().st_size > 20_000


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_axe_finds_nothing_to_complain_of(fake, tmp_path, browse, axe, scheme):
    sweep = fake().grid(seeds=(0, 1))
    sweep.lose("bad", reason="exit status 1")
    page = write_report([sweep.write()], tmp_path / "report.html").html
    page.write_text(page.read_text("utf-8") + axe + AXE, "utf-8")
    shown = browse(
        "--dump-dom", f"--blink-settings=preferredColorScheme={int(scheme == 'light')}", page.as_uri()
    )
    found = json.loads(html.unescape(re.search("<title>(.*?)</title>", shown)[1]))
    assert found["violations"] == []
    assert found["passes"] > 10
