"""Small networks of the families that people have, as torch's own exporter writes them."""

from __future__ import annotations

import io
import warnings
from typing import Any

import onnx
import torch
from torch import Tensor, nn

from tests.codesign.user_networks import CLASSES

SIDE = 32
PRESERVED = torch.onnx.TrainingMode.PRESERVE  # leaves batch norms where they are


class InvertedResidual(nn.Module):
    """MobileNetV2's block: widened, depthwise, narrowed; a residual only where shapes agree."""

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        inner = 4 * channels
        self.residual = stride == 1 and channels == width
        self.layers = nn.Sequential(
            nn.Conv2d(channels, inner, 1, bias=False),
            nn.BatchNorm2d(inner),
            nn.ReLU6(),
            nn.Conv2d(inner, inner, 3, stride=stride, padding=1, groups=inner, bias=False),
            nn.BatchNorm2d(inner),
            nn.ReLU6(),
            nn.Conv2d(inner, width, 1, bias=False),
            nn.BatchNorm2d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layers(x)
        return x + y if self.residual else y


def mobile_network() -> nn.Module:
    """Depthwise blocks, some without a residual; dropout before the classifier."""
    blocks = [(16, 24, 2), (24, 24, 1), (24, 32, 1), (32, 32, 1), (32, 48, 2), (48, 48, 1)]
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, stride=1, padding=1, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU6(),
        *(InvertedResidual(*block) for block in blocks),
        nn.Conv2d(48, 96, 1),
        nn.ReLU6(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(0.2),
        nn.Linear(96, CLASSES),
    )


class Attention(nn.Module):
    """Multi-head attention whose shapes are read from its input, as timm writes it."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        batch, tokens, width = x.shape
        q, k, v = (
            self.qkv(x).reshape(batch, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        )
        weights = ((q @ k.transpose(-2, -1)) * (width // self.heads) ** -0.5).softmax(dim=-1)
        mixed: Tensor = self.out((weights @ v).transpose(1, 2).reshape(batch, tokens, width))
        return mixed


class TorchAttention(nn.Module):
    """torch's own module, which works on (tokens, batch, width) and joins batch and heads in one axis."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        mixed: Tensor = self.attention(x, x, x, need_weights=False)[0]
        return mixed


class Encoder(nn.Module):
    """A transformer block, norms first."""

    def __init__(self, width: int, attention: nn.Module) -> None:
        super().__init__()
        self.first, self.second, self.attention = nn.LayerNorm(width), nn.LayerNorm(width), attention
        self.layers = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.first(x))
        widened: Tensor = x + self.layers(self.second(x))
        return widened


class VisionTransformer(nn.Module):
    """Patches, a class token, positions, encoders; the class token answers."""

    def __init__(self, attention: type[nn.Module] = Attention, width: int = 64, depth: int = 4) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, 8, stride=8)
        self.token = nn.Parameter(torch.randn(1, 1, width))
        self.positions = nn.Parameter(torch.randn(1, (SIDE // 8) ** 2 + 1, width))
        self.encoders = nn.Sequential(*(Encoder(width, attention(width, 4)) for _ in range(depth)))
        self.norm, self.classifier = nn.LayerNorm(width), nn.Linear(width, CLASSES)

    def forward(self, image: Tensor) -> Tensor:
        x = self.patches(image).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], dim=1) + self.positions
        logits: Tensor = self.classifier(self.norm(self.encoders(x))[:, 0])
        return logits


class WindowTransformer(nn.Module):
    """Channels last throughout, attention inside windows that join the batch's axis, as Swin has it."""

    def __init__(self, width: int = 64, depth: int = 3, window: int = 4) -> None:
        super().__init__()
        self.window = window
        self.patches = nn.Conv2d(3, width, 4, stride=4)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(depth))
        self.attentions = nn.ModuleList(Attention(width, 4) for _ in range(depth))
        self.mixers = nn.ModuleList(nn.Sequential(nn.Linear(width, width), nn.GELU()) for _ in range(depth))
        self.classifier = nn.Linear(width, CLASSES)

    def forward(self, image: Tensor) -> Tensor:
        x = self.patches(image).permute(0, 2, 3, 1)
        for norm, attention, mixer in zip(self.norms, self.attentions, self.mixers, strict=True):
            batch, height, width, channels = x.shape
            w = self.window
            windows = norm(x).view(batch, height // w, w, width // w, w, channels).permute(0, 1, 3, 2, 4, 5)
            mixed = attention(windows.reshape(-1, w * w, channels))
            joined = mixed.view(batch, height // w, width // w, w, w, channels).permute(0, 1, 3, 2, 4, 5)
            x = x + joined.reshape(batch, height, width, channels)
            x = x + mixer(x)
        logits: Tensor = self.classifier(x.mean(dim=(1, 2)))
        return logits


class DenseNetwork(nn.Module):
    """Two blocks in which every layer reads all before it, with a transition between them."""

    def __init__(self, growth: int = 24, layers: int = 3) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 32, 3, stride=2, padding=1)
        self.layers = nn.ModuleList()
        self.transitions = nn.ModuleList()
        channels = 32
        for _ in range(3):
            for _ in range(layers):
                self.layers.append(
                    nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, growth, 3, padding=1))
                )
                channels += growth
            self.transitions.append(
                nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, channels // 2, 1))
            )
            channels //= 2
        self.each, self.classifier = layers, nn.Linear(channels, CLASSES)

    def forward(self, image: Tensor) -> Tensor:
        x = self.stem(image)
        for block, transition in enumerate(self.transitions):
            for layer in self.layers[block * self.each : (block + 1) * self.each]:
                x = torch.cat([x, layer(x)], dim=1)
            x = transition(x)
        logits: Tensor = self.classifier(x.mean(dim=(2, 3)))
        return logits


class Interpolating(nn.Module):
    """Makes its maps larger to a size read from a tensor, as necks do."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 32, 3, stride=4, padding=1), nn.Conv2d(32, 64, 3, padding=1)
        self.third, self.classifier = nn.Conv2d(64, 64, 3, stride=2, padding=1), nn.Linear(64, CLASSES)

    def forward(self, image: Tensor) -> Tensor:
        x = torch.relu(self.first(image))
        x = nn.functional.interpolate(x, size=(image.shape[2] // 2, image.shape[3] // 2), mode="nearest")
        x = torch.relu(self.third(torch.relu(self.second(x))))
        logits: Tensor = self.classifier(x.mean(dim=(2, 3)))
        return logits


def settled(network: nn.Module, seed: int = 0) -> nn.Module:
    """Random statistics in its batch norms, as training leaves them, and eval mode."""
    rng = torch.Generator().manual_seed(seed)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d) and layer.running_mean is not None and layer.running_var is not None:
            layer.running_mean.normal_(0.0, 0.1, generator=rng)
            layer.running_var.uniform_(0.5, 1.5, generator=rng)
    return network.eval()


def exported(network: nn.Module, *, opset: int = 17, dynamic: bool = True, **options: Any) -> onnx.ModelProto:
    """What `torch.onnx.export` makes of it, its batch open or fixed at one."""
    torch.manual_seed(0)
    for parameter in network.parameters():
        if parameter.dim() > 1:
            nn.init.normal_(parameter, std=(2.0 / max(1, parameter[0].numel())) ** 0.5)
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter itself, about its age and about traced constants
        torch.onnx.export(
            settled(network),
            (torch.zeros(1, 3, SIDE, SIDE),),
            file,
            dynamo=False,
            input_names=["x"],
            output_names=["scores"],
            opset_version=opset,
            dynamic_axes={"x": {0: "n"}, "scores": {0: "n"}} if dynamic else None,
            **options,
        )
    return onnx.load_from_string(file.getvalue())
