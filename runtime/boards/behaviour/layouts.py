"""The boards that the model knows how to be, each under the JetPack that it is used with.

Names and places of files are those that public code and recordings give; what is assumed says so. Shunt resistors and
supply voltages are assumed on every board but Orin Nano, whose steps of 40 mW were measured.
"""

from __future__ import annotations

from types import MappingProxyType

from runtime.contract.errors import BoardError

from .layout import Channel, Cluster, DevfreqPlace, EmcFiles, Ina238, Ina3221, Layout, OtherDevfreq, Zone

_MODULE_V, _MODULE_SHUNT_OHM = 4.968, 5e-3  # 8 mA of 4.97 V are 39.7 mW
_SUPPLY_V, _SUPPLY_SHUNT_OHM = 19.904, 2e-3  # steps of 0.4 W
_EMC_CAP_JP4_5 = ("/sys/kernel/nvpmodel_emc_cap/emc_iso_cap", 0)
_EMC_CAP_JP6 = ("/sys/kernel/nvpmodel_clk_cap/emc", -1)

_ORIN_GPU = DevfreqPlace(
    device="/sys/devices/platform/bus@0/17000000.gpu",
    node="17000000.gpu",
    of_node="gpu",
    aliases=("/sys/devices/platform/17000000.gpu", "/sys/devices/platform/gpu.0"),
)
_XAVIER_GPU = DevfreqPlace(
    device="/sys/devices/17000000.gv11b",
    node="17000000.gv11b",
    of_node="gv11b",
    aliases=("/sys/devices/gpu.0", "/sys/devices/platform/gpu.0"),
)
_ORIN_ZONES = (
    Zone("cpu-thermal", 1.0),
    Zone("gpu-thermal", 1.5, gated="gpu"),
    Zone("cv0-thermal", gated="always"),
    Zone("cv1-thermal", gated="always"),
    Zone("cv2-thermal", gated="always"),
    Zone("soc0-thermal", 2.0),
    Zone("soc1-thermal", 2.5),
    Zone("soc2-thermal", 3.0),
    Zone("tj-thermal"),
)
_OLD_ZONES = (  # JetPack 4; the fan's estimate and the PMIC's constant say nothing about the chip
    Zone("AO-therm", 4.0),
    Zone("CPU-therm"),
    Zone("GPU-therm", 1.0, gated="gpu"),
    Zone("PLL-therm", 1.5),
    Zone("PMIC-Die", constant_c=100.0),
    Zone("thermal-fan-est", 2.0),
)
_XAVIER_ZONES = (  # JetPack 5; names assumed to follow JetPack 4 here
    Zone("CPU-therm"),
    Zone("GPU-therm", 1.0, gated="gpu"),
    Zone("AUX-therm", 3.0),
    Zone("AO-therm", 4.0),
    Zone("PMIC-Die", constant_c=100.0),
)


def _chip(address: str, *rails: str | None, volts: float = _MODULE_V, shunt_ohm: float = _MODULE_SHUNT_OHM) -> Ina3221:
    return Ina3221(address, tuple(Channel(rail, volts, shunt_ohm) for rail in rails))


def _nano() -> Layout:
    return Layout(
        profile="nano",
        jetpack="4.6.6",
        l4t="R32.7.6",
        kernel="4.9.337-tegra",
        model="NVIDIA Jetson Nano Developer Kit",
        compatible=("nvidia,p3449-0000-b00+p3448-0000-b00", "nvidia,jetson-nano", "nvidia,tegra210"),
        gpu=DevfreqPlace("/sys/devices/57000000.gpu", "57000000.gpu", "gpu", aliases=("/sys/devices/gpu.0",)),
        clusters=(Cluster((0, 1, 2, 3)),),
        cpu_low_hz=102_000_000,
        emc_files=EmcFiles.OVERRIDE,
        emc_table="",
        emc_cap=_EMC_CAP_JP4_5,
        sensors=(_chip("6-0040", "POM_5V_IN", "POM_5V_GPU", "POM_5V_CPU", volts=5.0),),
        zones=_OLD_ZONES,
        ina_driver="ina3221x",
    )


def _tx2() -> Layout:
    return Layout(
        profile="tx2",
        jetpack="4.6.6",
        l4t="R32.7.6",
        kernel="4.9.337-tegra",
        model="quill",
        compatible=("nvidia,p2597-0000+p3310-1000", "nvidia,quill", "nvidia,tegra186"),
        gpu=DevfreqPlace("/sys/devices/17000000.gp10b", "17000000.gp10b", "gp10b", aliases=("/sys/devices/gpu.0",)),
        clusters=(Cluster((0, 3, 4, 5)), Cluster((1, 2))),  # Cortex-A57 and Denver
        cpu_low_hz=345_600_000,
        emc_files=EmcFiles.BPMP,
        emc_table="possible_rates",
        emc_cap=_EMC_CAP_JP4_5,
        sensors=(
            _chip("0-0040", "VDD_SYS_GPU", "VDD_SYS_SOC", "VDD_4V0_WIFI"),
            _chip("0-0041", "VDD_IN", "VDD_SYS_CPU", "VDD_SYS_DDR"),
        ),
        zones=_OLD_ZONES,
        ina_driver="ina3221x",
    )


def _agx_xavier() -> Layout:
    return Layout(
        profile="agx-xavier",
        jetpack="5.1.7",
        l4t="R35.6.5",
        kernel="5.10.216-tegra",
        model="Jetson-AGX",
        compatible=("nvidia,p2972-0000", "nvidia,galen", "nvidia,tegra194"),
        gpu=_XAVIER_GPU,
        clusters=tuple(Cluster((first, first + 1)) for first in (0, 2, 4, 6)),
        cpu_low_hz=1_190_400_000,
        emc_files=EmcFiles.BPMP,
        emc_table="regular",
        emc_cap=_EMC_CAP_JP4_5,
        sensors=(
            _chip("1-0040", "GPU", "CPU", "SOC"),
            _chip("1-0041", "CV", "VDDRQ", "SYS5V"),
        ),
        zones=_XAVIER_ZONES,
    )


def _xavier_nx() -> Layout:
    return Layout(
        profile="xavier-nx",
        jetpack="5.1.7",
        l4t="R35.6.5",
        kernel="5.10.216-tegra",
        model="NVIDIA Jetson Xavier NX Developer Kit",
        compatible=("nvidia,p3509-0000+p3668-0000", "nvidia,p3668-0000", "nvidia,tegra194"),
        gpu=_XAVIER_GPU,
        clusters=tuple(Cluster((first, first + 1)) for first in (0, 2, 4)),
        cpu_low_hz=1_190_400_000,
        emc_files=EmcFiles.BPMP,
        emc_table="regular",
        emc_cap=_EMC_CAP_JP4_5,
        sensors=(_chip("7-0040", "VDD_IN", "VDD_CPU_GPU_CV", "VDD_SOC"),),
        zones=_XAVIER_ZONES,
    )


def _orin(
    profile: str,
    model: str,
    compatible: tuple[str, ...],
    clusters: tuple[tuple[int, ...], ...],
    sensors: tuple[Ina3221, ...],
) -> Layout:
    return Layout(
        profile=profile,
        jetpack="6.2.2",
        l4t="R36.5.0",
        kernel="5.15.185-tegra",
        model=model,
        compatible=(*compatible, "nvidia,tegra234"),
        gpu=_ORIN_GPU,
        clusters=tuple(Cluster(cpus) for cpus in clusters),
        cpu_low_hz=729_600_000,
        emc_files=EmcFiles.BPMP,
        emc_table="dvfs_table",
        emc_cap=_EMC_CAP_JP6,
        sensors=sensors,
        zones=_ORIN_ZONES,
        other_devfreq=(
            OtherDevfreq(
                "/sys/devices/platform/bus@0/13e00000.host1x/15340000.vic", "15340000.vic", "vic", 729_600_000
            ),
        ),  # assumed
    )


def _thor() -> Layout:
    return Layout(
        profile="thor",
        jetpack="7.2",
        l4t="R39.2.0",
        kernel="6.8.12-1021-tegra",
        model="NVIDIA Jetson AGX Thor Developer Kit",
        compatible=("nvidia,p4071-0000+p3834-0008", "nvidia,p3834-0008", "nvidia,tegra264"),
        gpu=DevfreqPlace(
            # Where the node's device lies is assumed; only its class node is known.
            "/sys/devices/platform/bus@0/gpu-gpc-0",
            "gpu-gpc-0",
            of_node=None,
            power_files=False,
        ),
        clusters=tuple(Cluster(tuple(range(first, min(first + 4, 14)))) for first in (0, 4, 8, 12)),  # assumed
        cpu_low_hz=729_000_000,
        emc_files=EmcFiles.BWMGR,
        emc_table="dvfs",
        emc_cap=None,  # bwmgr/max_freq
        sensors=(
            _chip("2-0040", "VDD_GPU", "VDD_CPU_SOC_MSS", "VIN_SYS_5V0", volts=_SUPPLY_V, shunt_ohm=_SUPPLY_SHUNT_OHM),
            Ina238("2-0044", "VIN", _SUPPLY_V, _SUPPLY_SHUNT_OHM),
        ),
        zones=_ORIN_ZONES,
        default_gpu_low_hz=315_000_000,
        other_devfreq=(OtherDevfreq("/sys/devices/platform/bus@0/gpu-nvd-0", "gpu-nvd-0", None, 1_692_000_000),),
    )


_ORIN_NANO_RAILS = (_chip("1-0040", "VDD_IN", "VDD_CPU_GPU_CV", "VDD_SOC"),)
_AGX_ORIN_RAILS = (
    _chip("1-0040", "VDD_GPU_SOC", "VDD_CPU_CV", "VIN_SYS_5V0", volts=_SUPPLY_V, shunt_ohm=_SUPPLY_SHUNT_OHM),
    _chip("1-0041", None, "VDDQ_VDD2_1V8AO", None),
)
_LAYOUTS = (
    _nano(),
    _tx2(),
    _agx_xavier(),
    _xavier_nx(),
    _orin(
        "orin-nano",
        "NVIDIA Jetson Orin Nano Developer Kit",
        ("nvidia,p3768-0000+p3767-0005", "nvidia,p3767-0005"),
        ((0, 1, 2, 3), (4, 5)),
        _ORIN_NANO_RAILS,
    ),
    _orin(
        "orin-nano-super",
        "NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super",
        ("nvidia,p3768-0000+p3767-0005-super", "nvidia,p3767-0005"),
        ((0, 1, 2, 3), (4, 5)),
        _ORIN_NANO_RAILS,
    ),
    _orin(
        "orin-nx",
        "NVIDIA Jetson Orin NX Engineering Reference Developer Kit",
        ("nvidia,p3768-0000+p3767-0000", "nvidia,p3767-0000"),
        ((0, 1, 2, 3), (4, 5, 6, 7)),
        _ORIN_NANO_RAILS,
    ),
    _orin(
        "agx-orin",
        "NVIDIA Jetson AGX Orin Developer Kit",
        ("nvidia,p3737-0000+p3701-0005", "nvidia,p3701-0005"),
        ((0, 1, 2, 3), (4, 5, 6, 7), (8, 9, 10, 11)),
        _AGX_ORIN_RAILS,
    ),
    _thor(),
)
LAYOUTS = MappingProxyType({layout.profile: layout for layout in _LAYOUTS})


def layout_of(profile_name: str) -> Layout:
    """The files of a board, by the name of its profile. Raises BoardError naming the known ones."""
    if profile_name not in LAYOUTS:
        raise BoardError(
            f"there is no behavioural model of {profile_name!r}",
            where="--hardware model:NAME",
            to_do=f"use one of {', '.join(sorted(LAYOUTS))}",
        )
    return LAYOUTS[profile_name]
