"""What a trained cell does: its gates on one sequence and over a data set, its memory, and the steps a prediction hangs on.

trace        a layer's gates at every step
units        the same over many sequences, unit by unit: time constants, saturation, units that never move
targets      the number a prediction is explained by
occlusion, gradients    which steps that number hangs on
reading      INPUT -> sequences
effort       how much work an answer is worth
api          all of it, as an `Inspected`
"""
