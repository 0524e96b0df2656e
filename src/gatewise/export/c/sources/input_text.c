static void start_reader(struct reader* reader, model_state* state) {
    reader->state = state;
    reader->ids = NULL;
    reader->room = reader->count = reader->size = 0;
    reader->kind = NOTHING;
    reader->inner = reader->starter = 0;
    reader->too_long = reader->sigma = reader->marked = 0;
}

void model_reset(model_state* state) { begin(state); }

int model_step(model_state* state, int32_t token, float* y) {
    const int ignored = state->steps >= MODEL_MOST_STEPS;
    if (token < 0 || token >= MODEL_TOKENS) return MODEL_BAD_VALUE;
    if (!ignored) read_token(state, token);
    if (y) {
        const int code = predict(state, y);
        if (code) return code;
    }
    return ignored ? MODEL_IGNORED : MODEL_OK;
}

int model_run(model_state* state, const char* text, size_t size, float* y) {
    struct reader reader;
    int code;
    start_reader(&reader, state);
    model_reset(state);
    code = read_text(&reader, (const unsigned char*)text, size);
    if (code) return code;
    /* A text without tokens is one that is not known. */
    if (!state->steps) read_token(state, 1);
    return predict(state, y);
}

int model_tokens(const char* text, size_t size, int32_t* ids, size_t room, size_t* count) {
    struct reader reader;
    int code;
    start_reader(&reader, NULL);
    reader.ids = ids;
    reader.room = room;
    code = read_text(&reader, (const unsigned char*)text, size);
    *count = reader.count;
    return code;
}
