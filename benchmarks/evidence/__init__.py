"""The studies that the advice rests on: designed, run, and added to the base."""
