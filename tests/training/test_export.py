"""Weights out of a checkpoint, and files that are none."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from motes.encoders.siam.layout import STREAMING, WHOLE  # noqa: E402
from motes.encoders.siam.weights import read_weights  # noqa: E402
from motes.errors import MotesError, ParameterError  # noqa: E402
from motes.training.checkpoint import save_checkpoint  # noqa: E402
from motes.training.export import export, folded  # noqa: E402
from motes.training.loop import NETWORKS  # noqa: E402


@pytest.mark.parametrize(("model", "layout"), [("whole", WHOLE), ("streaming", STREAMING)])
def test_the_averaged_weights_of_a_checkpoint_are_exported(model, layout, tmp_path):
    network, averaged = NETWORKS[model](), NETWORKS[model]()
    optimiser = torch.optim.AdamW(network.parameters())
    save_checkpoint(tmp_path / "c", network, averaged, optimiser, 1)
    weights = read_weights(export(tmp_path / "c", tmp_path / "models/a.safetensors"))
    assert weights.layout == layout
    for name, array in folded(averaged.state_dict()).items():
        np.testing.assert_array_equal(weights.arrays[name], array)
    with pytest.raises(MotesError):
        export(tmp_path / "c", tmp_path / "models/a.safetensors")  # it is there
    export(tmp_path / "c", tmp_path / "models/a.safetensors", overwrite=True)


def test_what_is_no_checkpoint_is_refused(tmp_path):
    (tmp_path / "text").write_text("no checkpoint")
    np.savez(tmp_path / "others.npz", a=np.zeros(3))
    np.savez(tmp_path / "older.npz", **{"averaged/stem.weight": np.zeros((3, 3, 3, 3))})
    for name in ("none", "text", "others.npz", "older.npz"):
        with pytest.raises(ParameterError):
            export(tmp_path / name, tmp_path / "out")
        assert not (tmp_path / "out").exists()
