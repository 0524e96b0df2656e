"""neuralforecast: its recurrent models fitted to short series, and their forecasts."""

from typing import Any

import neuralforecast.models
import numpy as np
import pandas as pd
import pytest
from neuralforecast import NeuralForecast


def series() -> pd.DataFrame:
    """Three noisy waves of 60 steps."""
    generator, steps = np.random.default_rng(0), np.arange(60)
    waves = [np.sin(steps / (2 + number)) + 0.1 * generator.standard_normal(60) for number in range(3)]
    return pd.DataFrame({"unique_id": np.repeat(["a", "b", "c"], 60), "ds": np.tile(steps, 3), "y": np.concatenate(waves)})


# Its LSTM with recurrent=True projects its states, for which there is no kernel.
@pytest.mark.parametrize(("name", "recurrent"), [("GRU", False), ("GRU", True), ("LSTM", False), ("RNN", False), ("RNN", True)])
def test_forecasts_of_a_fitted_model(beside_stock: Any, name: str, recurrent: str) -> None:
    def train(change: Any) -> Any:
        options = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False, "enable_checkpointing": False}
        model = getattr(neuralforecast.models, name)(
            h=4, input_size=12, encoder_hidden_size=8, decoder_hidden_size=8, max_steps=12, recurrent=recurrent, **options
        )
        forecaster = NeuralForecast(models=[model], freq=1)
        change(forecaster.models[0])
        forecaster.fit(series())
        losses = [loss for _, loss in forecaster.models[0].train_trajectories]
        return forecaster.models[0], [*losses, *forecaster.predict()[name]]

    beside_stock(train, rtol=1e-3, atol=1e-3)
