/* (x - mean) / scale; the mean is in two parts, so that a channel far from zero keeps its variation. */
static void standardise(const float* x, float* out) {
    int channel;
    for (channel = 0; channel < MODEL_INPUTS; ++channel) {
        out[channel] = ((x[channel] - MEAN[channel]) - MEAN_REST[channel]) * PER_SCALE[channel];
    }
}
