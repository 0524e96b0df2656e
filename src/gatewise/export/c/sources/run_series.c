int model_run(model_state* state, const float* x, size_t steps, float* y) {
    size_t step;
    model_reset(state);
    if (!steps) return MODEL_EMPTY;
    for (step = 0; step < steps && state->steps < MODEL_MOST_STEPS; ++step) {
        const int code = model_step(state, x + step * MODEL_CHANNELS, NULL);
        if (code) return code;
    }
    return predict(state, y);
}
