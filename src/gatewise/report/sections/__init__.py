"""The sections of the page, each a function from the evidence and the verdict to a `Section`."""
