"""Times in any spelling: which format, which order of day and month, whole steps on an axis, the times that follow."""
