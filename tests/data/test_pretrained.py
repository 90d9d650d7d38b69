import json
import sys

import pytest
import torch

from avqa_lit.data.pretrained import load_pretrained
from avqa_lit.errors import ConfigError, MissingExtraError


def load(model, *, pooler=False):
    return load_pretrained(str(model), revision="main", pooler=pooler)


@pytest.fixture
def bert(pretrained):
    return pretrained("bert")


def change_config(folder, **changes):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changes))


def test_nothing_is_printed_and_the_settings_of_transformers_stay(bert, capfd):
    from transformers.utils import logging

    before = logging.get_verbosity(), logging.is_progress_bar_enabled()
    assert not load(bert).network.training
    assert (logging.get_verbosity(), logging.is_progress_bar_enabled()) == before
    assert capfd.readouterr() == ("", "")


def test_pickled_weights_are_not_read(bert):
    (bert / "model.safetensors").unlink()
    torch.save({}, bert / "pytorch_model.bin")
    with pytest.raises(ConfigError, match=r"cannot be loaded \(.*model.safetensors.*other formats are not"):
        load(bert)


@pytest.mark.parametrize("file", ["model.safetensors", "config.json", "tokenizer.json"])
@pytest.mark.parametrize("content", [b"torn", b"{}", b""])
def test_damaged_files_are_refused(bert, file, content):
    (bert / file).write_bytes(content)
    with pytest.raises(ConfigError, match=r"question.model=\S+: cannot be loaded \(\w+: "):
        load(bert)


def test_a_network_of_another_shape_than_its_weights_is_refused(bert):
    change_config(bert, intermediate_size=19)
    with pytest.raises(ConfigError, match=r"question.model=\S+: cannot be loaded \(RuntimeError"):
        load(bert)


def test_a_tokenizer_to_which_all_words_are_unknown_is_refused(bert):
    (bert / "tokenizer.json").unlink()
    (bert / "tokenizer_config.json").unlink()
    with pytest.raises(ConfigError, match=r"cannot be loaded \(its tokenizer knows no words\)"):
        load(bert)


def test_code_of_a_repository_is_not_run(bert, tmp_path):
    ran = tmp_path / "ran"
    own = {"AutoConfig": "code.Config", "AutoModel": "code.Model"}
    change_config(bert, model_type="mine", auto_map=own)
    (bert / "code.py").write_text(f"open({str(ran)!r}, 'w')")
    with pytest.raises(ConfigError, match=r"question.model=\S+: cannot be loaded"):
        load(bert)
    assert not ran.exists()


def test_weights_that_are_missing_are_not_made_up(pretrained):
    folder = pretrained("bert", add_pooling_layer=False)  # as the published weights of RoBERTa
    load(folder)
    with pytest.raises(ConfigError, match=r"no weights for pooler.dense.bias.*question.pooling=mean"):
        load(folder, pooler=True)


def test_a_layer_without_weights_is_refused(bert):
    change_config(bert, num_hidden_layers=3)
    with pytest.raises(ConfigError, match=r"no weights for encoder.layer.2.\S+, .*; choose another model$"):
        load(bert)


@pytest.mark.parametrize("model", ["lab/no-such-model", "./no/such/folder"])
def test_a_model_that_is_not_there_asks_for_a_folder(monkeypatch, tmp_path, model):
    pytest.importorskip("transformers", reason="the extra `transformers` is not installed")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(
        ConfigError, match=rf"question.model={model}: .*give question.model=FOLDER with config"
    ):
        load(model)


def test_without_transformers_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'avqa_lit\[transformers\]'"):
        load("lab/bert")
