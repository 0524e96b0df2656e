"""What PyTorch's transforms make of every layer and cell, in every form of input: right, or refused in one sentence."""
