/* texts and id3: what a file says of itself, asked for or by default, whatever
 * bytes it is made of. */
#include "sink/texts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sink/id3.h"

static struct texts texts;

static void collect(const struct sink_request *r, bool defaults)
{
    memset(&texts, 'x', sizeof texts);
    texts_collect(&texts, r, defaults);
}

static void names(void **state)
{
    (void)state;
    for (int i = 0; i < SINK_TAG_COUNT; i++) {
        const char *name = sink_tag_name((enum sink_tag)i);
        assert_int_equal(sink_tag_parse(name, strlen(name)), i);
        assert_non_null(strstr(sink_tag_names(), name));
    }
    assert_int_equal(sink_tag_parse("TITLE=", 5), SINK_TAG_TITLE);
    assert_int_equal(sink_tag_parse("license", 7), SINK_TAG_LICENCE);
    assert_int_equal(sink_tag_parse("titles", 6), SINK_TAG_COUNT);
    assert_int_equal(sink_tag_parse("titl", 4), SINK_TAG_COUNT);
    assert_int_equal(sink_tag_parse("", 0), SINK_TAG_COUNT);
    assert_int_equal(sink_tag_parse("tracknumbertracknumber", 22),
                     SINK_TAG_COUNT);
}

static void defaults(void **state)
{
    struct sink_request r = {.date = "2026-11-20T16:05:25+01:00",
                             .device_name = "Speakers"};

    (void)state;
    collect(&r, true);
    assert_string_equal(texts.text[SINK_TAG_DATE], r.date);
    assert_string_equal(texts.text[SINK_TAG_COMMENT], "recorded from Speakers");
    assert_string_equal(texts.text[SINK_TAG_SOFTWARE],
                        "looprec " LOOPREC_VERSION);
    assert_string_equal(texts.text[SINK_TAG_TITLE], "");
    collect(&r, false);
    for (int i = 0; i < SINK_TAG_COUNT; i++)
        assert_string_equal(texts.text[i], "");
    r.device_name = "";
    r.date = NULL;
    collect(&r, true);
    assert_string_equal(texts.text[SINK_TAG_COMMENT], "");
    assert_string_equal(texts.text[SINK_TAG_DATE], "");
}

/* What was asked for comes first; asked for and empty is none. */
static void asked(void **state)
{
    struct sink_request r = {.date = "2026", .device_name = "Speakers"};

    (void)state;
    r.tags.value[SINK_TAG_DATE] = "1977-05-09";
    r.tags.value[SINK_TAG_COMMENT] = "";
    r.tags.value[SINK_TAG_TITLE] = "M\xc3\xbcller";
    collect(&r, true);
    assert_string_equal(texts.text[SINK_TAG_DATE], "1977-05-09");
    assert_string_equal(texts.text[SINK_TAG_COMMENT], "");
    assert_string_equal(texts.text[SINK_TAG_TITLE], "M\xc3\xbcller");
    collect(&r, false);
    assert_string_equal(texts.text[SINK_TAG_TITLE], "M\xc3\xbcller");
}

static void hostile(void **state)
{
    static char long_text[5000];
    struct sink_request r = {0};

    (void)state;
    r.tags.value[SINK_TAG_TITLE] = "a\nb\r\x1b[2J\x7f\xff\xc3(\xe2\x80\xae";
    memset(long_text, 'y', sizeof long_text - 1);
    r.tags.value[SINK_TAG_ARTIST] = long_text;
    r.device_name = long_text;
    collect(&r, true);
    /* not one literal: a trigraph would be in it */
    assert_string_equal(texts.text[SINK_TAG_TITLE], "a?b?"
                                                    "?[2J?"
                                                    "?"
                                                    "?(?");
    assert_int_equal(strlen(texts.text[SINK_TAG_ARTIST]), SINK_TAG_BYTES);
    assert_int_equal(strlen(texts.text[SINK_TAG_COMMENT]), SINK_TAG_BYTES);
}

/* --- ID3 --- */

static uint8_t *tag;
static size_t tag_bytes;

static void make_tag(void)
{
    free(tag);
    tag = id3_make(&texts, &tag_bytes);
    assert_non_null(tag);
}

/* The frame's content, *BYTES long; NULL: there is none. */
static const uint8_t *find_frame(const char *id, size_t *bytes)
{
    size_t at = 10;

    while (at + 10 <= tag_bytes) {
        *bytes = (size_t)tag[at + 4] << 24 | (size_t)tag[at + 5] << 16 |
                 (size_t)tag[at + 6] << 8 | tag[at + 7];
        assert_true(at + 10 + *bytes <= tag_bytes);
        if (memcmp(tag + at, id, 4) == 0)
            return tag + at + 10;
        at += 10 + *bytes;
    }
    assert_int_equal(at, tag_bytes);
    return NULL;
}

static void check_frame(const char *id, const char *content, size_t length)
{
    size_t bytes;
    const uint8_t *found = find_frame(id, &bytes);

    assert_non_null(found);
    assert_int_equal(bytes, length);
    assert_memory_equal(found, content, length);
}

#define CHECK_FRAME(id, content) check_frame(id, content, sizeof(content) - 1)

static void id3_holds_all(void **state)
{
    struct sink_request r = {0};
    size_t size;

    (void)state;
    r.tags.value[SINK_TAG_TITLE] = "Song";
    r.tags.value[SINK_TAG_ARTIST] = "M\xc3\xbcller \xf0\x9f\x8e\xb5";
    r.tags.value[SINK_TAG_DATE] = "2026-11-20T16:05:25.123+01:00";
    r.tags.value[SINK_TAG_COMMENT] = "\xc3\xbc";
    r.tags.value[SINK_TAG_LICENCE] = "CC0";
    collect(&r, true);
    make_tag();
    assert_memory_equal(tag, "ID3\3\0\0", 6);
    size = (size_t)tag[6] << 21 | (size_t)tag[7] << 14 | (size_t)tag[8] << 7 |
           tag[9];
    assert_int_equal(size + 10, tag_bytes);
    CHECK_FRAME("TIT2", "\0Song");
    CHECK_FRAME("TPE1", "\1\xff\xfeM\0\xfc\0l\0l\0e\0r\0 \0\x3c\xd8\xb5\xdf");
    CHECK_FRAME("TYER", "\0"
                        "2026");
    CHECK_FRAME("TDAT", "\0"
                        "2011");
    CHECK_FRAME("TIME", "\0"
                        "1605");
    CHECK_FRAME("COMM", "\1und\xff\xfe\0\0\xff\xfe\xfc\0");
    CHECK_FRAME("TXXX", "\0LICENSE\0CC0");
    assert_null(find_frame("TALB", &size));
}

static void id3_dates(void **state)
{
    struct sink_request r = {0};
    size_t bytes;

    (void)state;
    r.tags.value[SINK_TAG_DATE] = "1977";
    collect(&r, false);
    make_tag();
    CHECK_FRAME("TYER", "\0"
                        "1977");
    assert_null(find_frame("TDAT", &bytes));
    r.tags.value[SINK_TAG_DATE] = "1977-05";
    collect(&r, false);
    make_tag();
    assert_null(find_frame("TDAT", &bytes));
    r.tags.value[SINK_TAG_DATE] = "last spring";
    collect(&r, false);
    make_tag();
    assert_null(find_frame("TYER", &bytes));
    CHECK_FRAME("TXXX", "\0DATE\0last spring");
}

/* Every text as long as can be, in each kind of character. */
static void id3_has_room(void **state)
{
    static const char *const kinds[] = {"y", "\xc3\xbc", "\xe2\x99\xab",
                                        "\xf0\x9f\x8e\xb5"};
    static char text[SINK_TAG_BYTES + 8];
    struct sink_request r = {0};
    size_t bytes;

    (void)state;
    for (size_t k = 0; k < 4; k++) {
        text[0] = '\0';
        while (strlen(text) + strlen(kinds[k]) <= SINK_TAG_BYTES)
            strcat(text, kinds[k]);
        for (int i = 0; i < SINK_TAG_COUNT; i++)
            r.tags.value[i] = text;
        collect(&r, true);
        make_tag();
        assert_non_null(find_frame("TSSE", &bytes));
    }
    memset(&texts, 0, sizeof texts);
    make_tag();
    assert_int_equal(tag_bytes, 0); /* nothing to say: no tag */
    free(tag);
    tag = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),         cmocka_unit_test(defaults),
        cmocka_unit_test(asked),         cmocka_unit_test(hostile),
        cmocka_unit_test(id3_holds_all), cmocka_unit_test(id3_dates),
        cmocka_unit_test(id3_has_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
