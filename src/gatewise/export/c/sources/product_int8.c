/* values: row by row, each padded with zeros to a multiple of four, and an even number of rows; a weight is its value times its
   row's scale. */
struct matrix {
    const int8_t* values;
    const float* scale;
    int rows;
    int columns;
};

/* add_rows: sums of the products of x with a row, and with the one behind it. */
#if defined(__ARM_FEATURE_DSP) && !defined(MODEL_PLAIN_C)
#include <arm_acle.h>
#include <string.h>

/* Two products at a time. The values of x stand in the order 0, 2, 1, 3, as the bytes of four weights come apart. */
#define PLACE(column) (((column) & ~3) | (((column) & 1) << 1) | (((column) & 2) >> 1))

static int32_t four_products(const int8_t* w, uint32_t even, uint32_t odd, int32_t sum) {
    uint32_t weights;
    memcpy(&weights, w, 4);
    sum = __smlad((int16x2_t)__sxtb16((int8x4_t)weights), (int16x2_t)even, sum);
    return __smlad((int16x2_t)__sxtb16((int8x4_t)(weights >> 8 | weights << 24)), (int16x2_t)odd, sum);
}

static void add_rows(const int8_t* w, const int16_t* x, int columns, int32_t* sums) {
    const int8_t *behind = w + columns, *end = behind;
    int32_t first = 0, second = 0;
    for (; w != end; w += 4, behind += 4, x += 4) {
        uint32_t even, odd;
        memcpy(&even, x, 4);
        memcpy(&odd, x + 2, 4);
        first = four_products(w, even, odd, first);
        second = four_products(behind, even, odd, second);
    }
    sums[0] = first;
    sums[1] = second;
}
#elif defined(__SSE2__) && !defined(MODEL_PLAIN_C)
#include <emmintrin.h>

/* Eight products at a time. */
#define PLACE(column) (column)

static __m128i eight_products(const int8_t* w, const int16_t* x, __m128i sums) {
    const __m128i bytes = _mm_loadl_epi64((const __m128i*)(const void*)w);
    const __m128i weights = _mm_srai_epi16(_mm_unpacklo_epi8(bytes, bytes), 8);
    return _mm_add_epi32(sums, _mm_madd_epi16(weights, _mm_loadu_si128((const __m128i*)(const void*)x)));
}

static int32_t sum_of(__m128i sums) {
    sums = _mm_add_epi32(sums, _mm_shuffle_epi32(sums, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(sums, _mm_shuffle_epi32(sums, 0xb1)));
}

static void add_rows(const int8_t* w, const int16_t* x, int columns, int32_t* sums) {
    __m128i first = _mm_setzero_si128(), second = first;
    int column;
    for (column = 0; column + 8 <= columns; column += 8) {
        first = eight_products(w + column, x + column, first);
        second = eight_products(w + columns + column, x + column, second);
    }
    sums[0] = sum_of(first);
    sums[1] = sum_of(second);
    for (; column < columns; ++column) {
        sums[0] += (int32_t)w[column] * x[column];
        sums[1] += (int32_t)w[columns + column] * x[column];
    }
}
#else
#define PLACE(column) (column)

static void add_rows(const int8_t* w, const int16_t* x, int columns, int32_t* sums) {
    int32_t first = 0, second = 0;
    int column;
    for (column = 0; column < columns; ++column) {
        first += (int32_t)w[column] * x[column];
        second += (int32_t)w[columns + column] * x[column];
    }
    sums[0] = first;
    sums[1] = second;
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
    for (row = 0; row < matrix->rows; row += 2) {
        int32_t sums[2];
        add_rows(matrix->values + (size_t)row * (size_t)padded, steps, padded, sums);
        out[row] += matrix->scale[row] * size * (float)sums[0];
        if (row + 1 < matrix->rows) out[row + 1] += matrix->scale[row + 1] * size * (float)sums[1];
    }
}
