static void clear_pool(model_state* state) { clear(state->sum, MODEL_HIDDEN); }

/* The last state, the mean and the maximum of all. */
static void pool(model_state* state, const float* h) {
    const int first = state->steps == 1;
    int unit;
    for (unit = 0; unit < MODEL_HIDDEN; ++unit) {
        state->sum[unit] += h[unit];
        /* What is no number stays: it is to be seen in the end. */
        if (first || !(h[unit] <= state->most[unit])) state->most[unit] = h[unit];
    }
}

static const float* pooled(model_state* state) {
    const float count = (float)state->steps;
    int unit;
    for (unit = 0; unit < MODEL_HIDDEN; ++unit) {
        state->read[unit] = state->h[MODEL_LAYERS - 1][unit];
        state->read[MODEL_HIDDEN + unit] = state->sum[unit] / count;
        state->read[2 * MODEL_HIDDEN + unit] = state->most[unit];
    }
    return state->read;
}
