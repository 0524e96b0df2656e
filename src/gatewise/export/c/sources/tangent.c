static float hyperbolic_tangent(float x) {
    float scale, rest, less_one;
    x = x > 10.0f ? 10.0f : x;
    x = x < -10.0f ? -10.0f : x;
    rest = exponential_parts(2.0f * x, &scale);
    less_one = scale * rest + (scale - 1.0f);
    return less_one / (less_one + 2.0f);
}
