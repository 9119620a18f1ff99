"""A stand-in for the module `pynvml`: the same names, units and errors, and figures that a test sets."""

from __future__ import annotations

from dataclasses import dataclass, field

NOT_SUPPORTED, NOT_FOUND, GPU_LOST, NOT_LOADED = 3, 6, 15, 9
WORDS = {NOT_SUPPORTED: "Not Supported", NOT_FOUND: "Not Found", GPU_LOST: "GPU is lost", NOT_LOADED: "Not Loaded"}


class NVMLError(Exception):
    """As the library's: it has a number and says it in words."""

    def __init__(self, value: int) -> None:
        super().__init__(value)
        self.value = value

    def __str__(self) -> str:
        return WORDS[self.value]


@dataclass
class FakeNvml:
    """One GPU by default. A figure is a number, or the errno that asking for it raises."""

    NVMLError: type[Exception] = NVMLError
    NVML_TEMPERATURE_GPU: int = 0
    name: str | bytes = "NVIDIA H100 PCIe"
    gpus: int = 1
    driver: bool = True
    milliwatts: int | NVMLError = 71_250
    millijoules: int | NVMLError = 5_000_000
    celsius: int | NVMLError = 34
    opened: list[int] = field(default_factory=list)

    def nvmlInit(self) -> None:  # noqa: N802
        if not self.driver:
            raise NVMLError(NOT_LOADED)
        self.opened.append(1)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> object:  # noqa: N802
        if index >= self.gpus:
            raise NVMLError(NOT_FOUND)
        return ("handle", index)

    def nvmlDeviceGetName(self, handle: object) -> str | bytes:  # noqa: N802
        assert handle == ("handle", 0)
        return self.name

    def nvmlDeviceGetPowerUsage(self, handle: object) -> int:  # noqa: N802, ARG002
        return _told(self.milliwatts)

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: object) -> int:  # noqa: N802, ARG002
        return _told(self.millijoules)

    def nvmlDeviceGetTemperature(self, handle: object, sensor: int) -> int:  # noqa: N802, ARG002
        assert sensor == self.NVML_TEMPERATURE_GPU
        return _told(self.celsius)


def jetson_nvml() -> FakeNvml:
    """A Jetson's: it opens, has one GPU, and supports nothing that is asked here."""
    return FakeNvml(
        name="Orin (nvgpu)",
        milliwatts=NVMLError(NOT_SUPPORTED),
        millijoules=NVMLError(NOT_SUPPORTED),
        celsius=NVMLError(NOT_SUPPORTED),
    )


def _told(figure: int | NVMLError) -> int:
    if isinstance(figure, NVMLError):
        raise figure
    return figure
