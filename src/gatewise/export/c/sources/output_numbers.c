static int predict(model_state* state, float* y) {
    int output;
    say(state, y);
    for (output = 0; output < MODEL_OUTPUTS; ++output) y[output] = BASE[output] + y[output] * UNIT[output];
    return all_finite(y, MODEL_OUTPUTS) ? MODEL_OK : MODEL_NOT_FINITE;
}
