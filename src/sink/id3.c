/* id3: see id3.h. Writer thread.
 *
 * By our own hand, because libsndfile (1.2.2) hands UTF-8 to LAME as Latin-1.
 * Version 2.3 (id3.org, "ID3 tag version 2.3.0") and its UTF-16, since that is
 * what the oldest readers know. */
#include "sink/id3.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/text.h"

enum {
    HEADER_BYTES = 10,
    FRAME_BYTES = 10,
    LATIN1 = 0,
    UTF16 = 1,
    EXTRA = 64, /* of a frame: more than its header, a language, a name */
};

struct writer {
    uint8_t *bytes;
    size_t length;
};

static void put(struct writer *w, const void *data, size_t bytes)
{
    memcpy(w->bytes + w->length, data, bytes);
    w->length += bytes;
}

static void put_unit(struct writer *w, uint32_t unit)
{
    uint8_t bytes[2];

    bytes_put_le(bytes, unit, sizeof bytes);
    put(w, bytes, sizeof bytes);
}

static bool is_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text >= 0x80)
            return false;
    return true;
}

static void put_utf16(struct writer *w, const char *text)
{
    put_unit(w, 0xFEFF);
    while (*text != '\0') {
        uint32_t code = '?';
        unsigned bytes = text_decode(text, &code);
        text += bytes > 0 ? bytes : 1;
        if (code >= 0x10000) {
            put_unit(w, 0xD800 + ((code - 0x10000) >> 10));
            put_unit(w, 0xDC00 + ((code - 0x10000) & 0x3FF));
        } else {
            put_unit(w, code);
        }
    }
}

/* PREFIX (may be NULL) is a description before the text, LANGUAGE what stands
 * before that. */
static void put_frame(struct writer *w, const char id[4], const char *language,
                      const char *prefix, const char *text)
{
    size_t begin = w->length;
    bool ascii = is_ascii(text);
    const uint8_t encoding = ascii ? LATIN1 : UTF16;
    size_t size;

    put(w, id, 4);
    put(w, "\0\0\0\0\0\0", 6); /* size, flags */
    put(w, &encoding, 1);
    if (language != NULL)
        put(w, language, 3);
    if (prefix != NULL && ascii)
        put(w, prefix, strlen(prefix) + 1);
    if (prefix != NULL && !ascii) {
        put_utf16(w, prefix);
        put_unit(w, 0);
    }
    if (ascii)
        put(w, text, strlen(text));
    else
        put_utf16(w, text);
    size = w->length - begin - FRAME_BYTES;
    bytes_put_be(w->bytes + begin + 4, size, 4);
}

/* Digits where SHAPE has a 0, else the same characters. */
static bool has_shape(const char *text, const char *shape)
{
    for (; *shape != '\0'; text++, shape++)
        if (*shape == '0' ? *text < '0' || *text > '9' : *text != *shape)
            return false;
    return true;
}

/* 2026-11-20T16:05:25 is a year, a day (2011) and a time (1605). */
static void put_date(struct writer *w, const char *date)
{
    char part[5] = "";

    if (!has_shape(date, "0000")) {
        put_frame(w, "TXXX", NULL, "DATE", date);
        return;
    }
    memcpy(part, date, 4);
    put_frame(w, "TYER", NULL, NULL, part);
    if (!has_shape(date, "0000-00-00"))
        return;
    memcpy(part, date + 8, 2);
    memcpy(part + 2, date + 5, 2);
    put_frame(w, "TDAT", NULL, NULL, part);
    if (!has_shape(date, "0000-00-00T00:00"))
        return;
    memcpy(part, date + 11, 2);
    memcpy(part + 2, date + 14, 2);
    put_frame(w, "TIME", NULL, NULL, part);
}

static void put_tag(struct writer *w, enum sink_tag tag, const char *text)
{
    static const char ids[SINK_TAG_COUNT][5] = {
        [SINK_TAG_TITLE] = "TIT2",    [SINK_TAG_ARTIST] = "TPE1",
        [SINK_TAG_ALBUM] = "TALB",    [SINK_TAG_TRACKNUMBER] = "TRCK",
        [SINK_TAG_GENRE] = "TCON",    [SINK_TAG_COPYRIGHT] = "TCOP",
        [SINK_TAG_SOFTWARE] = "TSSE",
    };

    switch (tag) {
    case SINK_TAG_DATE: put_date(w, text); break;
    case SINK_TAG_COMMENT: put_frame(w, "COMM", "und", "", text); break;
    case SINK_TAG_LICENCE: put_frame(w, "TXXX", NULL, "LICENSE", text); break;
    default: put_frame(w, ids[tag], NULL, NULL, text); break;
    }
}

uint8_t *id3_make(const struct texts *texts, size_t *bytes)
{
    size_t room = HEADER_BYTES;
    struct writer w = {.length = 0};
    size_t size;

    for (size_t i = 0; i < SINK_TAG_COUNT; i++)
        room += 2 * strlen(texts->text[i]) + EXTRA;
    w.bytes = malloc(room);
    if (w.bytes == NULL)
        return NULL;
    put(&w, "ID3\3\0\0\0\0\0\0", HEADER_BYTES);
    for (size_t i = 0; i < SINK_TAG_COUNT; i++)
        if (texts->text[i][0] != '\0')
            put_tag(&w, (enum sink_tag)i, texts->text[i]);
    size = w.length - HEADER_BYTES; /* 7 bits a byte */
    for (unsigned i = 0; i < 4; i++)
        w.bytes[6 + i] = (uint8_t)(size >> (7 * (3 - i)) & 0x7F);
    *bytes = size > 0 ? w.length : 0;
    return w.bytes;
}
