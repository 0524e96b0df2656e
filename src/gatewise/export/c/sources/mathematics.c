/* Elementary functions within a few units in the last place: no library is needed, and every machine gives the same answers. */

#ifdef __FAST_MATH__
#error "compile without -ffast-math: what is not finite has to be seen, and sums have to be taken as they are written"
#endif

union bits {
    float number;
    uint32_t word;
};

static int is_finite(float x) { return x >= -3.402823466e38f && x <= 3.402823466e38f; }

/* exp(x) = scale + scale * rest, for x from -87 to 88; of NaN the rest is NaN. */
static float exponential_parts(float x, float* scale) {
    const float whole_numbers = 12582912.0f; /* 1.5 * 2^23: a float of this size has no fraction */
    union bits shifted, power;
    float whole, r;
    shifted.number = x * 1.44269504f + whole_numbers;
    whole = shifted.number - whole_numbers;
    power.word = (shifted.word + 127u) << 23;
    *scale = power.number;
    r = (x - whole * 0.693359375f) + whole * 2.12194440e-4f;
    return r + r * r * (0.5f + r * (0.166665158f + r * (0.0416662625f + r * (0.00836917788f + r * 0.00139464886f))));
}

static float exponential(float x) {
    float scale, rest;
    x = x > 88.0f ? 88.0f : x;
    x = x < -87.0f ? -87.0f : x;
    rest = exponential_parts(x, &scale);
    return scale + scale * rest;
}

static float logistic(float x) { return 1.0f / (1.0f + exponential(-x)); }
