"""Terms have one value and one gradient, on one process and on any split over several."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from avqa_lit.losses.gather import gather_rows

WORKER = Path(__file__).with_name("split_over_processes.py")


def test_one_process_keeps_its_rows_as_they_are():
    rows = torch.randn(3, 2)
    assert gather_rows(rows) is rows


@pytest.mark.slow
def test_value_and_gradient_are_those_of_one_process_however_the_step_is_split():
    ended = subprocess.run([sys.executable, WORKER], capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    alone = found.pop("alone")
    assert len(found) == 6
    for split, terms in found.items():
        assert terms.keys() == alone.keys()
        for name, values in terms.items():
            assert np.abs(alone[name][1:]).max() > 1e-3, name
            np.testing.assert_allclose(values, alone[name], rtol=1e-9, atol=1e-12, err_msg=f"{split}: {name}")
