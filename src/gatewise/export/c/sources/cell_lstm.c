/* c = logistic(f) * c + logistic(i) * tanh(g), h = logistic(o) * tanh(c) */
static void step_of(const struct layer* layer, const float* x, float* h, float* c, float* sums) {
    const float *i = sums, *f = sums + MODEL_HIDDEN, *g = sums + 2 * MODEL_HIDDEN, *o = sums + 3 * MODEL_HIDDEN;
    int unit;
    for (unit = 0; unit < 4 * MODEL_HIDDEN; ++unit) sums[unit] = layer->bias[unit];
    add_product(&layer->from_input, x, sums);
    add_product(&layer->from_state, h, sums);
    for (unit = 0; unit < MODEL_HIDDEN; ++unit) {
        c[unit] = logistic(f[unit]) * c[unit] + logistic(i[unit]) * hyperbolic_tangent(g[unit]);
        h[unit] = logistic(o[unit]) * hyperbolic_tangent(c[unit]);
    }
}
