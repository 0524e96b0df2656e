/* r = logistic(r_x + r_h), z = logistic(z_x + z_h), n = tanh(n_x + r * n_h), h = n + z * (h - n). The sums are n_x, r, z and n_h:
   r and z have both sides in one place. */
static void step_of(const struct layer* layer, const float* x, float* h, float* c, float* sums) {
    const float *n_x = sums, *r = sums + MODEL_HIDDEN, *z = sums + 2 * MODEL_HIDDEN, *n_h = sums + 3 * MODEL_HIDDEN;
    int unit;
    (void)c;
    for (unit = 0; unit < 4 * MODEL_HIDDEN; ++unit) sums[unit] = layer->bias[unit];
    add_product(&layer->from_input, x, sums);
    add_product(&layer->from_state, h, sums + MODEL_HIDDEN);
    for (unit = 0; unit < MODEL_HIDDEN; ++unit) {
        const float n = hyperbolic_tangent(n_x[unit] + logistic(r[unit]) * n_h[unit]);
        h[unit] = n + logistic(z[unit]) * (h[unit] - n);
    }
}
