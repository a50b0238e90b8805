/* values: see values.h. Main thread. */
#include "cli/values.h"

#include <stdlib.h>
#include <string.h>

#include "cli/checks.h"
#include "core/size.h"
#include "core/text.h"
#include "sink/segments.h"

static const char examples_of_time[] = "90, 1.5s, 1h30m, 2d, 01:30:00";
static const int64_t buffer_min_ns = INT64_C(10000000);
static const int64_t buffer_max_ns = INT64_C(600000000000);
static const int64_t sync_max_ns = INT64_C(3600000000000);
static const int64_t split_min_ns = INT64_C(100000000);
static const uint64_t split_min_frames = 1000;

/* False: VALUE is a time, and too long for OPTION. */
static bool check_longest(const char *value, const char *option,
                          struct fault *f)
{
    return !duration_is_too_long(value) ||
           usage(f, "--%s=%s is too long; use 36525d (100 years) or less",
                 option, value);
}

bool value_duration(struct options *o, const char *value, struct fault *f)
{
    if (!check_longest(value, "duration", f)) {
        return false;
    }
    if (!duration_parse(value, false, &o->duration)) {
        return usage(f, "'%s' is no duration; use one like %s or 48000f", value,
                     examples_of_time);
    }
    o->has_duration = true;
    return true;
}

bool value_wait(struct options *o, const char *value, struct fault *f)
{
    struct duration d = {0};
    if (value != NULL && !check_longest(value, "wait", f)) {
        return false;
    }
    if (value && (!duration_parse(value, false, &d) || d.is_frames)) {
        return usage(f, "'%s' is no time; use --wait with one like %s, or none",
                     value, examples_of_time);
    }
    o->wait = true;
    o->wait_ns = d.ns;
    return true;
}

bool value_sync(struct options *o, const char *value, struct fault *f)
{
    struct duration d;
    if (strcmp(value, "0") == 0) {
        o->sync_ns = 0;
        return true;
    }
    if (!duration_parse(value, false, &d) || d.is_frames ||
        d.ns < SINK_SYNC_MIN_NS || d.ns > sync_max_ns) {
        return usage(f,
                     "'%s' is no time from 1s to 1h; use --sync with one, or "
                     "0 for never",
                     value);
    }
    o->sync_ns = d.ns;
    return true;
}

bool value_buffer(struct options *o, const char *value, struct fault *f)
{
    struct duration d = {.ns = INT64_MAX};
    if (!duration_is_too_long(value) &&
        (!duration_parse(value, false, &d) || d.is_frames)) {
        return usage(f,
                     "'%s' is no time; use --buffer with one like 10s or "
                     "500ms",
                     value);
    }
    if (d.ns < buffer_min_ns || d.ns > buffer_max_ns) {
        return usage(f, "--buffer=%s is out of range; use 10ms to 10m", value);
    }
    o->buffer_ns = d.ns;
    return true;
}

/* A size, or else a time. */
bool value_split(struct options *o, const char *value, struct fault *f)
{
    o->has_split = false;
    o->split_bytes = 0;
    if (size_parse(value, &o->split_bytes)) {
        return o->split_bytes >= SEGMENTS_LEAST_BYTES ||
               usage(f, "--split=%s is too small; use 1M or more", value);
    }
    if (!check_longest(value, "split", f)) {
        return false;
    }
    if (!duration_parse(value, false, &o->split)) {
        return usage(f,
                     "'%s' is no time and no size; use --split with one like "
                     "10m or 1h30m, or 500M, 1.5G or 700MiB",
                     value);
    }
    o->has_split = true;
    if (o->split.is_frames ? o->split.frames < split_min_frames
                           : o->split.ns < split_min_ns) {
        return usage(f, "--split=%s is too short; use 100ms or 1000f or more",
                     value);
    }
    return true;
}

/* A plain number is one of files. */
bool value_keep(struct options *o, const char *value, struct fault *f)
{
    size_t digits = strspn(value, "0123456789");
    o->keep_files = 0;
    o->keep_bytes = 0;
    o->keeps_time = false;
    if (digits > 0 && digits <= 9 && value[digits] == '\0') {
        o->keep_files = (unsigned)atoi(value);
        return o->keep_files > 0 ||
               usage(f, "--keep=0 keeps nothing; use 1 or more");
    }
    if (size_parse(value, &o->keep_bytes)) {
        return o->keep_bytes >= SEGMENTS_LEAST_BYTES ||
               usage(f, "--keep=%s is too small; use 1M or more", value);
    }
    if (value[digits] != '\0' && !check_longest(value, "keep", f)) {
        return false;
    }
    o->keeps_time = duration_parse(value, false, &o->keep);
    return o->keeps_time ||
           usage(f,
                 "'%s' is no number of files, size or time; use --keep with "
                 "one like 24, 10G or 7d",
                 value);
}

bool value_fallback(struct options *o, const char *value, struct fault *f)
{
    if (*value == '\0') {
        return usage(f, "--fallback is empty; name a folder on another disk");
    }
    o->fallback = value;
    return true;
}

/* KEY=VALUE; the last of a key counts. */
bool value_tag(struct options *o, const char *value, struct fault *f)
{
    size_t length = strcspn(value, "=");
    if (value[length] == '\0') {
        return usage(f,
                     "'%s' is no tag; use --tag=KEY=VALUE, as in "
                     "--tag=title=Lecture",
                     value);
    }
    enum sink_tag tag = sink_tag_parse(value, length);
    if (tag == SINK_TAG_COUNT) {
        return usage(f, "no tag is called '%.*s'; use one of %s",
                     length < 40 ? (int)length : 40, value, sink_tag_names());
    }
    const char *text = value + length + 1;
    if (strlen(text) > SINK_TAG_BYTES) {
        return usage(f, "the tag %s is %u bytes long; use %d at most",
                     sink_tag_name(tag), (unsigned)strlen(text),
                     SINK_TAG_BYTES);
    }
    if (!text_is_utf8(text)) {
        return usage(f, "the tag %s is not UTF-8: '%s'", sink_tag_name(tag),
                     text);
    }
    o->tags.value[tag] = text;
    return true;
}
