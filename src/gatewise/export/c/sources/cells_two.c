static void clear(float* values, size_t count) {
    size_t place;
    for (place = 0; place < count; ++place) values[place] = 0.0f;
}

static void clear_cells(model_state* state) { clear((float*)(void*)state->c, (size_t)MODEL_LAYERS * MODEL_HIDDEN); }

static float* cells_of(model_state* state, int layer) { return state->c[layer]; }
