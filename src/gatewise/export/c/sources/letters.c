/* UTF-8 and what is known of code points: their class in the tokeniser, and what NFKC and lower case make of them. */

enum { SKIPPED, VISIBLE, LETTER, MARK, UNSPACED, UNSPACED_MARK, APOSTROPHE, JOINER };

/* The bytes of the code point at `place`, 0 where there is none: overlong forms and surrogates are none either. */
static size_t decode(const unsigned char* text, size_t size, uint32_t* code) {
    static const unsigned char lowest[5] = {0, 0, 0x80, 0, 0};
    const unsigned char first = text[0];
    size_t bytes = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0, place;
    uint32_t value;
    if (!bytes || bytes > size) return 0;
    value = bytes == 1 ? first : first & (0x7fu >> bytes);
    for (place = 1; place < bytes; ++place) {
        if (text[place] >> 6 != 2) return 0;
        value = value << 6 | (text[place] & 0x3fu);
    }
    if (bytes == 2 && value < lowest[2]) return 0;
    if (bytes == 3 && (value < 0x800 || (value >= 0xd800 && value < 0xe000))) return 0;
    if (bytes == 4 && (value < 0x10000 || value > 0x10ffff)) return 0;
    *code = value;
    return bytes;
}

/* The last place in a rising table whose value is not above the one sought; the first value is never above it. */
static size_t place_in(const uint32_t* table, size_t count, uint32_t sought) {
    size_t low = 0, high = count;
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (table[middle] <= sought) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

static int class_of(uint32_t code) { return (int)(CLASSES[place_in(CLASSES, sizeof CLASSES / sizeof *CLASSES, code << 3 | 7u)] & 7u); }

static uint32_t combining_class(uint32_t mark) {
    const uint32_t found = COMBINING[place_in(COMBINING, sizeof COMBINING / sizeof *COMBINING, mark << 8 | 255u)];
    return found >> 8 == mark ? found & 255u : 0u;
}

/* What two code points are in one, or 0. */
static uint32_t composed(uint32_t first, uint32_t second) {
    size_t low = 0, high = sizeof COMPOSED / sizeof *COMPOSED;
    if (MODEL_HANGUL) {
        const uint32_t lead = first - 0x1100u, vowel = second - 0x1161u, syllable = first - 0xac00u, tail = second - 0x11a7u;
        if (lead < 19u && vowel < 21u) return 0xac00u + (lead * 21u + vowel) * 28u;
        if (syllable < 11172u && syllable % 28u == 0 && tail - 1u < 27u) return first + tail;
    }
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const uint32_t* pair = COMPOSED[middle];
        if (pair[0] == first && pair[1] == second) return pair[2];
        if (pair[0] < first || (pair[0] == first && pair[1] < second)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return 0;
}
