static void clear_pool(model_state* state) { clear(state->sum, MODEL_HIDDEN); }

static void pool(model_state* state, const float* h) {
    int unit;
    for (unit = 0; unit < MODEL_HIDDEN; ++unit) state->sum[unit] += h[unit];
}

static const float* pooled(model_state* state) {
    const float count = (float)state->steps;
    int unit;
    for (unit = 0; unit < MODEL_HIDDEN; ++unit) state->read[unit] = state->sum[unit] / count;
    return state->read;
}
