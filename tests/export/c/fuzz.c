/* Calls a model with whatever comes to mind, in buffers of exact size, under the sanitizers. TEXT, AUDIO or neither is defined. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tested.h"

static uint32_t seed;

static uint32_t draw(uint32_t below) {
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed % below;
}

static void check(int code, const float* y, size_t count) {
    size_t place;
    if (code < TESTED_BAD_TEXT || code > TESTED_IGNORED) abort();
    for (place = 0; code == TESTED_OK && place < count; ++place) {
        if (!isfinite(y[place])) abort();
    }
}

#ifdef TEXT
static void once(tested_state* state) {
    static const char* const pieces[] = {
        "good", "Don't",    " ", "\xe2\x80\x99", "\xcc\x81",     "\xf0\x9f\x91\x8d",        "\xe1\x84\x92", "\xe1\x85\xa1",
        "\xff", "\xce\xa3", "'", "\xe2\x80\x8d", "\xef\xb7\xba", "\xe0\xb8\xa7\xe0\xb8\xb1"};
    const size_t room = draw(400);
    char* text = malloc(room + 1);
    float* y = malloc(TESTED_OUTPUTS * sizeof *y);
    size_t size = 0, count;
    int32_t ids[3];
    while (size < room) {
        const char* piece = pieces[draw(sizeof pieces / sizeof *pieces)];
        const size_t length = strlen(piece);
        if (!draw(40)) {
            text[size++] = (char)draw(256);
        } else if (size + length <= room) {
            memcpy(text + size, piece, length);
            size += length;
        } else {
            break;
        }
    }
    text = realloc(text, size ? size : 1);
    check(tested_run(state, text, size, y), y, TESTED_OUTPUTS);
    check(tested_tokens(text, size, ids, draw(4), &count), y, 0);
    check(tested_step(state, (int32_t)draw(TESTED_TOKENS + 9) - 4, draw(2) ? y : NULL), y, 0);
    free(text);
    free(y);
}
#else
static float any_number(void) {
    static const float odd[] = {0.0f, -0.0f, 1e-42f, 3.4e38f, -3.4e38f, 1e30f, 1e12f, NAN, INFINITY, -INFINITY};
    const uint32_t kind = draw(300);
    if (kind < sizeof odd / sizeof *odd) return odd[kind];
    return (float)draw(2000) / 1000.0f - 1.0f;
}

#ifdef AUDIO
#define WIDTH 1
#else
#define WIDTH TESTED_CHANNELS
#endif

static void once(tested_state* state) {
    const size_t steps = draw(90), each = STEPWISE && steps ? steps * TESTED_OUTPUTS : TESTED_OUTPUTS, count = steps * WIDTH;
    float *x = malloc((count ? count : 1) * sizeof *x), *y = malloc(each * sizeof *y);
    size_t place;
    for (place = 0; place < count; ++place) x[place] = any_number();
    check(tested_run(state, x, steps, y), y, each);
#ifdef AUDIO
    check(tested_feed(state, x, steps, draw(2) ? y : NULL), y, 0);
#else
    for (place = 0; place < steps; ++place) check(tested_step(state, x + place * WIDTH, draw(2) ? y : NULL), y, 0);
#endif
    free(x);
    free(y);
}
#endif

int main(int count, char** arguments) {
    static tested_state state;
    long rounds = count > 1 ? atol(arguments[1]) : 1000;
    seed = 2463534242u;
    tested_reset(&state);
    while (rounds--) once(&state);
    puts("done");
    return 0;
}
