/* values: row by row, each padded with zeros to a multiple of four; a weight is its value times its row's scale. */
struct matrix {
    const int8_t* values;
    const float* scale;
    int rows;
    int columns;
};

#if defined(__ARM_FEATURE_DSP) && !defined(MODEL_PLAIN_C)
#include <arm_acle.h>
#include <string.h>

/* Two products at a time. The values of x stand in the order 0, 2, 1, 3, as the bytes of four weights come apart. */
#define PLACE(column) (((column) & ~3) | (((column) & 1) << 1) | (((column) & 2) >> 1))

static int32_t row_product(const int8_t* w, const int16_t* x, int columns) {
    int32_t sum = 0;
    int column;
    for (column = 0; column < columns; column += 4) {
        uint32_t weights, even, odd;
        memcpy(&weights, w + column, 4);
        memcpy(&even, x + column, 4);
        memcpy(&odd, x + column + 2, 4);
        sum = __smlad((int16x2_t)__sxtb16((int8x4_t)weights), (int16x2_t)even, sum);
        sum = __smlad((int16x2_t)__sxtb16((int8x4_t)__ror(weights, 8)), (int16x2_t)odd, sum);
    }
    return sum;
}
#elif defined(__SSE2__) && !defined(MODEL_PLAIN_C)
#include <emmintrin.h>

/* Eight products at a time. */
#define PLACE(column) (column)

static int32_t row_product(const int8_t* w, const int16_t* x, int columns) {
    __m128i sums = _mm_setzero_si128();
    int32_t sum = 0;
    int column;
    for (column = 0; column + 8 <= columns; column += 8) {
        const __m128i bytes = _mm_loadl_epi64((const __m128i*)(const void*)(w + column));
        const __m128i weights = _mm_srai_epi16(_mm_unpacklo_epi8(bytes, bytes), 8);
        sums = _mm_add_epi32(sums, _mm_madd_epi16(weights, _mm_loadu_si128((const __m128i*)(const void*)(x + column))));
    }
    for (; column < columns; ++column) sum += (int32_t)w[column] * x[column];
    sums = _mm_add_epi32(sums, _mm_shuffle_epi32(sums, 0x4e));
    sums = _mm_add_epi32(sums, _mm_shuffle_epi32(sums, 0xb1));
    return sum + _mm_cvtsi128_si32(sums);
}
#else
#define PLACE(column) (column)

static int32_t row_product(const int8_t* w, const int16_t* x, int columns) {
    int32_t sum = 0;
    int column;
    for (column = 0; column < columns; ++column) sum += (int32_t)w[column] * x[column];
    return sum;
}
#endif

/* out[row] += sum of weight[row][column] * x[column]. The vector is taken in steps of its largest value's share of 16 bits, fewer
   where so many columns could overflow a sum: that costs next to nothing beside the 8 bits of the weights. */
static void add_product(const struct matrix* matrix, const float* x, float* out) {
    int16_t steps[MODEL_WIDEST];
    const int padded = (matrix->columns + 3) & ~3;
    const int32_t bound = INT32_MAX / (127 * padded);
    const float most_steps = bound < 32767 ? (float)bound : 32767.0f;
    float most = 0.0f, size, share;
    int row, column, finite = 1;
    for (column = 0; column < matrix->columns; ++column) {
        const float value = x[column] < 0.0f ? -x[column] : x[column];
        finite &= is_finite(value);
        most = value > most ? value : most;
    }
    if (!finite) {
        union bits nan;
        nan.word = 0x7fc00000u;
        for (row = 0; row < matrix->rows; ++row) out[row] = nan.number;
        return;
    }
    /* So little would make the share overflow, and adds nothing that shows. */
    if (most < 1e-30f) return;
    size = most / most_steps;
    share = most_steps / most;
    for (column = 0; column < padded; ++column) {
        const float value = column < matrix->columns ? x[column] * share : 0.0f;
        steps[PLACE(column)] = (int16_t)(value < 0.0f ? value - 0.5f : value + 0.5f);
    }
    for (row = 0; row < matrix->rows; ++row) {
        const int32_t sum = row_product(matrix->values + (size_t)row * (size_t)padded, steps, padded);
        out[row] += matrix->scale[row] * size * (float)sum;
    }
}
