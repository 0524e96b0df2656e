void model_reset(model_state* state) {
    clear((float*)(void*)state->window, (size_t)MODEL_WINDOW * MODEL_CHANNELS);
    begin(state);
    state->seen = 0;
    state->next = 0;
}

/* Reads the whole window: every value is told as the change from it to the last one. */
static int forecast(model_state* state, float* y) {
    float last[MODEL_CHANNELS];
    const float* newest = state->window[(state->next + MODEL_WINDOW - 1u) % MODEL_WINDOW];
    uint32_t step;
    int channel, target, ahead;
    begin(state);
    standardise(newest, last);
    for (step = 0; step < MODEL_WINDOW; ++step) {
        standardise(state->window[(state->next + step) % MODEL_WINDOW], state->x);
        for (channel = 0; channel < MODEL_CHANNELS; ++channel) state->x[channel] -= last[channel];
        advance(state, state->x);
    }
    say(state, y);
    for (target = 0; target < MODEL_TARGETS; ++target) {
        channel = TARGETS[target];
        add_skip(state, channel, target, last, y);
        for (ahead = 0; ahead < MODEL_HORIZON; ++ahead) {
            float* value = y + ahead * MODEL_TARGETS + target;
            *value = newest[channel] + *value * UNIT[target];
        }
    }
    return all_finite(y, MODEL_OUTPUTS) ? MODEL_OK : MODEL_NOT_FINITE;
}

int model_step(model_state* state, const float* x, float* y) {
    int channel;
    if (!all_finite(x, MODEL_CHANNELS)) return MODEL_BAD_VALUE;
    for (channel = 0; channel < MODEL_CHANNELS; ++channel) state->window[state->next][channel] = x[channel];
    state->next = (state->next + 1u) % MODEL_WINDOW;
    if (state->seen < MODEL_WINDOW) ++state->seen;
    if (state->seen < MODEL_WINDOW) return MODEL_NEEDS_MORE;
    return y ? forecast(state, y) : MODEL_OK;
}

int model_run(model_state* state, const float* x, size_t steps, float* y) {
    size_t step;
    model_reset(state);
    if (!steps) return MODEL_EMPTY;
    if (steps < MODEL_WINDOW) return MODEL_NEEDS_MORE;
    for (step = steps - MODEL_WINDOW; step < steps; ++step) {
        const int code = model_step(state, x + step * MODEL_CHANNELS, NULL);
        if (code < 0) return code;
    }
    return forecast(state, y);
}
