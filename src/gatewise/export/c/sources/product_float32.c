/* values: of eight rows at a time, column by column; then what is left, row by row. */
struct matrix {
    const float* values;
    int rows;
    int columns;
};

#if defined(__GNUC__) && (defined(__SSE__) || defined(__ARM_NEON) || defined(__wasm_simd128__))
/* Four numbers in one register, where processor and compiler have such: left to itself a compiler finds worse ways. */
typedef float four __attribute__((vector_size(16)));

static void add_block(const float* w, const float* x, int columns, float* out) {
    four low = {0.0f, 0.0f, 0.0f, 0.0f}, high = low, now;
    int column;
    for (column = 0; column < columns; ++column, w += 8) {
        __builtin_memcpy(&now, w, sizeof now);
        low += now * x[column];
        __builtin_memcpy(&now, w + 4, sizeof now);
        high += now * x[column];
    }
    for (column = 0; column < 4; ++column) {
        out[column] += low[column];
        out[4 + column] += high[column];
    }
}
#else
#ifdef __ARM_FEATURE_FMA
#define PLUS_PRODUCT(sum, a, b) __builtin_fmaf(a, b, sum)
#else
#define PLUS_PRODUCT(sum, a, b) ((sum) + (a) * (b))
#endif

static void add_block(const float* w, const float* x, int columns, float* out) {
    float s0 = 0.0f, s1 = 0.0f, s2 = 0.0f, s3 = 0.0f, s4 = 0.0f, s5 = 0.0f, s6 = 0.0f, s7 = 0.0f;
    int column;
    for (column = 0; column < columns; ++column, w += 8) {
        const float value = x[column];
        s0 = PLUS_PRODUCT(s0, w[0], value);
        s1 = PLUS_PRODUCT(s1, w[1], value);
        s2 = PLUS_PRODUCT(s2, w[2], value);
        s3 = PLUS_PRODUCT(s3, w[3], value);
        s4 = PLUS_PRODUCT(s4, w[4], value);
        s5 = PLUS_PRODUCT(s5, w[5], value);
        s6 = PLUS_PRODUCT(s6, w[6], value);
        s7 = PLUS_PRODUCT(s7, w[7], value);
    }
    out[0] += s0;
    out[1] += s1;
    out[2] += s2;
    out[3] += s3;
    out[4] += s4;
    out[5] += s5;
    out[6] += s6;
    out[7] += s7;
}
#endif

/* out[row] += sum of values[row][column] * x[column] */
static void add_product(const struct matrix* matrix, const float* x, float* out) {
    const float* w = matrix->values;
    const int columns = matrix->columns;
    int row, column;
    for (row = 0; row + 8 <= matrix->rows; row += 8, w += 8 * columns) add_block(w, x, columns, out + row);
    for (; row < matrix->rows; ++row) {
        float sum = 0.0f;
        for (column = 0; column < columns; ++column) sum += *w++ * x[column];
        out[row] += sum;
    }
}
