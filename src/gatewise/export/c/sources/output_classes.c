static int predict(model_state* state, float* y) {
    float most, sum = 0.0f;
    int output;
    say(state, y);
    if (!all_finite(y, MODEL_OUTPUTS)) return MODEL_NOT_FINITE;
    most = y[0];
    for (output = 1; output < MODEL_OUTPUTS; ++output) most = y[output] > most ? y[output] : most;
    for (output = 0; output < MODEL_OUTPUTS; ++output) {
        y[output] = exponential(y[output] - most);
        sum += y[output];
    }
    for (output = 0; output < MODEL_OUTPUTS; ++output) y[output] /= sum;
    return MODEL_OK;
}
