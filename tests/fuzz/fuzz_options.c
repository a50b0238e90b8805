/* fuzz_options: the command line. The input is its words, one a line. */
#include "cli/message.h"
#include "cli/options.h"
#include "core/text.h"
#include "fuzz/fuzz.h"

enum { WORDS_MOST = 40 };

struct line {
    int count;
    char *words[WORDS_MOST + 1]; /* what options_parse may change */
    char *kept[WORDS_MOST];
};

/* TEXT is one of the words, or within one. */
static void check_is_word(const struct line *l, const char *text)
{
    bool found = text == NULL;
    for (int i = 0; i < l->count && !found; i++) {
        size_t length = strlen(l->kept[i]);
        found = text >= l->kept[i] && text <= l->kept[i] + length;
    }
    REQUIRE(found);
}

static void check_words(const struct line *l, const struct options *o)
{
    REQUIRE(o->synth_count <= SESSION_TRACKS_MAX);
    REQUIRE(o->app_count <= SESSION_TRACKS_MAX);
    REQUIRE(o->excluded_count <= SESSION_TRACKS_MAX);
    for (unsigned i = 0; i < SESSION_TRACKS_MAX; i++) {
        check_is_word(l, o->synths[i]);
        check_is_word(l, o->apps[i]);
        check_is_word(l, o->excluded[i]);
        REQUIRE((o->apps[i] != NULL) == (i < o->app_count));
    }
    for (int i = 0; i < SINK_TAG_COUNT; i++) {
        check_is_word(l, o->tags.value[i]);
    }
    check_is_word(l, o->device);
    check_is_word(l, o->file);
    check_is_word(l, o->output);
    check_is_word(l, o->fallback);
    for (int i = 0; i < o->file_count; i++) {
        check_is_word(l, o->files[i]);
    }
    for (char **word = o->command; word != NULL && *word != NULL; word++) {
        check_is_word(l, *word);
    }
}

static void check_recording(const struct options *o)
{
    REQUIRE(o->type != SINK_AUTO && o->file_count <= 1);
    REQUIRE(o->rate == 0 ||
            (o->rate >= FORMAT_RATE_MIN && o->rate <= FORMAT_RATE_MAX));
    REQUIRE(o->channels <= FORMAT_CHANNELS_MAX);
    REQUIRE(o->compression == SINK_COMPRESSION_DEFAULT ||
            (o->compression >= 0 && o->compression <= 8));
    REQUIRE(o->silence_dbfs >= -200.0 && o->silence_dbfs <= 0.0);
    REQUIRE(o->buffer_ns >= 10000000 && o->buffer_ns <= INT64_C(600000000000));
    REQUIRE(o->sync_ns == 0 || o->sync_ns >= SINK_SYNC_MIN_NS);
    REQUIRE(o->wait_ns >= 0);
    REQUIRE(!o->has_duration || o->duration.ns > 0 || o->duration.frames > 0);
    REQUIRE(!(o->has_split && o->split_bytes > 0));
    /* the scope: it is chosen once, and what is named is all */
    REQUIRE((o->app_count > 0) + (o->excluded_count > 0) + o->all_devices +
                (o->device != NULL) + (o->synth_count > 0) + o->null_sink <=
            1);
}

static void check_fault(const struct fault *f)
{
    char raw[MESSAGE_MAX];
    REQUIRE(f->err == ERR_USAGE || f->err == ERR_FORMAT);
    REQUIRE(memchr(f->detail, '\0', sizeof f->detail) != NULL);
    REQUIRE(memchr(f->hint, '\0', sizeof f->hint) != NULL);
    message_describe(raw, sizeof raw, f);
    REQUIRE(raw[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    struct line l = {.count = 1};
    struct options o;
    struct fault f = {0};

    l.words[0] = l.kept[0] = malloc(8);
    REQUIRE(l.words[0] != NULL);
    strcpy(l.words[0], "looprec");
    while (in.size > 0 && l.count < WORDS_MOST) {
        l.words[l.count] = l.kept[l.count] = input_text(&in, '\n');
        l.count++;
    }
    bool good = options_parse(&o, l.count, l.words, &f);
    check_words(&l, &o);
    if (!good) {
        check_fault(&f);
    } else if (o.action == ACTION_RECORD) {
        check_recording(&o);
    }
    REQUIRE(l.words[l.count] == NULL);
    for (int i = 0; i < l.count; i++) {
        free(l.kept[i]);
    }
    return 0;
}
