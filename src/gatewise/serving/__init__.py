"""A model behind HTTP and WebSocket: whoever asks too much is told so, and costs the others nothing."""
