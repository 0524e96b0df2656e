static void add_skip(model_state* state, int channel, int target, const float* last, float* y) {
    (void)state;
    (void)channel;
    (void)target;
    (void)last;
    (void)y;
}
