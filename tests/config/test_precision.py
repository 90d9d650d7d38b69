import pytest
import torch

from avqa_lit.config.precision import precision_on


@pytest.mark.parametrize("units", [{"amx_bf16": True}, {"avx512_bf16": True}])
def test_auto_is_bfloat16_on_a_cpu_with_units_for_it(monkeypatch, units):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: units, raising=False)
    assert precision_on("auto", accelerator="cpu") == "bf16-mixed"


@pytest.mark.parametrize("units", [{}, {"avx512_bf16": False, "avx2": True}])
def test_auto_is_float32_on_a_cpu_without(monkeypatch, units):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: units, raising=False)
    assert precision_on("auto", accelerator="cpu") == "32-true"


def test_auto_is_float32_where_torch_cannot_tell(monkeypatch):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert precision_on("auto", accelerator="cpu") == "32-true"


@pytest.mark.parametrize("accelerator", ["auto", "gpu", "cuda"])
@pytest.mark.parametrize("supported, expected", [(True, "bf16-mixed"), (False, "32-true")])
def test_auto_asks_the_gpu_where_there_is_one(monkeypatch, accelerator, supported, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: supported)
    assert precision_on("auto", accelerator=accelerator) == expected


def test_a_named_precision_goes_through():
    assert precision_on("16-mixed", accelerator="cpu") == "16-mixed"
