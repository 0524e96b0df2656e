static int predict(model_state* state, float* y) {
    int output;
    say(state, y);
    if (!all_finite(y, MODEL_OUTPUTS)) return MODEL_NOT_FINITE;
    for (output = 0; output < MODEL_OUTPUTS; ++output) y[output] = logistic(y[output]);
    return MODEL_OK;
}
