"""What a person sees of a run: the HTML page, the verdict in the terminal and the live view of progress."""
