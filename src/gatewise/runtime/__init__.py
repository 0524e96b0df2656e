"""What runs a trained model, without torch: batches, the network on arrays, what it says as predictions, and scores."""
