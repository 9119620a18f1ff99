from __future__ import annotations

import numpy as np
import pytest
import torch

from codesign.backbones.onnx_work import works_of
from codesign.backbones.slice_onnx import IMAGE, LOGITS
from codesign.predict.accuracy.supernet_genes import designs_of
from codesign.space.preset import load_preset
from codesign.walk.fit_supernet import SupernetNetworks
from codesign.walk.unevaluated import static_work
from runtime.contract.errors import ConfigError
from tests.codesign.walk.conftest import Parts

SPACE = load_preset("tiny").space
NETWORKS = SupernetNetworks(SPACE, (32, 32), 10)


def test_the_work_is_what_the_search_counts_of_the_same_backbone(parts: Parts) -> None:
    data, space = parts.data, parts.preset.space
    networks = SupernetNetworks(space, (data.input.height, data.input.width), len(data.classes))
    genome = (0, 1, 0, 0, 1, 0, 1, 0, 1)
    assert tuple(networks.works(designs_of(space, [genome])[0])) == static_work(parts.evaluator, genome).blocks


def test_the_graph_takes_the_image_and_tells_the_classes_apart() -> None:
    graph = NETWORKS.network(NETWORKS.source.draw(np.random.default_rng(0))).graph
    dims = {value.name: [axis.dim_value for axis in value.type.tensor_type.shape.dim] for value in graph.input}
    assert dims[IMAGE][1:] == [3, 32, 32]
    assert [axis.dim_value for axis in graph.output[0].type.tensor_type.shape.dim][1:] == [10]


def test_pieces_of_work_are_those_of_the_whole_graph() -> None:
    design = NETWORKS.source.draw(np.random.default_rng(1))
    (whole,) = works_of(NETWORKS.network(design), [LOGITS])
    assert sum(work.macs for work in NETWORKS.works(design)) == pytest.approx(whole.macs)


def test_weights_are_the_same_each_time_and_nobody_elses_random_numbers_are_drawn() -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    first, again = (SupernetNetworks(SPACE, (32, 32), 10) for _ in range(2))
    design = first.source.draw(np.random.default_rng(0))
    assert first.network(design).SerializeToString() == again.network(design).SerializeToString()
    assert torch.equal(torch.rand(1), expected)


def test_what_a_search_must_agree_with_differs_where_the_networks_do() -> None:
    one = NETWORKS.provenance()
    assert one["image"] == "32x32"
    assert one != SupernetNetworks(SPACE, (64, 32), 10).provenance()
    assert one != SupernetNetworks(SPACE, (32, 32), 9).provenance()
    other = load_preset("attentivenas").space
    assert one["space_sha256"] != SupernetNetworks(other, (32, 32), 10).provenance()["space_sha256"]
    assert NETWORKS.decisive()["classes"] == 10


def test_a_design_of_another_space_is_refused() -> None:
    design = NETWORKS.source.draw(np.random.default_rng(0))
    with pytest.raises(ConfigError, match=r"a design of space 'tiny' has 13 genes, got shape \(12,\)"):
        NETWORKS.network(design[:-1])
    design[0] = 17
    with pytest.raises(ConfigError, match=r"resolution=17 is not in space 'tiny', which offers \(16, 24, 32\)"):
        NETWORKS.network(design)


@pytest.mark.parametrize(("image", "classes"), [((0, 32), 10), ((32, 32), 0)])
def test_images_without_pixels_and_no_classes_are_refused(image: tuple[int, int], classes: int) -> None:
    with pytest.raises(ConfigError, match="all must be at least 1"):
        SupernetNetworks(SPACE, image, classes)
