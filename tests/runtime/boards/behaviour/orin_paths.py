"""Paths of the modelled Orin Nano, and work to give it."""

from __future__ import annotations

from runtime.contract.work import Work

ORIN = "orin-nano-super"
GPU = "/sys/class/devfreq/17000000.gpu"
RAILGATE = "/sys/devices/platform/gpu.0/railgate_enable"
CPU = "/sys/devices/system/cpu"
POLICY = f"{CPU}/cpufreq/policy0"
EMC = "/sys/kernel/debug/bpmp/debug/clk/emc"
EMC_CAP = "/sys/kernel/nvpmodel_clk_cap/emc"
WORK = Work(macs=300e6, traffic_bytes=30e6, kernels=60)
