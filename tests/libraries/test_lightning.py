"""lightning: a module fitted by its trainer."""

from pathlib import Path
from typing import Any

import lightning
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Module(lightning.LightningModule):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.losses: list[float] = []

    def training_step(self, batch: Any, _: Any) -> Any:
        input, target = batch
        loss = nn.functional.cross_entropy(self.model(input), target)
        self.losses.append(loss.item())
        return loss

    def configure_optimizers(self) -> Any:
        return torch.optim.Adam(self.parameters(), 0.02)


@pytest.mark.parametrize("cell", ["GRU", "LSTM", "RNN"])
def test_a_module_is_fitted(beside_stock: Any, classifier: Any, rows: Any, cell: str, tmp_path: Path) -> None:
    def train(change: Any) -> Any:
        module = Module(change(classifier(cell)))
        options = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
        trainer = lightning.Trainer(max_epochs=4, accelerator="cpu", default_root_dir=tmp_path, gradient_clip_val=0.5, **options)
        trainer.fit(module, DataLoader(TensorDataset(*rows), batch_size=16))
        other = Module.load_from_checkpoint(trainer.checkpoint_callback.best_model_path, model=change(classifier(cell)))
        assert all(map(torch.equal, other.state_dict().values(), module.state_dict().values()))
        return module, module.losses

    beside_stock(train)
