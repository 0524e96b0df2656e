void model_reset(model_state* state) { begin(state); }

int model_step(model_state* state, const float* x, float* y) {
    int ignored = state->steps >= MODEL_MOST_STEPS;
    if (!all_finite(x, MODEL_CHANNELS)) return MODEL_BAD_VALUE;
    if (!ignored) {
        standardise(x, state->x);
        advance(state, state->x);
    }
    if (y) {
        const int code = predict(state, y);
        if (code) return code;
    }
    return ignored ? MODEL_IGNORED : MODEL_OK;
}
