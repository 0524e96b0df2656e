"""skorch: a classifier fitted by its training loop."""

from typing import Any

import pytest
from skorch import NeuralNetClassifier
from torch import nn, optim


@pytest.mark.parametrize("cell", ["GRU", "LSTM", "RNN"])
def test_a_classifier_is_fitted(beside_stock: Any, classifier: Any, rows: Any, cell: str) -> None:
    input, target = rows

    def train(change: Any) -> Any:
        model = change(classifier(cell))
        net = NeuralNetClassifier(
            model, criterion=nn.CrossEntropyLoss, optimizer=optim.Adam, lr=0.02, max_epochs=6, batch_size=16, verbose=0
        )
        net.fit(input.numpy(), target.numpy())
        history = net.history[:, ("train_loss", "valid_loss")]
        # skorch takes a module that is built already as it is.
        return net.module_, [loss for epoch in history for loss in epoch] + net.predict_proba(input.numpy()).ravel().tolist()

    beside_stock(train, rtol=1e-3, atol=1e-4)
