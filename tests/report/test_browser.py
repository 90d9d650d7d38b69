import html
import re
import shutil
import subprocess

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
