"""What paired measurements show: arrays in, posteriors and records out. numpy and scipy only."""
