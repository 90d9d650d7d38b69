from pathlib import Path

import pytest

from avqa_lit.config.build import check_trust
from avqa_lit.errors import ConfigError

FOREIGN = {"model": {"_target_": "avqa_lit.models.Net", "parts": [{"_target_": "os.system", "command": "x"}]}}


def test_a_config_from_elsewhere_may_not_name_foreign_classes():
    with pytest.raises(ConfigError, match=r"some.ckpt: its config names 'os.system'.*trust=\[os\]"):
        check_trust(FOREIGN, trust=[], origin=Path("some.ckpt"))


def test_a_trusted_prefix_is_a_whole_module_name():
    check_trust({"_target_": "mylab.net.Net"}, trust=["mylab"], origin=Path("a"))
    with pytest.raises(ConfigError, match="mylabs"):
        check_trust({"_target_": "mylabs.net.Net"}, trust=["mylab"], origin=Path("a"))
    with pytest.raises(ConfigError, match="avqa_little"):
        check_trust({"_target_": "avqa_little.Net"}, trust=[], origin=Path("a"))
