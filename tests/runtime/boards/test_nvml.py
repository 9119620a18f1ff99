"""NVML: what it does not support is absent, never 0."""

from __future__ import annotations

import sys

import pytest

from runtime.boards.missing import Missing
from runtime.boards.nvml import Nvml, open_nvml
from runtime.boards.simulated_time import SimulatedTime
from runtime.contract.kind import Kind
from tests.runtime.boards.nvml_double import GPU_LOST, NOT_SUPPORTED, FakeNvml, NVMLError, jetson_nvml


def test_milliwatts_millijoules_and_degrees_become_si_units() -> None:
    gpu = Nvml(FakeNvml())
    power, counter, thermometer = gpu.power(), gpu.counter(), gpu.thermometer()
    assert power is not None
    assert counter is not None
    assert thermometer is not None
    reading = power.read()
    assert reading is not None
    assert reading.power_w == pytest.approx(71.25)
    assert (reading.scope, reading.method, reading.kind) == ("GPU 0 (NVIDIA H100 PCIe)", "NVML", Kind.MEASURED)
    assert reading.quantum_w == 1e-3
    assert thermometer.read_c() == 34.0


def test_what_a_jetson_does_not_support_is_absent_and_not_zero() -> None:
    gpu = Nvml(jetson_nvml())
    assert (gpu.power(), gpu.counter(), gpu.thermometer()) == (None, None, None)


def test_a_gpu_without_counter_still_has_power() -> None:
    gpu = Nvml(FakeNvml(millijoules=NVMLError(NOT_SUPPORTED)))
    assert gpu.counter() is None
    assert gpu.power() is not None


def test_a_gpu_that_is_lost_later_gives_none() -> None:
    api = FakeNvml()
    gpu = Nvml(api)
    power, counter, thermometer = gpu.power(), gpu.counter(), gpu.thermometer()
    assert power is not None
    assert counter is not None
    assert thermometer is not None
    api.milliwatts = api.millijoules = api.celsius = NVMLError(GPU_LOST)
    assert (power.read(), counter.read(), thermometer.read_c()) == (None, None, None)


def test_the_counter_starts_at_zero_and_adds_up_what_was_drawn() -> None:
    api, time = FakeNvml(), SimulatedTime()
    counter = Nvml(api, now_s=time.now_s).counter()
    assert counter is not None
    time.sleep(2.0)
    api.millijoules = 5_140_000
    reading = counter.read()
    assert reading is not None
    assert reading.energy_j == pytest.approx(140.0)
    assert reading.quantum_j == pytest.approx(7.0)  # 70 W for the 0.1 s between two refreshes


def test_a_driver_that_was_loaded_anew_is_none_once_and_then_counts_on() -> None:
    api, time = FakeNvml(), SimulatedTime()
    counter = Nvml(api, now_s=time.now_s).counter()
    assert counter is not None
    for millijoules, energy_j in ((5_010_000, 10.0), (4_000, None), (6_000, 12.0)):
        time.sleep(1.0)
        api.millijoules = millijoules
        reading = counter.read()
        assert (None if reading is None else reading.energy_j) == (
            None if energy_j is None else pytest.approx(energy_j)
        )


def test_a_name_in_bytes_as_older_libraries_give_it_is_read() -> None:
    assert Nvml(FakeNvml(name=b"Tesla V100")).scope == "GPU 0 (Tesla V100)"


def test_an_opened_library_gives_its_first_gpu() -> None:
    found = open_nvml(api=FakeNvml())
    assert isinstance(found, Nvml)


def test_a_gpu_that_is_not_there_is_missing() -> None:
    found = open_nvml(3, api=FakeNvml())
    assert isinstance(found, Missing)
    assert found.why == "the NVIDIA driver does not answer: Not Found"


def test_a_driver_that_is_not_loaded_is_missing() -> None:
    found = open_nvml(api=FakeNvml(driver=False))
    assert isinstance(found, Missing)
    assert "Not Loaded" in found.why
    assert "nvidia-smi" in found.to_do


def test_without_the_package_nvml_is_missing_and_the_remedy_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    found = open_nvml()
    assert isinstance(found, Missing)
    assert found.why == "the package nvidia-ml-py is not installed"
    assert "edge-codesign[nvml]" in found.to_do


def test_the_package_is_imported_by_its_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", FakeNvml())
    assert isinstance(open_nvml(), Nvml)


def test_where_the_package_is_there_it_has_every_name_that_is_used() -> None:
    pynvml = pytest.importorskip("pynvml", reason="nvidia-ml-py is not installed")
    for name in [name for name in vars(FakeNvml) if name.startswith(("nvml", "NVML"))]:
        assert hasattr(pynvml, name), name
