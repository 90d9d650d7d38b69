import json
import subprocess
import sys

import pytest

from avqa_lit.config.keys import config_key


def test_the_key_ignores_what_changes_no_result(compose):
    key = config_key(compose())
    assert len(key) == 12
    for without_effect in ("paths.runs=elsewhere", "logger=none", "display=false", "trust=[mylab]"):
        assert config_key(compose(without_effect)) == key


@pytest.mark.parametrize("override", ["seed=1", "model.norm=post", "loss.kl.weight=0.5", "data.batch_size=7"])
def test_the_key_changes_with_what_changes_a_result(compose, override):
    assert config_key(compose(override)) != config_key(compose())


def test_the_key_is_of_resolved_values_whoever_gave_them(compose):
    assert config_key(compose("trainer.max_epochs=7")) != config_key(compose())
    same = compose()["trainer"]["max_epochs"]
    assert config_key(compose(f"trainer.max_epochs={same}")) == config_key(compose())


def test_the_key_does_not_depend_on_the_process(compose):
    config = compose()
    code = (
        "import json, sys; from avqa_lit.config.keys import config_key; "
        "print(config_key(json.loads(sys.stdin.read())))"
    )
    other = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(config), capture_output=True, text=True, check=True
    )
    assert other.stdout.strip() == config_key(config)
