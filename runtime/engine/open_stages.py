"""Opens the stages of a design on what was asked for: TensorRT itself, or one of ONNX Runtime's providers.

Asked for by name, TensorRT is used or it is an error; `auto` goes on to ONNX Runtime, stage by stage, and every stage
says why (`why_not`). An engine that is missing is built, in a process of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from runtime.contract.errors import EngineError

from .any_stage import AnyStage
from .device_memory import DevicePool
from .engine_builder import Builder
from .engine_key import BuildSite, EngineKey, engine_key
from .engine_store import get_engine, put_engine, timing_cache
from .native_tensorrt import NativeTensorRt, native_tensorrt
from .provider import AUTO, MOST_IMAGES, NATIVE, ON_CPU, Provider
from .stage import Stage
from .tensorrt_stage import TensorRtStage

BUILDER = "edge-codesign native 1"  # another number where the same ONNX would be built otherwise
UNKNOWN = BuildSite(None, None, None, None)
Model = tuple[bytes, str]  # a stage's ONNX bytes, and where they lie
BUILT_HERE = "built here"


def open_stages(models: Sequence[Model], *, threads: int = 1, provider: Provider = ON_CPU) -> list[AnyStage]:
    """The stages of one design, in order.

    Raises:
        EngineError: a stage cannot be loaded, or not run as asked.
        ConfigError: a provider that this ONNX Runtime was built without.
    """
    if provider.name not in (NATIVE, AUTO):
        return [Stage(model, where=where, threads=threads, provider=provider) for model, where in models]
    try:
        native = native_tensorrt()
    except EngineError as error:
        if provider.name == NATIVE:
            raise
        return [_by_onnx_runtime(model, threads, provider, error) for model in models]
    pool = DevicePool(native.cuda)
    stages: list[AnyStage] = []
    for model, where in models:
        try:
            plan = engine_of(model, provider, native, where=where)
            stages.append(TensorRtStage(plan, native, pool, where=where))
        except EngineError as error:  # noqa: PERF203 (a stage takes longer to load than a million of these)
            if provider.name == NATIVE:
                raise
            stages.append(_by_onnx_runtime((model, where), threads, provider, error))
    connect(stages)
    return stages


def connect(stages: Sequence[AnyStage]) -> None:
    """Have features leave the GPU where what comes next does not run there; a stage may be in several designs."""
    for stage, following in pairwise(stages):
        if isinstance(stage, TensorRtStage) and not isinstance(following, TensorRtStage):
            stage.on_device = False


def key_of(model: bytes, precision: str, site: BuildSite) -> EngineKey:
    """The key of a stage's native engine at a site, as `NativeTensorRt.site` describes it."""
    return engine_key(model, precision, site, builder=BUILDER, shapes={"batch": f"1-{MOST_IMAGES}"})


def engine_of(model: bytes, provider: Provider, native: NativeTensorRt, *, where: str, again: bool = False) -> bytes:
    """A stage's engine: the one that is kept, or a new one, which is then kept.

    Args:
        again: build one whatever is kept.
    Raises:
        EngineError: it cannot be built.
    """
    site = native.site(provider.site or UNKNOWN)
    key, builder, folder = key_of(model, provider.precision, site), provider.builder or Builder(), provider.engines
    if folder is not None and not again and (plan := get_engine(folder, key)) is not None:
        return plan
    builder.report(f"{where}: its engine for TensorRT {native.version} is being built, which may take long")
    times = None if folder is None or not _made(folder) else timing_cache(folder, site)
    plan = builder.build(model, provider.precision, MOST_IMAGES, where=where, timing_cache=times)
    if folder is not None:
        try:
            put_engine(folder, key, plan, BUILT_HERE)
        except OSError as error:  # it serves all the same, and is built again at the next start
            builder.report(f"{where}: its engine cannot be kept under {folder}: {error.strerror or error}")
    return plan


def _by_onnx_runtime(model: Model, threads: int, provider: Provider, error: EngineError) -> Stage:
    content, where = model
    stage = Stage(content, where=where, threads=threads, provider=provider)
    stage.why_not = (f"{NATIVE}: {error.what}", *stage.why_not)
    return stage


def _made(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return True
