"""Opens the hardware that a session measures with, and starts its meter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from runtime.boards.hardware import Hardware, open_hardware
from runtime.contract.measurement import Lacking
from runtime.energy.meters import best_meter
from runtime.powerd.client import PowerdClient
from runtime.powerd.leased_clocks import LeasedClocks

from .apparatus import NO_METER, NO_THERMOMETER, THIS_MACHINE, Apparatus

NOT_HERE = "a model or a recording does not feel what runs on this machine"


@contextmanager
def opened(spec: str, powerd: Path | None = None) -> Iterator[Apparatus]:
    """The apparatus on the hardware that `--hardware` names; its meter runs until the block ends.

    Args:
        powerd: socket of the powerd that sets the clocks, for who may not write them; its lease is held in the block.
    Raises:
        BoardError: there is no such hardware, or no lease to be had.
    """
    hardware = open_hardware(spec)
    with ExitStack() as stack:
        apparatus = apparatus_on(hardware, spec, stack)
        if powerd is None:
            yield apparatus
        else:
            leased = LeasedClocks(stack.enter_context(PowerdClient(powerd)))
            clocks = f"{len(leased.choices())} operating points, by powerd"
            yield replace(apparatus, clocks=leased, found={**apparatus.found, "clocks": clocks})


def apparatus_on(hardware: Hardware, spec: str, stack: ExitStack) -> Apparatus:
    """What a session needs of some hardware. Sensors are used where they belong to the machine that runs the networks.

    Args:
        stack: closes the meter.
    """
    missing = tuple(Lacking(each.what, each.why, each.to_do) for each in hardware.missing)
    profile = None if hardware.profile is None else hardware.profile.name
    found = {} if hardware.clocks is None else {"clocks": f"{len(hardware.clocks.choices())} operating points"}
    if spec != THIS_MACHINE:
        elsewhere = tuple(Lacking(each.what, NOT_HERE, "leave out --hardware") for each in (NO_METER, NO_THERMOMETER))
        return Apparatus(hardware.clocks, None, None, profile, spec, found, (*missing, *elsewhere))
    meter = best_meter(hardware)
    if meter is not None:
        stack.enter_context(meter)
        found["energy"] = meter.scope
    if hardware.thermometer is not None:
        found["temperature"] = "hottest thermal zone"
    return Apparatus(hardware.clocks, meter, hardware.thermometer, profile, spec, found, missing)
