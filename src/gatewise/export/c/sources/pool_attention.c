static void clear_pool(model_state* state) {
    clear(state->sum, MODEL_HIDDEN);
    state->score = 0.0f;
    state->shares = 0.0f;
}

/* The states' mean, weighted by exp(query . tanh(key h + bias)). The largest score so far is taken out of all exponents. */
static void pool(model_state* state, const float* h) {
    float score = 0.0f, kept = 1.0f, share = 1.0f;
    int unit;
    for (unit = 0; unit < MODEL_HIDDEN; ++unit) state->sums[unit] = KEY_BIAS[unit];
    add_product(&KEY, h, state->sums);
    for (unit = 0; unit < MODEL_HIDDEN; ++unit) score += QUERY[unit] * hyperbolic_tangent(state->sums[unit]);
    if (state->steps == 1) {
        kept = 0.0f;
        state->score = score;
    } else if (score > state->score) {
        kept = exponential(state->score - score);
        state->score = score;
    } else {
        share = exponential(score - state->score);
    }
    state->shares = kept * state->shares + share;
    for (unit = 0; unit < MODEL_HIDDEN; ++unit) state->sum[unit] = kept * state->sum[unit] + share * h[unit];
}

static const float* pooled(model_state* state) {
    int unit;
    for (unit = 0; unit < MODEL_HIDDEN; ++unit) state->read[unit] = state->sum[unit] / state->shares;
    return state->read;
}
