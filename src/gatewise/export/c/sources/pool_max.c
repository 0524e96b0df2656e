static void clear_pool(model_state* state) { (void)state; }

static void pool(model_state* state, const float* h) {
    const int first = state->steps == 1;
    int unit;
    for (unit = 0; unit < MODEL_HIDDEN; ++unit) {
        /* What is no number stays: it is to be seen in the end. */
        if (first || !(h[unit] <= state->most[unit])) state->most[unit] = h[unit];
    }
}

static const float* pooled(model_state* state) { return state->most; }
