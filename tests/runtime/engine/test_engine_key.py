"""An engine's key changes with all that an engine depends on, and with nothing else."""

from __future__ import annotations

from dataclasses import replace

from runtime.engine.engine_key import BuildSite, build_site, engine_key
from tests.runtime.boards.sysfs.board_trees import MemoryTree

ORIN = {
    "/proc/device-tree/compatible": "nvidia,p3768-0000+p3767-0005-super\0nvidia,p3767-0005\0nvidia,tegra234\0",
    "/etc/nv_tegra_release": "# R36 (release), REVISION: 5.0, GCID: 43688277, BOARD: generic\n",
    "/usr/lib/aarch64-linux-gnu/libnvinfer.so.10": "",
    "/usr/lib/aarch64-linux-gnu/libnvinfer.so.10.3.0": "",
    "/usr/lib/aarch64-linux-gnu/libnvinfer_plugin.so.10.3.0": "",
    "/sys/devices/platform/bus@0/17000000.gpu/tpc_pg_mask": "248\n",
}
SITE = BuildSite("10.3.0", "36.5.0", "nvidia,tegra234", "248")
KEY = engine_key(b"onnx", "fp16", SITE, builder="ONNX Runtime 1.31.1", shapes={"min": "image:1x3x32x32"})


def test_a_site_is_read_from_the_board() -> None:
    assert build_site(MemoryTree(ORIN)) == SITE


def test_what_a_machine_does_not_say_is_not_known() -> None:
    assert build_site(MemoryTree({})) == BuildSite(None, None, None, None)


def test_the_newest_library_counts_where_there_are_several() -> None:
    older = {"/usr/lib/aarch64-linux-gnu/libnvinfer.so.8.6.2": ""}
    assert build_site(MemoryTree({**ORIN, **older})).tensorrt == "10.3.0"


def test_the_same_stage_at_the_same_site_has_the_same_key() -> None:
    again = engine_key(b"onnx", "fp16", SITE, builder="ONNX Runtime 1.31.1", shapes={"min": "image:1x3x32x32"})
    assert again.name == KEY.name


def test_whatever_an_engine_depends_on_changes_its_key() -> None:
    others = [
        replace(KEY, onnx_sha256="0"),
        replace(KEY, precision="fp32"),
        replace(KEY, shapes={"min": "image:2x3x32x32"}),
        replace(KEY, builder="ONNX Runtime 1.32.0"),
        replace(KEY, site=replace(SITE, tensorrt="10.7.0")),
        replace(KEY, site=replace(SITE, l4t="36.4.3")),
        replace(KEY, site=replace(SITE, soc="nvidia,tegra264")),
        replace(KEY, site=replace(SITE, power_gating="240")),
    ]
    assert len({key.name for key in [KEY, *others]}) == len(others) + 1
