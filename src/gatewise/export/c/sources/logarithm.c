/* For x that is a normal float above 0. */
static float logarithm(float x) {
    union bits parts;
    float exponent, f, square;
    parts.number = x;
    /* The mantissa is taken from sqrt(1/2) to sqrt(2). */
    exponent = (float)((int32_t)((parts.word + 0x4afb0du) >> 23) - 127);
    parts.word -= (((parts.word + 0x4afb0du) >> 23) - 127u) << 23;
    f = (parts.number - 1.0f) / (parts.number + 1.0f);
    square = f * f;
    f = 2.0f * f + 2.0f * f * square * (0.333333333f + square * (0.2f + square * (0.142857143f + square * 0.111111111f)));
    return exponent * 0.693359375f + (f - exponent * 2.12194440e-4f);
}
