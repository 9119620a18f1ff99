from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codesign.space.chain_layers import layers_of
from codesign.space.chain_sampling import ChainSampler
from codesign.walk.fit_networks import ChainNetworks, fit_networks, is_supernet
from codesign.walk.fit_supernet import SupernetNetworks
from runtime.contract.errors import ConfigError
from tests.codesign.chains import SPACES, small_space
from tests.codesign.small_run import write_space

from .fits import SPACE_FILE

IMAGE, CLASSES = (32, 32), 10
SPACE = small_space()


def test_genes_know_units_features_and_every_value() -> None:
    genes = ChainNetworks(SPACE).genes
    assert genes.names == SPACE.gene_names
    assert genes.values == SPACE.gene_values
    assert genes.blocks_of(1) == {"kernel": (3, 4, 5), "expand": (9, 10, 11)}
    assert genes.depth_of(1) == 13


def test_every_design_is_canonical_as_it_is() -> None:
    for space in SPACES:
        designs = np.stack([ChainSampler(space).draw(np.random.default_rng(seed)) for seed in range(20)])
        assert (ChainNetworks(space).genes.canonical(designs) == designs).all()


def test_a_chain_has_a_piece_of_work_for_each_layer_and_a_graph_of_its_input() -> None:
    networks = ChainNetworks(SPACE)
    design = networks.source.draw(np.random.default_rng(0))
    assert len(networks.works(design)) == len(layers_of(SPACE, design))
    shape = networks.network(design).graph.input[0].type.tensor_type.shape
    assert [axis.dim_value for axis in shape.dim][-2:] == [networks.input.height, networks.input.width]


def test_a_name_or_a_file_leads_to_the_space_of_its_kind(tmp_path: Path) -> None:
    chain = tmp_path / "chain.toml"
    chain.write_text(SPACE_FILE, encoding="utf-8")
    supernet = str(write_space(tmp_path / "supernet.toml"))
    assert isinstance(fit_networks("resnet", IMAGE, CLASSES), ChainNetworks)
    assert isinstance(fit_networks(str(chain), IMAGE, CLASSES), ChainNetworks)
    assert isinstance(fit_networks("tiny", IMAGE, CLASSES), SupernetNetworks)
    assert isinstance(fit_networks(supernet, IMAGE, CLASSES), SupernetNetworks)
    assert [is_supernet(each) for each in ("tiny", supernet, "resnet", str(chain), "gone.toml")] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_an_unknown_name_lists_spaces_of_both_kinds() -> None:
    with pytest.raises(ConfigError, match=r"unknown space 'huge'(.|\n)*resnet(.|\n)*tiny"):
        fit_networks("huge", IMAGE, CLASSES)
