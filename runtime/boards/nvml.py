"""Power, energy and temperature of a desktop or server GPU, through NVIDIA's management library (NVML).

The binding is the package nvidia-ml-py (BSD licence, extra `nvml`). On a Jetson NVML opens and then supports nothing:
what is not supported is absent, never 0.
"""

from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol, cast

from runtime.contract.kind import Kind

from .counter_step import CounterStep
from .energy_counter import CounterReading
from .missing import Missing
from .power_sensor import PowerReading

METHOD = "NVML"
POWER_STEP_W = ENERGY_UNIT_J = 1e-3
# The library does not say how often its figures move: 20 to 100 ms by GPU (Yang et al., "Part-time Power Measurements:
# nvidia-smi's Lack of Attention", arXiv:2312.02741). Assumed here: the slowest of them.
REFRESH_S = 0.1
INSTALL = "pip install 'edge-codesign[nvml]' (nvidia-ml-py)"


class NvmlApi(Protocol):
    """The part of the module `pynvml` that is used here."""

    NVMLError: type[Exception]
    NVML_TEMPERATURE_GPU: int

    def nvmlInit(self) -> None: ...  # noqa: N802 (the library's own names)
    def nvmlDeviceGetHandleByIndex(self, index: int) -> Any: ...  # noqa: N802
    def nvmlDeviceGetName(self, handle: Any) -> str | bytes: ...  # noqa: N802
    def nvmlDeviceGetPowerUsage(self, handle: Any) -> int: ...  # noqa: N802
    def nvmlDeviceGetTotalEnergyConsumption(self, handle: Any) -> int: ...  # noqa: N802
    def nvmlDeviceGetTemperature(self, handle: Any, sensor: int) -> int: ...  # noqa: N802


class Nvml:
    """One GPU of an opened library. Raises the library's NVMLError where there is no such GPU."""

    def __init__(self, api: NvmlApi, index: int = 0, *, now_s: Callable[[], float] = time.monotonic) -> None:
        self._api, self._now_s = api, now_s
        self._handle = api.nvmlDeviceGetHandleByIndex(index)
        name = api.nvmlDeviceGetName(self._handle)
        self.scope = f"GPU {index} ({name.decode() if isinstance(name, bytes) else name})"  # bytes before version 11

    def power(self) -> NvmlPower | None:
        """The GPU's power, its board included; None where NVML does not tell."""
        sensor = NvmlPower(lambda: self._asked(self._api.nvmlDeviceGetPowerUsage), self.scope)
        return None if sensor.read() is None else sensor

    def counter(self) -> NvmlCounter | None:
        """The GPU's energy counter (Volta and later); None where NVML does not tell."""
        counter = NvmlCounter(
            lambda: self._asked(self._api.nvmlDeviceGetTotalEnergyConsumption), self.scope, self._now_s
        )
        return None if counter.read() is None else counter

    def thermometer(self) -> NvmlThermometer | None:
        """The GPU's temperature; None where NVML does not tell."""
        gpu = self._api.NVML_TEMPERATURE_GPU
        thermometer = NvmlThermometer(
            lambda: self._asked(lambda handle: self._api.nvmlDeviceGetTemperature(handle, gpu))
        )
        return None if thermometer.read_c() is None else thermometer

    def _asked(self, question: Callable[[Any], int]) -> int | None:
        try:
            return question(self._handle)
        except self._api.NVMLError:  # not supported, no permission, GPU lost: each time, there is no figure
            return None


class NvmlPower:
    """A PowerSensor. Its figure is an average of the last 10 to 1000 ms, by GPU: the counter is better."""

    def __init__(self, milliwatts: Callable[[], int | None], scope: str) -> None:
        self._milliwatts, self._scope = milliwatts, scope

    def read(self) -> PowerReading | None:
        """The GPU's power, or None where NVML does not tell now."""
        found = self._milliwatts()
        return None if found is None else PowerReading(found * 1e-3, self._scope, METHOD, POWER_STEP_W, Kind.MEASURED)


class NvmlCounter:
    """An EnergyCounter. Where the driver was loaded anew its count began anew: this object's goes on from there."""

    def __init__(self, millijoules: Callable[[], int | None], scope: str, now_s: Callable[[], float]) -> None:
        self._millijoules, self._scope, self._now_s = millijoules, scope, now_s
        self._lock = threading.Lock()
        self._step = CounterStep(REFRESH_S, ENERGY_UNIT_J)
        self._last_j: float | None = None
        self._total_j = 0.0

    def read(self) -> CounterReading | None:
        """Joules since the first reading, or None where NVML does not tell now, or has just lost count."""
        with self._lock:
            found = self._millijoules()
            if found is None:
                return None
            before_j, self._last_j = self._last_j, found * 1e-3
            if before_j is not None and self._last_j < before_j:
                return None
            self._total_j += 0.0 if before_j is None else self._last_j - before_j
            total_j = self._total_j
            quantum_j = self._step.after(self._now_s(), total_j)
        return CounterReading(total_j, self._scope, METHOD, quantum_j, Kind.MEASURED)


class NvmlThermometer:
    """A Thermometer."""

    def __init__(self, degrees: Callable[[], int | None]) -> None:
        self._degrees = degrees

    def read_c(self) -> float | None:
        """Degrees Celsius, or None where NVML does not tell now."""
        found = self._degrees()
        return None if found is None else float(found)


def open_nvml(index: int = 0, *, api: NvmlApi | None = None) -> Nvml | Missing:
    """The GPU of that number, or why there is none.

    Args:
        api: the module `pynvml` or a double of it; None imports it.
    """
    if api is None:
        try:
            library: NvmlApi = cast("NvmlApi", importlib.import_module("pynvml"))
        except ImportError:
            return Missing("NVML", "the package nvidia-ml-py is not installed", INSTALL)
    else:
        library = api
    try:
        library.nvmlInit()
        return Nvml(library, index)
    except library.NVMLError as error:
        return Missing("NVML", f"the NVIDIA driver does not answer: {error}", "check that `nvidia-smi` lists the GPU")
