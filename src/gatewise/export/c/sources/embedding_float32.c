static void read_token(model_state* state, int32_t token) { advance(state, EMBEDDING + (size_t)token * MODEL_INPUTS); }
