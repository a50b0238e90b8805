/* test_pulse_player: who plays a stream, from the property lists that a sound
 * server gives, and what becomes of lists that lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "source/pulse/player.h"

/* The processes of the machine in these tests. */
static bool process(uint32_t id, struct process_entry *out)
{
    static const struct {
        uint32_t id;
        const char *executable, *command;
    } all[] = {
        {2, NULL, "kthreadd"},
        {100, "pacat", "paplay"},
        {200, "firefox-bin", "Web Content"},
        {300, NULL, "a-very-long-nam"}, /* another user's */
        {400, "pipewire", "pipewire-pulse"},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i].id == id) {
            const char *file = all[i].executable;
            *out = (struct process_entry){.pid = id, .unnamed = file == NULL};
            (void)snprintf(out->name, sizeof out->name, "%s",
                           file == NULL ? all[i].command : file);
            (void)snprintf(out->command, sizeof out->command, "%s",
                           all[i].command);
            return true;
        }
    }
    return false;
}

/* "key=value|key=value" */
static pa_proplist *list_of(const char *text)
{
    char copy[1024];
    pa_proplist *p = pa_proplist_new();
    assert_non_null(p);
    assert_in_range(strlen(text), 0, sizeof copy - 1);
    memcpy(copy, text, strlen(text) + 1);
    for (char *at = copy, *rest = NULL; (at = strtok_r(at, "|", &rest)) != NULL;
         at = NULL) {
        char *value = strchr(at, '=');
        assert_non_null(value);
        *value++ = '\0';
        assert_int_equal(pa_proplist_sets(p, at, value), 0);
    }
    return p;
}

static struct player described(const char *stream, const char *client,
                               bool pipewire, const char *host)
{
    struct player a;
    memset(&a, 0, sizeof a);
    pa_proplist *of_stream = list_of(stream), *of_client = list_of(client);
    const struct player_facts facts = {
        .stream = of_stream,
        .client = of_client,
        .pipewire = pipewire,
        .host = host,
        .process = process,
    };
    player_describe(&facts, &a);
    pa_proplist_free(of_stream);
    pa_proplist_free(of_client);
    return a;
}

#define ID     "application.process.id="
#define BINARY "|application.process.binary="

static void shows(struct player a, uint32_t id, const char *executable)
{
    assert_int_equal(a.process_id, id);
    assert_string_equal(a.executable, executable);
}

static void a_number_counts_where_its_process_is_there(void **state)
{
    (void)state;
    shows(described(ID "100" BINARY "pacat", "", false, "here"), 100, "pacat");
    /* the client's word where the stream has none */
    shows(described("", ID "100" BINARY "pacat", false, "here"), 100, "pacat");
    /* the file's name wins over the declared one, a folder is none of it */
    shows(described(ID "100" BINARY "/usr/bin/paplay", "", false, "here"), 100,
          "pacat");
    shows(described(ID "100", "", false, "here"), 100, "pacat");
    /* a process whose file may not be known: its name, cut by the kernel */
    shows(described(ID "300" BINARY "a-very-long-name", "", false, "here"), 300,
          "a-very-long-name");
    shows(described(ID "300", "", false, "here"), 300, "a-very-long-nam");
}

static void a_number_that_fits_nothing_is_left_out(void **state)
{
    (void)state;
    /* a sandbox's own count: 2 is somebody else here */
    shows(described(ID "2" BINARY "spotify", "", false, "here"), 0, "spotify");
    shows(described(ID "999" BINARY "gone", "", false, "here"), 0, "gone");
    /* another machine's client, another machine's server */
    shows(described(ID "100" BINARY "pacat|application.process.host=there", "",
                    false, "here"),
          0, "pacat");
    shows(described(ID "100" BINARY "pacat", "", false, NULL), 0, "pacat");
    static const char *const nonsense[] = {
        "0",          "-1",
        "+100",       " 100",
        "100 ",       "1e2",
        "0x64",       "100.0",
        "x",          "99999999999999999999999999999999",
        "4294967396", "2147483648",
    };
    for (size_t i = 0; i < sizeof nonsense / sizeof nonsense[0]; i++) {
        char text[128];
        (void)snprintf(text, sizeof text, ID "%s", nonsense[i]);
        shows(described(text, "", false, "here"), 0, "");
    }
}

static void the_servers_word_comes_first(void **state)
{
    (void)state;
    /* PipeWire's own client, whatever it declares */
    shows(described(ID "100" BINARY "pacat",
                    "pipewire.sec.pid=200|" ID "100" BINARY "pacat", true,
                    "here"),
          200, "firefox-bin");
    shows(described("", "pipewire.sec.pid=300|" ID "7" BINARY "liar", true,
                    "here"),
          300, "a-very-long-nam");
    /* pipewire-pulse's client: the number is pipewire-pulse's */
    shows(described("",
                    "client.api=pipewire-pulse|pipewire.sec.pid=400|" ID
                    "100" BINARY "pacat",
                    true, "here"),
          100, "pacat");
    /* PulseAudio: a client may write there what it likes; so may a stream */
    shows(described("", "pipewire.sec.pid=200|" ID "100" BINARY "pacat", false,
                    "here"),
          100, "pacat");
    shows(described("pipewire.sec.pid=200", ID "100" BINARY "pacat", true,
                    "here"),
          100, "pacat");
    /* no process of that number here: what is declared */
    shows(described("", "pipewire.sec.pid=999|" ID "100" BINARY "pacat", true,
                    "here"),
          100, "pacat");
}

static void names_come_in_this_order(void **state)
{
    (void)state;
    assert_string_equal(described("application.name=Player|media.name=A song",
                                  "application.name=Library", false, "here")
                            .name,
                        "Player");
    assert_string_equal(described("media.name=A song",
                                  "application.name=Library", false, "here")
                            .name,
                        "Library");
    assert_string_equal(
        described("media.name=A song|application.name=", "", false, "here")
            .name,
        "A song");
    assert_string_equal(described(ID "100", "", false, "here").name, "pacat");
    assert_string_equal(described("", "", false, "here").name, "unknown");
    struct player a = {.process_id = 1};
    struct player_facts facts = {.process = process, .client_name = "a client"};
    player_describe(&facts, &a); /* no property lists at all */
    assert_string_equal(a.name, "a client");
    assert_int_equal(a.process_id, 0);
    facts.stream_name = "a stream";
    player_describe(&facts, &a);
    assert_string_equal(a.name, "a stream");
}

/* The name by which it can be asked for is its own word alone. */
static void an_application_is_what_calls_itself_so(void **state)
{
    (void)state;
    assert_string_equal(described("application.name=Player|media.name=A song",
                                  "application.name=Library", false, "here")
                            .application,
                        "Player");
    assert_string_equal(described("media.name=A song",
                                  "application.name=Library", false, "here")
                            .application,
                        "Library");
    assert_string_equal(
        described("media.name=A song|" ID "100", "", false, "here").application,
        "");
}

static void our_own_are_known(void **state)
{
    (void)state;
    assert_true(described("", "application.id=looprec", false, "here").is_ours);
    assert_true(described("application.id=looprec", "application.id=other",
                          false, "here")
                    .is_ours);
    assert_false(described("application.name=looprec",
                           "application.id=looprec-not", false, "here")
                     .is_ours);
}

static void events_are_the_systems(void **state)
{
    (void)state;
    assert_true(described("media.role=event", "", false, "here").is_system);
    assert_false(described("media.role=music", "", false, "here").is_system);
    assert_false(described("", "", false, "here").is_system);
}

/* Too long, cut within a character, folders without end. */
static void hostile_names_are_cut(void **state)
{
    (void)state;
    char text[700] = "application.name=";
    size_t begin = strlen(text);
    for (size_t i = begin; i + 3 < 690; i += 3) {
        memcpy(text + i, "\xe2\x82\xac", 4); /* the sign of the euro */
    }
    struct player a = described(text, "", false, "here");
    assert_int_equal(strlen(a.name), 255);
    assert_memory_equal(a.name, text + begin, 255);
    shows(described("application.process.binary=///", "", false, "here"), 0,
          "");
    shows(described("application.process.binary=../../x\033[2J", "", false,
                    "here"),
          0, "x\033[2J"); /* raw: who prints it makes it safe */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_counts_where_its_process_is_there),
        cmocka_unit_test(a_number_that_fits_nothing_is_left_out),
        cmocka_unit_test(the_servers_word_comes_first),
        cmocka_unit_test(names_come_in_this_order),
        cmocka_unit_test(an_application_is_what_calls_itself_so),
        cmocka_unit_test(our_own_are_known),
        cmocka_unit_test(events_are_the_systems),
        cmocka_unit_test(hostile_names_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
