static void read_token(model_state* state, int32_t token) {
    const int8_t* row = EMBEDDING + (size_t)token * MODEL_INPUTS;
    int place;
    for (place = 0; place < MODEL_INPUTS; ++place) state->x[place] = EMBEDDING_SCALE[token] * (float)row[place];
    advance(state, state->x);
}
