"""NAME.h: what a caller sees, and what the model takes."""

from __future__ import annotations

from gatewise.cells import CELLS
from gatewise.export.c.design import Design
from gatewise.export.c.source import Source, named
from gatewise.export.c.state import members, state_bytes

__all__ = ["header_of"]

_CODES = """/* What the functions return. Below zero nothing was predicted. */
enum {
    MODEL_OK = 0,
    MODEL_NEEDS_MORE = 1,  /* nothing can be said yet: more steps are needed */
    MODEL_IGNORED = 2,     /* the step was not read: the model reads the first MODEL_MOST_STEPS */
    MODEL_BAD_VALUE = -1,  /* a value that came is not finite or out of range; it was not read */
    MODEL_NOT_FINITE = -2, /* what came is too far from what the model learned from; reset before the next step */
    MODEL_EMPTY = -3,      /* there are no steps */
    MODEL_BAD_TEXT = -4    /* the text is no UTF-8; it was not read */
};"""

_FUNCTIONS = {
    "series": """/* Forget all steps. To be called before the first. */
void model_reset(model_state *state);

/* Read one step, x[MODEL_CHANNELS] in the units of the data; y[MODEL_OUTPUTS] is {said} after the steps so far.
   y may be NULL: that saves time where nothing is asked. */
int model_step(model_state *state, const float *x, float *y);

/* Forget all steps and read a whole sequence, x[steps][MODEL_CHANNELS]; {whole}. */
int model_run(model_state *state, const float *x, size_t steps, float *y);""",
    "windows": """/* Forget all steps. To be called before the first. */
void model_reset(model_state *state);

/* Take one step, x[MODEL_CHANNELS] in the units of the data. y[MODEL_HORIZON][MODEL_TARGETS] is the forecast from the last
   MODEL_WINDOW steps, which are read anew for every forecast; y may be NULL: then a step takes next to no time. */
int model_step(model_state *state, const float *x, float *y);

/* Forget all steps and forecast from the last ones of x[steps][MODEL_CHANNELS]. */
int model_run(model_state *state, const float *x, size_t steps, float *y);""",
    "audio": """/* Forget all samples. To be called before the first. */
void model_reset(model_state *state);

/* Read any number of samples, from -1 to 1, at MODEL_RATE Hz; a step of the network follows every MODEL_HOP samples.
   y[MODEL_OUTPUTS] is {said} after the steps so far; it may be NULL. */
int model_feed(model_state *state, const float *samples, size_t count, float *y);

/* The same of MODEL_HOP samples. */
int model_step(model_state *state, const float *x, float *y);

/* Forget all samples and read a whole sound. */
int model_run(model_state *state, const float *samples, size_t count, float *y);""",
    "text": """/* Forget all tokens. To be called before the first. */
void model_reset(model_state *state);

/* Read one token, by its number; y[MODEL_OUTPUTS] is {said} after the tokens so far; it may be NULL. */
int model_step(model_state *state, int32_t token, float *y);

/* Forget all tokens and read a whole text, UTF-8 of size bytes; y[MODEL_OUTPUTS] is {said}. */
int model_run(model_state *state, const char *text, size_t size, float *y);

/* The numbers of a text's tokens: the first ones go to ids[room], and their number to count. */
int model_tokens(const char *text, size_t size, int32_t *ids, size_t room, size_t *count);""",
}

_SAID = {
    "classes": "the probability of every class",
    "numbers": "the number, in the units of the data,",
    "steps": "the probability of every channel at the next step",
}

_TEXT_NOTE = """
   Texts are read as in training: NFKC, lower case, the same tokens. The tables hold what the vocabulary's letters need of
   Unicode {version}; a text gives the same numbers of tokens, but for a Greek capital sigma before an apostrophe or a mark, a run
   of more than 18 marks, and capital letters with a mark that only their small letter is composed with (such as J and a caron).
"""


def header_of(design: Design, source: Source, build: str) -> str:
    """The text of NAME.h. build: a mark that NAME.c holds too."""
    built, name = design.architecture, design.name
    ram = state_bytes(design, source.sizes)
    weights = "8-bit weights" if design.int8 else "32-bit floats"
    stack = f", and {source.stack:,} bytes of one array on the stack" if source.stack else ""
    note = _text_note() if design.reads == "text" else ""
    sizes: dict[str, int | str] = {
        **source.sizes,
        "MOST_STEPS": f"{design.most_steps}u",
        "RAM_BYTES": ram,
        "FLASH_BYTES": source.flash,
    }
    # Internal widths are the source's own business, but it has one place for all sizes.
    defines = "\n".join(f"#define MODEL_{key} {_sized(key, value)}" for key, value in sizes.items())
    struct = "\n".join(f"    {member.declaration}" for member in members(design, source.sizes))
    kind = "classes" if design.predicts == "classes" else "outputs"
    count = len(design.model.class_names) if kind == "classes" else len(design.model.outputs or design.model.channels)
    whole = (
        "y[steps][MODEL_OUTPUTS] is said after each"
        if design.predicts == "steps"
        else f"y[MODEL_OUTPUTS] is {_SAID[design.predicts].rstrip(',')} after the last"
    )
    functions = _FUNCTIONS[design.reads].replace("{said}", _SAID[design.predicts]).replace("{whole}", whole)
    layers = f"{built.layers} layer{'s' * (built.layers > 1)} of {built.hidden_size} units"
    text = f"""/* {name}: a {CELLS[built.cell].title} of {layers}, in {weights}. Written by gatewise.

   Constants take {source.flash:,} bytes of flash (code not counted), a state {ram:,} bytes of RAM{stack}.
   Nothing is allocated and no library is called. Functions keep nothing but what is in the state they are given, so threads with
   states of their own do not meet. Compile with -O2 and without -ffast-math.
{note}*/
#ifndef MODEL_H
#define MODEL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {{
#endif

#define MODEL_BUILD 0x{build}
{defines}

{_CODES}

/* All that changes. */
typedef struct model_state {{
{struct}
}} model_state;

/* What the numbers in y are called, in UTF-8. */
extern const char *const model_{kind}[{count}];

{functions}

#ifdef __cplusplus
}}
#endif

#endif
"""
    return named(text, name)


def _sized(key: str, value: int | str) -> str:
    # Places in rings and buffers are unsigned.
    return f"{value}u" if key in ("WINDOW", "HOP", "TRANSFORM", "SLOTS", "LONGEST") else str(value)


def _text_note() -> str:
    import unicodedata

    return _TEXT_NOTE.replace("{version}", unicodedata.unidata_version)
