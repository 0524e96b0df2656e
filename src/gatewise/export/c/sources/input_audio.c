/* Samples become log-mel energies: a periodic Hann window over its norm, the powers of a real transform, triangular filters. */

/* In place: count complex numbers, a power of two, as a transform of twice as many real ones reads its turns. */
static void transform(float* values, uint32_t count) {
    uint32_t place, other = 0, half, start, inner;
    for (place = 1; place < count; ++place) {
        uint32_t bit = count >> 1;
        for (; other & bit; bit >>= 1) other ^= bit;
        other ^= bit;
        if (place < other) {
            const float real = values[2 * place], imaginary = values[2 * place + 1];
            values[2 * place] = values[2 * other];
            values[2 * place + 1] = values[2 * other + 1];
            values[2 * other] = real;
            values[2 * other + 1] = imaginary;
        }
    }
    for (half = 1; half < count; half *= 2) {
        for (start = 0; start < count; start += 2 * half) {
            for (inner = 0; inner < half; ++inner) {
                const float* turn = TURNS + 2 * (inner * (count / half));
                float *low = values + 2 * (start + inner), *high = low + 2 * half;
                const float real = high[0] * turn[0] - high[1] * turn[1], imaginary = high[0] * turn[1] + high[1] * turn[0];
                high[0] = low[0] - real;
                high[1] = low[1] - imaginary;
                low[0] += real;
                low[1] += imaginary;
            }
        }
    }
}

/* The power at frequency k of the real values stands then at place 2 k, for k below half their number. */
static void powers(float* values) {
    const uint32_t count = MODEL_TRANSFORM / 2;
    uint32_t k;
    transform(values, count);
    values[0] = (values[0] + values[1]) * (values[0] + values[1]);
    values[1] = 0.0f;
    for (k = 1; k <= count / 2; ++k) {
        float *low = values + 2 * k, *high = values + 2 * (count - k);
        const float* turn = TURNS + 2 * k;
        const float even_real = 0.5f * (low[0] + high[0]), even_imaginary = 0.5f * (low[1] - high[1]);
        const float odd_real = 0.5f * (low[1] + high[1]), odd_imaginary = 0.5f * (high[0] - low[0]);
        const float real = odd_real * turn[0] - odd_imaginary * turn[1], imaginary = odd_real * turn[1] + odd_imaginary * turn[0];
        const float a = even_real + real, b = even_imaginary + imaginary, c = even_real - real, d = imaginary - even_imaginary;
        low[0] = a * a + b * b;
        high[0] = c * c + d * d;
        if (low == high) low[0] = a * a + b * b;
    }
}

/* One step of the network, of the samples that are in the window. */
static void read_frame(model_state* state) {
    const float* weight = FILTER_WEIGHTS;
    uint32_t place, mel;
    for (place = 0; place < MODEL_TRANSFORM; ++place) {
        state->spectrum[place] = place < MODEL_WINDOW ? state->sound[place] * HANN[place] : 0.0f;
    }
    powers(state->spectrum);
    for (mel = 0; mel < MODEL_INPUTS; ++mel) {
        float sum = 0.0f;
        for (place = 0; place < FILTER_LENGTH[mel]; ++place) sum += *weight++ * state->spectrum[2 * (FILTER_START[mel] + place)];
        state->x[mel] = logarithm(sum > FLOOR ? sum : FLOOR);
    }
    standardise(state->x, state->x);
    if (state->steps < MODEL_MOST_STEPS) advance(state, state->x);
}

static void take(model_state* state, float sample) {
    uint32_t kept = 0;
    if (state->passed) {
        --state->passed;
        return;
    }
    state->sound[state->filled++] = sample;
    if (state->filled < MODEL_WINDOW) return;
    read_frame(state);
    for (; kept + MODEL_HOP < MODEL_WINDOW; ++kept) state->sound[kept] = state->sound[kept + MODEL_HOP];
    state->filled = kept;
    state->passed = MODEL_HOP > MODEL_WINDOW ? MODEL_HOP - MODEL_WINDOW : 0u;
}

void model_reset(model_state* state) {
    begin(state);
    state->filled = 0;
    state->passed = 0;
}

int model_feed(model_state* state, const float* samples, size_t count, float* y) {
    const int ignored = state->steps >= MODEL_MOST_STEPS;
    size_t place;
    for (place = 0; place < count; ++place) {
        if (!(samples[place] < 1e12f && samples[place] > -1e12f)) return MODEL_BAD_VALUE;
    }
    for (place = 0; place < count; ++place) take(state, samples[place]);
    if (!state->steps) return MODEL_NEEDS_MORE;
    if (y) {
        const int code = predict(state, y);
        if (code) return code;
    }
    return ignored ? MODEL_IGNORED : MODEL_OK;
}

int model_step(model_state* state, const float* x, float* y) { return model_feed(state, x, MODEL_HOP, y); }

int model_run(model_state* state, const float* samples, size_t count, float* y) {
    int code;
    model_reset(state);
    if (!count) return MODEL_EMPTY;
    code = model_feed(state, samples, count, NULL);
    if (code < 0) return code;
    /* A sound shorter than a window ends in silence. */
    while (!state->steps) take(state, 0.0f);
    return predict(state, y);
}
