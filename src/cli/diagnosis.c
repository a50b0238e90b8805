/* diagnosis: what --doctor tells; see doctor.h. Main thread. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/doctor.h"
#include "cli/message.h"
#include "core/json.h"
#include "core/levels.h"
#include "core/text.h"

/* CHECKUP_TROUBLES_MAX troubles of two texts each, and the names, six times as
 * many where each byte is escaped. */
enum { OBJECT_MAX = 65536 };

static bool is_found(const struct diagnosis *d)
{
    return d->recorded && d->chirp.found;
}

static int exit_code(const struct diagnosis *d)
{
    return d->fault.err != ERR_OK ? error_exit_code(d->fault.err)
           : is_found(d)          ? 0
                                  : 1;
}

static double level_db(const struct diagnosis *d)
{
    return level_dbfs(fabs(d->chirp.gain));
}

static bool is_default(const struct diagnosis *d)
{
    return strcmp(d->checkup.default_id, d->facts.info.device_id) == 0;
}

static const char *sndfile_version(void)
{
    const char *version = sink_type_library(SINK_FLAC);
    return version != NULL ? version : "libsndfile";
}

/* --- for people --- */

/* A line of the report: TEXT is raw. */
static void put(const char *head, const char *text)
{
    char line[1024];
    printf("%-9s %s\n", head, text_printable(line, sizeof line, text));
}

static void put_device(const struct diagnosis *d)
{
    const struct source_info *info = &d->facts.info;
    const struct checkup *c = &d->checkup;
    char text[1024], other[320] = "";
    if (c->default_id[0] != '\0' && !is_default(d)) {
        snprintf(other, sizeof other, "; the default output is %s",
                 c->default_name);
    }
    snprintf(text, sizeof text, "%s (%s)%s%s", info->device_name,
             info->device_id, is_default(d) ? ", the default output" : "",
             other);
    put("device", text);
    snprintf(text, sizeof text, "%u Hz, %u channel%s, %s",
             (unsigned)info->format.rate, (unsigned)info->format.channels,
             info->format.channels == 1 ? "" : "s",
             sample_name(info->format.native));
    put("format", text);
    if (c->volume >= 0.0) {
        snprintf(text, sizeof text, "%s%.1f dB", c->muted ? "muted, " : "",
                 level_shown(level_dbfs(c->volume)));
        put("volume", c->volume > 0.0 ? text : c->muted ? "muted, 0" : "0");
    }
}

static void put_versions(const struct diagnosis *d)
{
    const struct checkup *c = &d->checkup;
    char text[1024];
    snprintf(text, sizeof text, "looprec %s, %s%s%s%s%s", LOOPREC_VERSION,
             sndfile_version(), c->library[0] != '\0' ? ", " : "", c->library,
             c->server[0] != '\0' ? ", " : "", c->server);
    put("versions", text);
}

static void put_sound(const struct diagnosis *d)
{
    char text[320];
    if (!is_found(d)) {
        put("sound", "not found in the recording");
        return;
    }
    snprintf(text, sizeof text,
             "found in %u of %u channel%s, at %.1f dB of what was played%s",
             d->channels_found, d->channels_searched,
             d->channels_searched == 1 ? "" : "s", level_shown(level_db(d)),
             d->chirp.gain < 0.0 ? ", upside down" : "");
    put("sound", text);
    snprintf(
        text, sizeof text,
        "%.1f ms from the player's write to the recording, %.1f ms of them "
        "in the player's own buffer",
        d->latency_ms, (double)d->played.queued_ns / 1e6);
    put("latency", text);
}

static void put_troubles(const struct diagnosis *d)
{
    for (unsigned i = 0; i < d->checkup.trouble_count; i++) {
        const struct trouble *t = &d->checkup.troubles[i];
        put(is_found(d) ? "note" : "trouble", t->text);
        if (t->remedy[0] != '\0') {
            put("", t->remedy);
        }
    }
}

/* --- for scripts --- */

static void string_or_null(struct json *j, const char *key, const char *value)
{
    if (value[0] != '\0') {
        json_string(j, key, value);
    } else {
        json_null(j, key);
    }
}

static void number_or_null(struct json *j, const char *key, bool known,
                           double value)
{
    if (known) {
        json_number(j, key, value, 2);
    } else {
        json_null(j, key);
    }
}

/* What was looked for and not found is in 0 channels; whether it is upside down
 * only the found one tells. */
static void add_sound(struct json *j, const struct diagnosis *d)
{
    bool found = is_found(d);
    json_bool(j, "found", found);
    number_or_null(j, "latency_ms", found, d->latency_ms);
    number_or_null(j, "buffer_ms", found, (double)d->played.queued_ns / 1e6);
    number_or_null(j, "level_db", found, level_db(d));
    if (found) {
        json_bool(j, "inverted", d->chirp.gain < 0.0);
    } else {
        json_null(j, "inverted");
    }
    if (d->recorded) {
        json_uint(j, "channels_found", d->channels_found);
    } else {
        json_null(j, "channels_found");
    }
}

static void add_output(struct json *j, const struct diagnosis *d)
{
    const struct checkup *c = &d->checkup;
    json_string(j, "device_id", d->facts.info.device_id);
    json_string(j, "device_name", d->facts.info.device_name);
    json_bool(j, "default", is_default(d));
    string_or_null(j, "state", c->state != NULL ? c->state : "");
    json_bool(j, "muted", c->muted);
    number_or_null(j, "volume_db", c->volume >= 0.0,
                   level_dbfs(c->volume)); /* of 0: null */
    json_uint(j, "rate", d->facts.info.format.rate);
    json_uint(j, "channels", d->facts.info.format.channels);
    json_string(j, "format", sample_name(d->facts.info.format.native));
}

static void add_trouble(struct json *j, const char *code, const char *text,
                        const char *remedy)
{
    json_open_object(j, NULL);
    json_string(j, "code", code);
    json_string(j, "text", text);
    string_or_null(j, "remedy", remedy);
    json_close_object(j);
}

static void add_troubles(struct json *j, const struct diagnosis *d)
{
    json_open_array(j, "troubles");
    if (d->fault.err != ERR_OK) {
        char text[sizeof(struct fault) + 256];
        struct fault bare = d->fault;
        bare.hint[0] = '\0';
        message_describe(text, sizeof text, &bare);
        add_trouble(j, error_name(d->fault.err), text, d->fault.hint);
    }
    for (unsigned i = 0; i < d->checkup.trouble_count; i++) {
        const struct trouble *t = &d->checkup.troubles[i];
        add_trouble(j, t->code, t->text, t->remedy);
    }
    json_close_array(j);
}

static void add_versions(struct json *j, const struct diagnosis *d)
{
    json_open_object(j, "versions");
    json_string(j, "looprec", LOOPREC_VERSION);
    json_string(j, "sndfile", sndfile_version());
    string_or_null(j, "pulse", d->checkup.library);
    string_or_null(j, "system", d->checkup.server);
    json_close_object(j);
}

static void tell_json(const struct diagnosis *d)
{
    char buffer[OBJECT_MAX];
    struct json j;
    json_init(&j, buffer, sizeof buffer);
    json_open_object(&j, NULL);
    add_sound(&j, d);
    if (d->recorded) {
        add_output(&j, d);
    }
    add_versions(&j, d);
    add_troubles(&j, d);
    json_int(&j, "exit", exit_code(d));
    json_close_object(&j);
    const char *line = json_line(&j);
    puts(line != NULL ? line : "{}");
}

int diagnosis_tell(const struct diagnosis *d)
{
    int code = exit_code(d);
    if (d->o->json) {
        tell_json(d);
    } else if (d->recorded) {
        put_device(d);
        put_versions(d);
        put_sound(d);
        put_troubles(d);
    }
    int written = message_flush_stdout();
    if (d->fault.err != ERR_OK) {
        message_fault(&d->fault);
    } else if (code != 0 && d->checkup.trouble_count > 0) {
        message_error("the sound was not found in the recording: %s",
                      d->checkup.troubles[0].text);
    }
    return code != 0 ? code : written;
}
