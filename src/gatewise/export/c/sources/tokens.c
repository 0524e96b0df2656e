/* A token is gathered code point by code point, each with the marks that follow it until they are in order and composed. */

enum { NOTHING, WORD, WORD_AND_INNER, SINGLE };
enum { MOST_MARKS = 18 };

struct reader {
    model_state* state;
    int32_t* ids; /* where the tokens go instead of into the network */
    size_t room, count;
    int kind;
    uint32_t inner;
    int too_long, sigma;
    uint32_t starter, marks[MOST_MARKS];
    int marked;
    size_t size;
    unsigned char token[MODEL_LONGEST + 1];
};

static int32_t id_of(const unsigned char* token, size_t size) {
    uint32_t hash = 2166136261u, slot;
    size_t place;
    for (place = 0; place < size; ++place) hash = (hash ^ token[place]) * 16777619u;
    for (slot = hash & (MODEL_SLOTS - 1u); SLOTS[slot]; slot = (slot + 1u) & (MODEL_SLOTS - 1u)) {
        const uint32_t word = SLOTS[slot] - 1u, start = WORD_STARTS[word];
        if (WORD_STARTS[word + 1u] - start != size) continue;
        for (place = 0; place < size && WORDS[start + place] == token[place]; ++place) continue;
        if (place == size) return (int32_t)word + 2;
    }
    return 1;
}

static void put_byte(struct reader* reader, uint32_t byte) {
    if (reader->size < MODEL_LONGEST) {
        reader->token[reader->size++] = (unsigned char)byte;
    } else {
        reader->too_long = 1;
    }
}

static void put_code(struct reader* reader, uint32_t code) {
    if (code < 0x80u) {
        put_byte(reader, code);
    } else if (code < 0x800u) {
        put_byte(reader, 0xc0u | code >> 6);
    } else if (code < 0x10000u) {
        put_byte(reader, 0xe0u | code >> 12);
    } else {
        put_byte(reader, 0xf0u | code >> 18);
        put_byte(reader, 0x80u | (code >> 12 & 0x3fu));
    }
    if (code >= 0x800u) put_byte(reader, 0x80u | (code >> 6 & 0x3fu));
    if (code >= 0x80u) put_byte(reader, 0x80u | (code & 0x3fu));
}

/* Marks compose with what they follow, unless one of their own class or a higher one, which did not, stands between. */
static void compose_marks(struct reader* reader) {
    uint32_t last = 0;
    int mark, kept = 0;
    for (mark = 0; mark < reader->marked; ++mark) {
        const uint32_t code = reader->marks[mark], own = combining_class(code);
        const uint32_t both = reader->starter && last < own ? composed(reader->starter, code) : 0;
        if (both) {
            reader->starter = both;
        } else {
            reader->marks[kept++] = code;
            last = own;
        }
    }
    reader->marked = kept;
}

static void put_starter(struct reader* reader) {
    int mark;
    compose_marks(reader);
    if (reader->starter) put_code(reader, reader->starter);
    for (mark = 0; mark < reader->marked; ++mark) put_code(reader, reader->marks[mark]);
    reader->starter = 0;
    reader->marked = 0;
}

static void append(struct reader* reader, uint32_t code) {
    const uint32_t own = combining_class(code);
    if (own) {
        int place = reader->marked;
        if (place == MOST_MARKS) {
            reader->too_long = 1;
            return;
        }
        for (; place > 0 && combining_class(reader->marks[place - 1]) > own; --place) reader->marks[place] = reader->marks[place - 1];
        reader->marks[place] = code;
        ++reader->marked;
        return;
    }
    compose_marks(reader);
    if (reader->starter && !reader->marked) {
        const uint32_t both = composed(reader->starter, code);
        if (both) {
            reader->starter = both;
            return;
        }
    }
    put_starter(reader);
    reader->starter = code;
}

static void finish_token(struct reader* reader) {
    int32_t id;
    put_starter(reader);
    /* A sigma at the end of a word has a form of its own. */
    if (reader->sigma && reader->kind != SINGLE && reader->size > 2) reader->token[reader->size - 1] = 0x82;
    id = reader->too_long ? 1 : id_of(reader->token, reader->size);
    if (!reader->state) {
        if (reader->count < reader->room) reader->ids[reader->count] = id;
    } else if (reader->state->steps < MODEL_MOST_STEPS) {
        read_token(reader->state, id);
    }
    ++reader->count;
    reader->kind = NOTHING;
    reader->size = 0;
    reader->too_long = 0;
    reader->sigma = 0;
}

static void put(struct reader* reader, uint32_t code, int class) {
    if (reader->kind == WORD_AND_INNER && class != LETTER && class != MARK) {
        reader->kind = WORD;
        finish_token(reader);
        if (reader->inner == '\'') {
            reader->kind = SINGLE;
            append(reader, reader->inner);
        }
    }
    if (reader->kind == WORD || reader->kind == WORD_AND_INNER) {
        if (class == LETTER || class == MARK) {
            if (reader->kind == WORD_AND_INNER) append(reader, reader->inner);
            reader->kind = WORD;
            append(reader, code);
            return;
        }
        if (class == APOSTROPHE || class == JOINER) {
            reader->kind = WORD_AND_INNER;
            reader->inner = code;
            return;
        }
    }
    if (reader->kind == SINGLE && (class == MARK || class == UNSPACED_MARK)) {
        append(reader, code);
        return;
    }
    if (reader->kind != NOTHING) finish_token(reader);
    if (class == SKIPPED || class == JOINER) return;
    reader->kind = class == LETTER || class == MARK ? WORD : SINGLE;
    append(reader, code);
}

/* Returns MODEL_BAD_TEXT, before anything is read, where a text is no UTF-8. */
static int read_text(struct reader* reader, const unsigned char* text, size_t size) {
    size_t place, bytes;
    uint32_t code;
    for (place = 0; place < size; place += bytes) {
        bytes = decode(text + place, size - place, &code);
        if (!bytes) return MODEL_BAD_TEXT;
    }
    for (place = 0; place < size; place += bytes) {
        bytes = decode(text + place, size - place, &code);
        if (code - 'A' < 26u) {
            put(reader, code + 32u, LETTER);
        } else if (code - 'a' < 26u) {
            put(reader, code, LETTER);
        } else {
            const size_t found = place_in(MAPPED, sizeof MAPPED / sizeof *MAPPED, code);
            if (MAPPED[found] == code) {
                uint32_t at;
                for (at = MAPPED_STARTS[found]; at < MAPPED_STARTS[found + 1]; ++at) put(reader, MAPPED_TO[at], class_of(MAPPED_TO[at]));
                reader->sigma = MODEL_GREEK && code == 0x3a3u;
                continue;
            }
            put(reader, code, class_of(code));
        }
        reader->sigma = 0;
    }
    if (reader->kind == WORD_AND_INNER) put(reader, ' ', SKIPPED);
    if (reader->kind != NOTHING) finish_token(reader);
    return MODEL_OK;
}
