/* player: see player.h. Every string here comes from any client of the server,
 * or from any process: data, copied with a bound. */
#include "source/pulse/player.h"

#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "source/pulse/link.h"

static const char *one(const pa_proplist *p, const char *key)
{
    const char *value = p == NULL ? NULL : pa_proplist_gets(p, key);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* The stream's own word, else its client's; NULL: neither has one. */
static const char *property(const struct player_facts *facts, const char *key)
{
    const char *value = one(facts->stream, key);
    return value != NULL ? value : one(facts->client, key);
}

/* A process's number in full; 0: none. */
static uint32_t number_of(const char *text)
{
    uint64_t number = 0;
    for (; text != NULL && *text != '\0'; text++) {
        if (*text < '0' || *text > '9') {
            return 0;
        }
        number = number * 10 + (uint64_t)(*text - '0');
        if (number > INT32_MAX) {
            return 0;
        }
    }
    return (uint32_t)number;
}

static const char *without_folder(const char *path)
{
    const char *slash = path == NULL ? NULL : strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* The process whose number is the server's own word; 0: it has none. */
static uint32_t trusted_id(const struct player_facts *facts)
{
    const char *api = one(facts->client, "client.api");
    if (!facts->pipewire ||
        (api != NULL && strcmp(api, "pipewire-pulse") == 0)) {
        return 0;
    }
    return number_of(one(facts->client, "pipewire.sec.pid"));
}

/* Is P what a client that declares BINARY would be? The name that a process
 * has given itself (proc(5), comm) is cut after 15 bytes. */
static bool is_declared(const struct process_entry *p, const char *binary)
{
    return binary == NULL || binary[0] == '\0' ||
           strcmp(binary, p->name) == 0 ||
           (p->command[0] != '\0' && strncmp(binary, p->command, 15) == 0);
}

static void describe_process(const struct player_facts *facts,
                             struct player *out)
{
    const char *host = property(facts, PA_PROP_APPLICATION_PROCESS_HOST);
    const char *binary =
        without_folder(property(facts, PA_PROP_APPLICATION_PROCESS_BINARY));
    bool here =
        facts->host != NULL && (host == NULL || strcmp(host, facts->host) == 0);
    uint32_t trusted = trusted_id(facts);
    uint32_t declared =
        number_of(property(facts, PA_PROP_APPLICATION_PROCESS_ID));
    struct process_entry p = {.name = ""};

    text_copy(out->executable, sizeof out->executable, binary);
    if (here && trusted > 0 && facts->process(trusted, &p)) {
        out->process_id = trusted;
    } else if (here && declared > 0 && facts->process(declared, &p) &&
               is_declared(&p, binary)) {
        out->process_id = declared;
    } else {
        return;
    }
    if (!p.unnamed || out->executable[0] == '\0' || !is_declared(&p, binary)) {
        text_copy(out->executable, sizeof out->executable, p.name);
    }
}

static void describe_name(const struct player_facts *facts, struct player *out)
{
    const char *const names[] = {
        property(facts, PA_PROP_APPLICATION_NAME),
        property(facts, PA_PROP_MEDIA_NAME),
        facts->stream_name,
        facts->client_name,
        out->executable,
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i] != NULL && names[i][0] != '\0') {
            text_copy(out->name, sizeof out->name, names[i]);
            return;
        }
    }
    if (out->process_id > 0) {
        (void)snprintf(out->name, sizeof out->name, "process %lu",
                       (unsigned long)out->process_id);
    } else {
        text_copy(out->name, sizeof out->name, "unknown");
    }
}

static bool ours(const pa_proplist *p)
{
    const char *id = one(p, PA_PROP_APPLICATION_ID);
    return id != NULL && strcmp(id, LINK_APPLICATION_ID) == 0;
}

void player_describe(const struct player_facts *facts, struct player *out)
{
    const char *role = property(facts, PA_PROP_MEDIA_ROLE);
    *out = (struct player){.process_id = 0};
    out->is_system = role != NULL && strcmp(role, "event") == 0;
    out->is_ours = ours(facts->client) || ours(facts->stream);
    text_copy(out->application, sizeof out->application,
              property(facts, PA_PROP_APPLICATION_NAME));
    describe_process(facts, out);
    describe_name(facts, out);
}
