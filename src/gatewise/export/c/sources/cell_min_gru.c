/* z = logistic(z), h = (1 - z) * h + z * positive(candidate) */
static void step_of(const struct layer* layer, const float* x, float* h, float* c, float* sums) {
    int unit;
    (void)c;
    for (unit = 0; unit < 2 * MODEL_HIDDEN; ++unit) sums[unit] = layer->bias[unit];
    add_product(&layer->from_input, x, sums);
    for (unit = 0; unit < MODEL_HIDDEN; ++unit) {
        const float z = logistic(sums[unit]);
        h[unit] = (1.0f - z) * h[unit] + z * positive(sums[MODEL_HIDDEN + unit]);
    }
}
