static float positive(float x) { return x >= 0.0f ? x + 0.5f : logistic(x); }
