"""From whatever a user points at to numbers a network reads: source -> Dataset -> Split and Encoded.

Imports go down only, from room to room:

sources     open_source: whatever a user has becomes a Dataset
formats     what each format holds, files, arrays and addresses alike; builtin: data without a download
tables      tables of every shape: a row a sequence, a row a step
forecast    tables of steps become windows and what follows them
columns     which columns there are; encoding: what is fitted on the training part; audio: sounds as log-mel energies
dataset     what every source becomes, and the last checks; dates: times in any spelling
values      one value, and a whole column of them
"""
