/* h = tanh(sum) */
static void step_of(const struct layer* layer, const float* x, float* h, float* c, float* sums) {
    int unit;
    (void)c;
    for (unit = 0; unit < MODEL_HIDDEN; ++unit) sums[unit] = layer->bias[unit];
    add_product(&layer->from_input, x, sums);
    add_product(&layer->from_state, h, sums);
    for (unit = 0; unit < MODEL_HIDDEN; ++unit) h[unit] = hyperbolic_tangent(sums[unit]);
}
