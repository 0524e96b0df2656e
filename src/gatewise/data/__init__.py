"""From whatever a user points at to numbers a network reads: source -> Dataset -> Split and Encoded.

sources                         open_source: files, built-ins and tables become a Dataset
delimited, json_lines, arrow    one kind of table each, as columns
columns, cells, tables          which column is what, and the rows themselves
npz, ts_format                  time series
builtin, generators             data without a download
assemble, targets, repeats      the last checks before a Dataset exists
profile                         what a data set looks like
splits                          repeated stratified folds that keep repeats on one side
tokens, prepared                tokenised and measured once for all splits
text, series, encoders          what is fitted on the training part: Prepared -> Encoded
batches                         Encoded -> padded batches
"""
