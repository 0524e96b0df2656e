"""Files, arrays and addresses: what each format holds, as columns or as labelled series."""
