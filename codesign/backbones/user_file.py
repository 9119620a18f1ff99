"""Reading an ONNX file that somebody brings: its weights, wherever they lie, its operator set, its fingerprint."""

from __future__ import annotations

import hashlib
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError, EncodeError
from onnx import inliner, version_converter

from runtime.contract.errors import ConfigError
from runtime.contract.fingerprint import file_sha256

OLDEST_OPSET, NEWEST_OPSET = 13, 21  # heads are written for 13 and later; JetPack's ONNX Runtime 1.19 reads up to 21
PREFERRED_OPSET = 17
NEWEST_IR = 10  # likewise
LARGEST_BYTES = 2**31 - 1  # what a protobuf message can hold
EXPORT_AGAIN = "export it again, for example by torch.onnx.export"


def read_user_file(file: Path) -> onnx.ModelProto:
    """The network, weights loaded, functions written out, between `OLDEST_OPSET` and `NEWEST_OPSET`.

    Raises:
        ConfigError: no such file, no ONNX network, weights that are missing beside it, too large, or an operator set
            that cannot be converted.
    """
    if not file.is_file():
        raise ConfigError("no such file", to_do="give a trained network as an ONNX file")
    try:
        model = onnx.load(str(file), load_external_data=False)
    except (DecodeError, ValueError, OSError) as error:
        raise ConfigError(f"not an ONNX network: {error}", to_do=EXPORT_AGAIN) from error
    if not model.graph.node:
        raise ConfigError("not an ONNX network: it has no nodes", to_do=EXPORT_AGAIN)
    try:
        onnx.load_external_data_for_model(model, str(file.parent))
    except (ValueError, OSError, onnx.checker.ValidationError) as error:
        raise ConfigError(
            f"weights that lie beside the network cannot be read: {error}",
            to_do=f"keep {', '.join(sorted(_outside(file))) or 'them'} in the same folder",
        ) from error
    if model.ByteSize() > LARGEST_BYTES:
        raise ConfigError(
            f"the network has {model.ByteSize() / 1e9:.1f} GB of weights, more than the 2 GB that can be rewritten",
            to_do="bring a smaller network",
        )
    if model.functions:
        model = inliner.inline_local_functions(model)
    model = _at_known_opset(model)
    for node in model.graph.node:
        node.name = node.name or node.output[0]  # errors name nodes
    return model


def user_file_sha256(file: Path) -> str:
    """Hex digest of the file and of every file of weights beside it."""
    own, outside = file_sha256(file), sorted(_outside(file))
    if not outside:
        return own
    digest = hashlib.sha256(own.encode())
    for name in outside:
        digest.update(f"{name}:{file_sha256(file.parent / name)}".encode())
    return digest.hexdigest()


def _outside(file: Path) -> set[str]:
    """Names of the files that hold weights of this one."""
    model = onnx.load(str(file), load_external_data=False)
    tensors = [*model.graph.initializer]
    tensors += [attribute.t for node in model.graph.node for attribute in node.attribute if attribute.HasField("t")]
    return {entry.value for tensor in tensors for entry in tensor.external_data if entry.key == "location"}


def _at_known_opset(model: onnx.ModelProto) -> onnx.ModelProto:
    version = next((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), 1)
    model.ir_version = min(model.ir_version, NEWEST_IR)
    if OLDEST_OPSET <= version <= NEWEST_OPSET:
        return model
    wanted = PREFERRED_OPSET if version < OLDEST_OPSET else NEWEST_OPSET
    try:
        converted = version_converter.convert_version(model, wanted)
    except (version_converter.ConvertError, RuntimeError, ValueError, EncodeError) as error:
        raise ConfigError(
            f"operator set {version} cannot be converted to {wanted}: {_first_line(error)}",
            to_do=f"export the network with opset {PREFERRED_OPSET}",
        ) from error
    converted.ir_version = max(converted.ir_version, 4)  # from here on weights need not be inputs
    return converted


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
