/* The linear part of a forecast, from a channel's window to its horizon. */
static void add_skip(model_state* state, int channel, int target, const float* last, float* y) {
    uint32_t step;
    int ahead;
    for (step = 0; step < MODEL_WINDOW; ++step) {
        const float value = state->window[(state->next + step) % MODEL_WINDOW][channel];
        state->line[step] = ((value - MEAN[channel]) - MEAN_REST[channel]) * PER_SCALE[channel] - last[channel];
    }
    for (ahead = 0; ahead < MODEL_HORIZON; ++ahead) state->ahead[ahead] = SKIP_BIAS[ahead];
    add_product(&SKIP, state->line, state->ahead);
    for (ahead = 0; ahead < MODEL_HORIZON; ++ahead) y[ahead * MODEL_TARGETS + target] += state->ahead[ahead];
}
