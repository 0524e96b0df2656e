/* f, i = logistic(f), logistic(i), h = (f * h + i * positive(candidate)) / (f + i) */
static void step_of(const struct layer* layer, const float* x, float* h, float* c, float* sums) {
    int unit;
    (void)c;
    for (unit = 0; unit < 3 * MODEL_HIDDEN; ++unit) sums[unit] = layer->bias[unit];
    add_product(&layer->from_input, x, sums);
    for (unit = 0; unit < MODEL_HIDDEN; ++unit) {
        const float f = logistic(sums[unit]), i = logistic(sums[MODEL_HIDDEN + unit]);
        h[unit] = (f * h[unit] + i * positive(sums[2 * MODEL_HIDDEN + unit])) / (f + i);
    }
}
