from types import SimpleNamespace

import pytest

from avqa_lit.config.sweep import prepared
from avqa_lit.errors import DataError


@pytest.fixture
def built(monkeypatch):
    """Checksums of the stores that were built, which a config's `data` tells."""
    built = []

    def run_data(config, **_):
        checksum = config["data"]["checksum"]
        built.append(checksum)
        if checksum is None:
            raise DataError("no such folder")
        return SimpleNamespace(module=SimpleNamespace(store=SimpleNamespace(checksum=checksum)))

    monkeypatch.setattr("avqa_lit.config.run_data.run_data", run_data)
    return built


def config(checksum, *, tracks=("audio",)):
    return {
        "data": {"checksum": checksum},
        "model": {"_target_": "avqa_lit.models.answer_slots.AnswerSlots", "tracks": list(tracks)},
        "loss": {},
        "question": {"_target_": "avqa_lit.models.word_lstm.WordLSTM"},
        "paths": {"cache": "c"},
        "display": False,
    }


def test_a_store_is_built_once_for_all_jobs_that_read_it(built):
    stores = prepared.PreparedStores()
    assert [stores.checksum(config(one)) for one in ("a", "b", "a", "a")] == ["a", "b", "a", "a"]
    assert built == ["a", "b"]
    stores.checksum(config("a", tracks=["audio", "visual"]))
    assert built == ["a", "b", "a"]


def test_data_that_cannot_be_prepared_is_left_to_its_job_to_explain(built):
    stores = prepared.PreparedStores()
    assert stores.checksum(config(None)) is None
    assert stores.checksum(config("a")) == "a"
