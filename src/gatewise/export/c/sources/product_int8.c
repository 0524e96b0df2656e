/* values: of four rows at a time, four columns of each after the other; then what is left, row by row. Every four columns stand
   in the order 0, 2, 1, 3; zeros make up what is no multiple of four. A weight is its value times its row's scale. */
struct matrix {
    const int8_t* values;
    const float* scale;
    int rows;
    int columns;
};

#if defined(__ARM_FEATURE_DSP) && !defined(MODEL_PLAIN_C)
#include <arm_acle.h>
#include <string.h>

static int16x2_t second_and_fourth(uint32_t weights) {
#ifdef __GNUC__
    int16x2_t found;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(found) : "r"(weights)); /* of which GCC would make two instructions */
    return found;
#else
    return __sxtb16((int8x4_t)(weights >> 8 | weights << 24));
#endif
}

/* Two products at a time: the first and the third of four bytes come out of a word together. */
static int32_t four_products(const int8_t* w, const int16_t* x, int32_t sum) {
    uint32_t weights;
    int16x2_t low, high;
    memcpy(&weights, w, 4);
    memcpy(&low, x, 4);
    memcpy(&high, x + 2, 4);
    return __smlad(second_and_fourth(weights), high, __smlad(__sxtb16((int8x4_t)weights), low, sum));
}
#else
static int32_t four_products(const int8_t* w, const int16_t* x, int32_t sum) {
    return sum + w[0] * x[0] + w[1] * x[2] + w[2] * x[1] + w[3] * x[3];
}
#endif

/* add_rows: sums of the products of x with four rows. */
#if defined(__SSE2__) && !defined(MODEL_PLAIN_C)
#include <emmintrin.h>

static __m128i eight_products(__m128i bytes_twice, __m128i x, __m128i sums) {
    return _mm_add_epi32(sums, _mm_madd_epi16(_mm_srai_epi16(bytes_twice, 8), x));
}

static void add_rows(const int8_t* w, const int16_t* x, int columns, int32_t* sums) {
    const int16_t* const end = x + columns;
    __m128i low = _mm_setzero_si128(), high = low; /* of the rows 0, 0, 1, 1, and 2, 2, 3, 3 */
    for (; x != end; x += 4, w += 16) {
        const __m128i bytes = _mm_loadu_si128((const __m128i*)(const void*)w);
        const __m128i four = _mm_shufflelo_epi16(_mm_loadl_epi64((const __m128i*)(const void*)x), 0xd8);
        const __m128i values = _mm_unpacklo_epi64(four, four);
        low = eight_products(_mm_unpacklo_epi8(bytes, bytes), values, low);
        high = eight_products(_mm_unpackhi_epi8(bytes, bytes), values, high);
    }
    low = _mm_shuffle_epi32(low, 0xd8);
    high = _mm_shuffle_epi32(high, 0xd8);
    low = _mm_add_epi32(_mm_unpacklo_epi64(low, high), _mm_unpackhi_epi64(low, high));
    _mm_storeu_si128((__m128i*)(void*)sums, low);
}
#else
static void add_rows(const int8_t* w, const int16_t* x, int columns, int32_t* sums) {
    const int16_t* const end = x + columns;
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (; x != end; x += 4, w += 16) {
        s0 = four_products(w, x, s0);
        s1 = four_products(w + 4, x, s1);
        s2 = four_products(w + 8, x, s2);
        s3 = four_products(w + 12, x, s3);
    }
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    sums[3] = s3;
}
#endif

/* out[row] += sum of weight[row][column] * x[column]. The vector is taken in steps of its largest value's share of 16 bits, fewer
   where so many columns could overflow a sum: that costs next to nothing beside the 8 bits of the weights. */
static void add_product(const struct matrix* matrix, const float* x, float* out) {
    const float whole_numbers = 12582912.0f; /* 1.5 * 2^23: a float of this size has no fraction */
    const int8_t* w = matrix->values;
    int16_t steps[MODEL_WIDEST];
    const int padded = (matrix->columns + 3) & ~3;
    const int32_t bound = INT32_MAX / (127 * padded);
    const float most_steps = bound < 32767 ? (float)bound : 32767.0f;
    float most = 0.0f, nothing = 0.0f, size, share;
    int row, column;
    for (column = 0; column < matrix->columns; ++column) {
        const float value = x[column] < 0.0f ? -x[column] : x[column];
        nothing += 0.0f * value; /* NaN where the value is not finite */
        most = value > most ? value : most;
    }
    if (!is_finite(nothing)) {
        for (row = 0; row < matrix->rows; ++row) out[row] = nothing;
        return;
    }
    /* So little would make the share overflow, and adds nothing that shows. */
    if (most < 1e-30f) return;
    size = most / most_steps;
    share = most_steps / most;
    for (column = 0; column < matrix->columns; ++column) {
        const float shifted = x[column] * share + whole_numbers;
        steps[column] = (int16_t)(shifted - whole_numbers);
    }
    for (; column < padded; ++column) steps[column] = 0;
    for (row = 0; row + 4 <= matrix->rows; row += 4, w += 4 * padded) {
        const float* const scale = matrix->scale + row;
        float* const to = out + row;
        int32_t sums[4];
        add_rows(w, steps, padded, sums);
        to[0] += scale[0] * size * (float)sums[0];
        to[1] += scale[1] * size * (float)sums[1];
        to[2] += scale[2] * size * (float)sums[2];
        to[3] += scale[3] * size * (float)sums[3];
    }
    for (; row < matrix->rows; ++row, w += padded) {
        int32_t sum = 0;
        for (column = 0; column < padded; column += 4) sum = four_products(w + column, steps + column, sum);
        out[row] += matrix->scale[row] * size * (float)sum;
    }
}
