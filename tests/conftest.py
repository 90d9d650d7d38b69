import os

import pytest


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Where real annotations are promised, a test that skips for want of them is a failure."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("AVQA_REAL_DATA") and "AVQA_REAL_DATA" in str(report.longrepr):
        report.outcome = "failed"
        report.longrepr = f"AVQA_REAL_DATA is set, yet the test was skipped: {report.longrepr}"
