"""From whatever a user points at to numbers a network reads: source -> Dataset -> Split and Encoded.

sources, reading                open_source: whatever a user has becomes a Dataset; the options it takes
paths                           what a source's name says before anything is read
files, text_files, excel, hub   where tables come from
remote                          files at an address, for as long as they are read
inputs                          what is read for prediction, and what it is called
time_spacing                    the times that follow a time
delimited, json_lines, arrow    one kind of table each, as columns
cells, arrow_cells,             one cell; the cells of a column; a whole column as numbers or codes
column_values
columns, tables, table_rows     which column is what, and the rows themselves
long_tables                     tables with a row a step
npz, ts_format, arrays,         series with their labels, in files and in memory
layouts, array_values, labelled
audio, audio_*                  sound files as log-mel energies, and where these are kept between runs
builtin, synthetic              data without a download
rows, parts                     what is known of each row before the last checks
assemble, targets, repeats,     the last checks before a Dataset exists
next_step, next_step_rows
profile                         what a data set looks like
forecast, forecast_*, windows   tables of steps become windows and what follows them
time_stamps, time_axis          times of any spelling as whole steps
splits, time_splits             repeated stratified folds that keep repeats on one side; rolling origins
tokens, prepared                tokenised and measured once for all splits
text, series, target_scale      what is fitted on the training part: Prepared -> Encoded
encoders                        the same, whatever the data are
batches                         Encoded -> padded batches
"""
