/* script: reads the file that describes the machine. See README.md. Once, by
 * the first thread that uses the DLL. */
#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fakes/mmdevapi/check.h"
#include "fakes/mmdevapi/words.h"

_Noreturn void script_die(int line, const char *format, ...)
{
    char what[700], text[1024], name[MAX_PATH] = "the script";
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    GetEnvironmentVariableA("LOOPREC_FAKE_SCRIPT", name, sizeof(name));
    snprintf(text, sizeof(text), "fake: %s:%d: %s", name, line, what);
    log_error(text);
    TerminateProcess(GetCurrentProcess(), 70);
    abort();
}

/* --- words --- */

const char *words_take(struct words *s, const char *what)
{
    if (!words_more(s))
        script_die(s->line, "%s is missing", what);
    return s->word[s->next++];
}

bool words_match(struct words *s, const char *text)
{
    if (!words_more(s) || strcmp(s->word[s->next], text) != 0)
        return false;
    s->next++;
    return true;
}

int words_choice(struct words *s, const char *const *texts, const char *what)
{
    const char *word = words_take(s, what);

    for (int i = 0; texts[i]; i++)
        if (strcmp(texts[i], word) == 0)
            return i;
    script_die(s->line, "'%s' is no %s", word, what);
}

bool words_on_off(struct words *s)
{
    static const char *const texts[] = {"off", "on", NULL};

    return words_choice(s, texts, "'on' or 'off'") == 1;
}

double words_number(struct words *s, const char *what)
{
    const char *word = words_take(s, what);
    char *end;
    double value = strtod(word, &end);

    if (end == word || *end)
        script_die(s->line, "'%s' is no %s", word, what);
    return value;
}

uint32_t words_count(struct words *s, const char *what, uint32_t most)
{
    const char *word = words_take(s, what);
    char *end;
    unsigned long long value = strtoull(word, &end, 0);

    if (!isdigit((unsigned char)*word) || *end || value > most)
        script_die(s->line, "'%s' is no %s", word, what);
    return (uint32_t)value;
}

int64_t words_time(struct words *s)
{
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}};
    const char *word = words_take(s, "a time");
    char *end;
    double value = strtod(word, &end);

    for (size_t i = 0; end != word && i < COUNT_OF(units); i++)
        if (strcmp(end, units[i].unit) == 0)
            return (int64_t)(value * units[i].seconds * UNITS_PER_S +
                             (value < 0 ? -0.5 : 0.5));
    script_die(s->line, "'%s' is no time: 480ms, 2.5s, 10m, 1h", word);
}

static const struct {
    const char *name;
    HRESULT hr;
} results[] = {
    {"S_OK", S_OK},
    {"S_FALSE", S_FALSE},
    {"S_BUFFER_EMPTY", AUDCLNT_S_BUFFER_EMPTY},
    {"E_NOTIMPL", E_NOTIMPL},
    {"E_FAIL", E_FAIL},
    {"E_INVALIDARG", E_INVALIDARG},
    {"E_NOINTERFACE", E_NOINTERFACE},
    {"E_OUTOFMEMORY", E_OUTOFMEMORY},
    {"E_ACCESSDENIED", E_ACCESSDENIED},
    {"E_UNEXPECTED", E_UNEXPECTED},
    {"E_NOTFOUND", FAKE_E_NOTFOUND},
    {"E_FILE_NOT_FOUND", FAKE_E_FILE_NOT_FOUND},
    {"E_NOT_INITIALIZED", AUDCLNT_E_NOT_INITIALIZED},
    {"E_ALREADY_INITIALIZED", AUDCLNT_E_ALREADY_INITIALIZED},
    {"E_WRONG_ENDPOINT_TYPE", AUDCLNT_E_WRONG_ENDPOINT_TYPE},
    {"E_DEVICE_INVALIDATED", AUDCLNT_E_DEVICE_INVALIDATED},
    {"E_OUT_OF_ORDER", AUDCLNT_E_OUT_OF_ORDER},
    {"E_UNSUPPORTED_FORMAT", AUDCLNT_E_UNSUPPORTED_FORMAT},
    {"E_DEVICE_IN_USE", AUDCLNT_E_DEVICE_IN_USE},
    {"E_BUFFER_OPERATION_PENDING", AUDCLNT_E_BUFFER_OPERATION_PENDING},
    {"E_ENDPOINT_CREATE_FAILED", AUDCLNT_E_ENDPOINT_CREATE_FAILED},
    {"E_SERVICE_NOT_RUNNING", AUDCLNT_E_SERVICE_NOT_RUNNING},
    {"E_BUFFER_SIZE_ERROR", AUDCLNT_E_BUFFER_SIZE_ERROR},
    {"E_BUFFER_ERROR", AUDCLNT_E_BUFFER_ERROR},
    {"E_INVALID_STREAM_FLAG", AUDCLNT_E_INVALID_STREAM_FLAG},
    {"E_RESOURCES_INVALIDATED", AUDCLNT_E_RESOURCES_INVALIDATED},
};

bool words_has_hresult(const struct words *s)
{
    const char *word = words_more(s) ? s->word[s->next] : "";

    return strncmp(word, "0x", 2) == 0 || strncmp(word, "E_", 2) == 0 ||
           strncmp(word, "S_", 2) == 0;
}

HRESULT words_hresult(struct words *s)
{
    const char *word = words_take(s, "an HRESULT");
    char *end;
    unsigned long value = strtoul(word, &end, 16);

    if (strncmp(word, "0x", 2) == 0 && !*end)
        return (HRESULT)value;
    for (size_t i = 0; i < COUNT_OF(results); i++)
        if (strcmp(results[i].name, word) == 0)
            return results[i].hr;
    script_die(s->line, "'%s' is no HRESULT that is known", word);
}

unsigned words_times(struct words *s)
{
    if (words_match(s, "always"))
        return UINT_MAX;
    if (!words_more(s) || !isdigit((unsigned char)*s->word[s->next]))
        return 1;
    return words_count(s, "number of times", 1000000);
}

struct endpoint *words_endpoint(struct words *s)
{
    const char *id = words_take(s, "an endpoint");
    struct endpoint *e = world_endpoint(id);

    if (!e)
        script_die(s->line, "there is no endpoint '%s' above", id);
    return e;
}

enum method words_method(struct words *s)
{
    const char *name = words_take(s, "a method");
    enum method method = method_find(name);

    if (method == CALLS)
        script_die(s->line, "there is no method '%s'", name);
    return method;
}

void words_end(const struct words *s)
{
    if (words_more(s))
        script_die(s->line, "'%s' is not understood here", s->word[s->next]);
}

/* --- statements --- */

void action_run(struct world *w, struct action *a, bool dry, int64_t now)
{
    struct doing d = {.world = w,
                      .words = {a->line, a->words, 0, a->word},
                      .dry = dry,
                      .first = a->when == WHEN_NOW,
                      .now = now};
    const char *verb = words_take(&d.words, "a statement");

    if (!machine_statement(&d, verb) && !fault_statement(&d, verb) &&
        !change_statement(&d, verb) && !number_statement(&d, verb))
        script_die(a->line, "'%s' is no statement", verb);
    words_end(&d.words);
}

/* `at TIME`, `on EVENT [N] [after TIME]`: taken off the front. */
static void read_when(struct action *a)
{
    struct words s = {a->line, a->words, 0, a->word};

    if (words_match(&s, "at")) {
        a->when = WHEN_AT;
        a->at = words_time(&s);
    } else if (words_match(&s, "on")) {
        a->when = WHEN_ON;
        a->open = words_match(&s, "open");
        a->method = a->open ? CALL_Start : words_method(&s);
        a->count = words_times(&s);
        if (words_match(&s, "after"))
            a->after = words_time(&s);
    }
    a->words -= s.next;
    memmove(a->word, a->word + s.next, sizeof(*a->word) * (size_t)a->words);
}

/* Cut LINE into words, in place. */
static void split(struct action *a, char *p)
{
    while (*(p += strspn(p, " \t\r")) && *p != '#') {
        if (a->words == WORDS_MAX)
            script_die(a->line, "too many words");
        if (*p == '"') {
            char *end = strchr(++p, '"');

            if (!end)
                script_die(a->line, "a text without an end");
            *end = '\0';
            a->word[a->words++] = p;
            p = end + 1;
        } else {
            a->word[a->words++] = p;
            p += strcspn(p, " \t\r");
            if (*p)
                *p++ = '\0';
        }
    }
}

static void read_line(struct world *w, int line, char *text)
{
    struct action a = {.line = line};

    split(&a, text);
    if (!a.words)
        return;
    read_when(&a);
    action_run(w, &a, a.when != WHEN_NOW, 0);
    if (a.when == WHEN_NOW)
        return;
    if (w->action_count == ACTIONS_MAX)
        script_die(line, "too many actions");
    w->actions[w->action_count++] = a;
}

/* The whole file, which stays: actions point into it. */
static char *load(const char *path)
{
    char name[MAX_PATH + 2] = "Z:";
    FILE *file;
    char *text = NULL;
    long size;

    strncat(name, path, MAX_PATH - 3);
    file = fopen(path[0] == '/' ? name : path, "rb");
    if (file && fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0 &&
        (text = calloc(1, (size_t)size + 1)) != NULL) {
        rewind(file);
        if (fread(text, 1, (size_t)size, file) != (size_t)size)
            script_die(0, "it cannot be read");
    }
    if (!text)
        script_die(0, "it cannot be opened");
    fclose(file);
    return text;
}

static void read_text(struct world *w, char *text)
{
    int line = 1;

    for (char *p = text; p; line++) {
        char *end = strchr(p, '\n');

        if (end)
            *end++ = '\0';
        read_line(w, line, p);
        p = end;
    }
}

void script_read(struct world *w, const char *path)
{
    static char first[] = "endpoint process idle nothing";
    static char alone[] = "endpoint speakers";

    read_line(w, 0, first);
    w->endpoints[0].faults.position = POSITION_ZERO;
    w->endpoints[0].capture = true; /* nobody finds it among the outputs */
    w->default_capture = -1;
    read_text(w, path[0] ? load(path) : alone);
}
