from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from avqa_lit.config.sweep import prepared
from avqa_lit.errors import DataError


@dataclass
class Source:
    checksum: str | None
    built: list[str]

    def prepare(self, question, *, cache, progress):
        self.built.append(self.checksum)
        if self.checksum is None:
            raise DataError("no such folder")
        return SimpleNamespace(checksum=self.checksum)


@pytest.fixture
def built(monkeypatch):
    built = []
    monkeypatch.setattr("avqa_lit.config.build.build", lambda node: Source(node["checksum"], built))
    return built


def config(checksum):
    question = {"_target_": "avqa_lit.models.word_lstm.WordLSTM"}
    return {"data": {"checksum": checksum}, "question": question, "paths": {"cache": "c"}, "display": False}


def test_a_store_is_built_once_for_all_jobs_that_read_it(built):
    stores = prepared.PreparedStores()
    assert [stores.checksum(config(one)) for one in ("a", "b", "a", "a")] == ["a", "b", "a", "a"]
    assert built == ["a", "b"]


def test_data_that_cannot_be_prepared_is_left_to_its_job_to_explain(built):
    stores = prepared.PreparedStores()
    assert stores.checksum(config(None)) is None
    assert stores.checksum(config("a")) == "a"
