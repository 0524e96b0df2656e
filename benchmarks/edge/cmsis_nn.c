/* ARM's int8 LSTM behind the functions of a model that `write_c` wrote, so that the same program runs and times both. What stands
   in capitals is generated before this. */

void tested_reset(tested_state* state) {
    memset(state, 0, sizeof *state);
    memset(state->h, STATE_ZERO, sizeof state->h);
}

/* x: in steps of 8 bits. y: what is in the state, as numbers. */
int tested_step(tested_state* state, const int8_t* x, float* y) {
    cmsis_nn_lstm_context buffers = {state->gates[0], state->gates[1], state->c, state->h};
    const int code = arm_lstm_unidirectional_s8(x, state->next, &PARAMETERS, &buffers);
    int unit;
    for (unit = 0; y != NULL && unit < TESTED_OUTPUTS; ++unit) y[unit] = STATE_SIZE * (float)(state->h[unit] - STATE_ZERO);
    return code;
}
