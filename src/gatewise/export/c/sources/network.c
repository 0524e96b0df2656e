static void begin(model_state* state) {
    clear((float*)(void*)state->h, (size_t)MODEL_LAYERS * MODEL_HIDDEN);
    clear_cells(state);
    clear_pool(state);
    state->steps = 0;
}

/* Read one vector. */
static void advance(model_state* state, const float* x) {
    int layer;
    for (layer = 0; layer < MODEL_LAYERS; ++layer) {
        step_of(&LAYERS[layer], x, state->h[layer], cells_of(state, layer), state->sums);
        x = state->h[layer];
    }
    ++state->steps;
    pool(state, x);
}

/* What the network says of all that was read since the last reset, before it is made a prediction. */
static void say(model_state* state, float* y) {
    const float* read = pooled(state);
    int output;
    for (output = 0; output < MODEL_OUTPUTS; ++output) y[output] = HEAD_BIAS[output];
    add_product(&HEAD, read, y);
}

static int all_finite(const float* values, size_t count) {
    size_t place;
    for (place = 0; place < count; ++place) {
        if (!is_finite(values[place])) return 0;
    }
    return 1;
}
