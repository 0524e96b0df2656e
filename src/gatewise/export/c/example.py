"""example_NAME.c: a program to begin with."""

from __future__ import annotations

from gatewise.export.c.design import Design
from gatewise.export.c.source import named

__all__ = ["example_of"]

_SHOW = """static void show(const float *y) {
    int output;
    for (output = 0; output < MODEL_OUTPUTS; ++output) printf("%s%.6g", output ? " " : "", (double)y[output]);
    printf("\\n");
}"""

_SHOW_CLASSES = """static void show(const float *y) {
    int output, best = 0;
    for (output = 1; output < MODEL_OUTPUTS; ++output) best = y[output] > y[best] ? output : best;
    printf("%s %.3f\\n", model_classes[best], (double)y[best]);
}"""

_STEPS = """
/* Reads steps of MODEL_CHANNELS numbers from standard input and says what the model says after each. In firmware, on_step is
   what a timer or a sensor's interrupt leads to. */
static model_state state;

static void on_step(const float *x) {
    float y[MODEL_OUTPUTS];
    const int code = model_step(&state, x, y);
    if (code == MODEL_OK) {
        show(y);
    } else if (code < 0) {
        printf("error %d\\n", code);
        model_reset(&state);
    }
}

int main(void) {
    float x[MODEL_CHANNELS];
    int channel = 0;
    model_reset(&state);
    while (scanf("%f", &x[channel]) == 1) {
        if (++channel == MODEL_CHANNELS) {
            on_step(x);
            channel = 0;
        }
    }
    return 0;
}"""

_AUDIO = """
/* Reads raw 16-bit samples at MODEL_RATE Hz from standard input and says what the model says after every tenth of a second.
   In firmware, on_samples is what a full buffer of the microphone leads to. */
static model_state state;

static void on_samples(const int16_t *samples, size_t count) {
    float scaled[MODEL_RATE / 10], y[MODEL_OUTPUTS];
    size_t place;
    int code;
    for (place = 0; place < count; ++place) scaled[place] = (float)samples[place] / 32768.0f;
    code = model_feed(&state, scaled, count, y);
    if (code == MODEL_OK) {
        show(y);
    } else if (code < 0) {
        printf("error %d\\n", code);
        model_reset(&state);
    }
}

int main(void) {
    static int16_t samples[MODEL_RATE / 10];
    size_t count;
    model_reset(&state);
    while ((count = fread(samples, sizeof *samples, MODEL_RATE / 10, stdin)) > 0) on_samples(samples, count);
    return 0;
}"""

_TEXT = """
/* Reads texts from standard input, one a line, and says what the model says of each. */
static model_state state;

int main(void) {
    static char line[65536];
    float y[MODEL_OUTPUTS];
    while (fgets(line, sizeof line, stdin)) {
        const int code = model_run(&state, line, strlen(line), y);
        if (code == MODEL_OK) {
            show(y);
        } else {
            printf("error %d\\n", code);
        }
    }
    return 0;
}"""


def example_of(design: Design) -> str:
    """The text of the example; on a computer: cc -std=c99 NAME.c example_NAME.c."""
    show = _SHOW_CLASSES if design.predicts == "classes" else _SHOW
    body = {"text": _TEXT, "audio": _AUDIO}.get(design.reads, _STEPS)
    includes = "#include <stdio.h>\n" + ("#include <string.h>\n" if design.reads == "text" else "")
    begin = f"/* cc -std=c99 -O2 {design.name}.c example_{design.name}.c */\n{includes}"
    return named("\n\n".join([begin + f'\n#include "{design.name}.h"', show, body.strip()]) + "\n", design.name)
