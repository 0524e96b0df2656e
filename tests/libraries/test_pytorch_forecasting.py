"""pytorch-forecasting: its layers are classes of its own over PyTorch's, which `accelerate` leaves. With gatewise's beneath them
its recurrent network trains alike."""

from pathlib import Path
from typing import Any

import lightning
import numpy as np
import pandas as pd
import pytest
from pytorch_forecasting import RecurrentNetwork, TimeSeriesDataSet
from pytorch_forecasting.models.nn import rnn

import gatewise.nn

STOCK = {"GRU": rnn.GRU, "LSTM": rnn.LSTM}


def over_gatewise(name: str) -> type:
    """The library's layer with gatewise's in the place of PyTorch's."""
    own = {key: value for key, value in vars(STOCK[name]).items() if callable(value)}
    return type(name, (rnn.RNN, getattr(gatewise.nn, name)), own)


def data() -> TimeSeriesDataSet:
    generator, steps = np.random.default_rng(0), np.arange(40)
    frame = pd.DataFrame(
        {
            "series": np.repeat(["a", "b", "c", "d"], 40),
            "step": np.tile(steps, 4),
            "value": np.concatenate([np.sin(steps / (2 + n)) + 0.1 * generator.standard_normal(40) for n in range(4)]),
        }
    )
    return TimeSeriesDataSet(
        frame,
        time_idx="step",
        target="value",
        group_ids=["series"],
        min_encoder_length=4,
        max_encoder_length=10,
        max_prediction_length=3,
        time_varying_unknown_reals=["value"],
        add_target_scales=False,
    )


class Losses(lightning.Callback):
    def __init__(self) -> None:
        self.seen: list[float] = []

    def on_train_batch_end(self, trainer: Any, module: Any, outputs: Any, batch: Any, number: Any) -> None:
        self.seen.append(outputs["loss"].item())


@pytest.mark.parametrize("name", STOCK)
def test_a_recurrent_network_is_fitted(beside_stock: Any, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    training = data()

    def train(kind: Any) -> Any:
        monkeypatch.setattr(rnn, name, kind)  # where the network looks its layer up
        model = RecurrentNetwork.from_dataset(training, cell_type=name, hidden_size=8, learning_rate=0.02)
        losses = Losses()
        options = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False, "enable_checkpointing": False}
        trainer = lightning.Trainer(
            max_epochs=2, accelerator="cpu", callbacks=[losses], gradient_clip_val=0.5, default_root_dir=tmp_path, **options
        )
        trainer.fit(model, training.to_dataloader(train=True, batch_size=16, num_workers=0))
        return model, losses.seen

    beside_stock(train, STOCK[name], over_gatewise(name))


@pytest.mark.parametrize("name", STOCK)
def test_its_own_layers_are_left_with_the_reason(name: str) -> None:
    report = gatewise.nn.accelerate(RecurrentNetwork.from_dataset(data(), cell_type=name, hidden_size=8))
    assert not report.replaced
    assert [where for where, _ in report.left] == ["rnn"]
    assert "whose forward may differ from torch.nn's" in report.left[0][1]
