/* test_pulse_who_else: which streams a number means, a command, an application
 * without a process, or all but some. */
#include "machine.h"

/* --- by number --- */

static void a_number_is_that_process_alone(void **state)
{
    struct machine *m = *state;
    struct who_stream *s = plays(m, 11, ""), *other = plays(m, 20, "10");
    ask(m, SCOPE_APP, "10", NULL);
    assert_true(begin(m));
    assert_true(s->wanted);
    assert_false(other->wanted);
    stops(m, s);
    dies(m, 10, 1);
    dies(m, 11, 1);
    /* the number is somebody else's now */
    runs(m, 10, 5, "mpv")->born = 9999;
    s = plays(m, 10, "mpv");
    begins(m, s);
    assert_false(s->wanted);
    assert_int_equal(looks(m), WHO_HAS_ENDED);
    assert_false(begin(m));
    assert_int_equal(m->fault.err, ERR_NO_APP);
}

static void what_the_server_does_not_tell_is_told(void **state)
{
    struct machine *m = *state;
    plays(m, 0, "Spotify");
    plays(m, 0, "")->relay = true;
    ask(m, SCOPE_APP, "4711", NULL);
    assert_false(begin(m));
    assert_int_equal(m->fault.err, ERR_NO_APP);
    assert_non_null(strstr(m->fault.detail, "4711"));
    assert_non_null(
        strstr(m->fault.detail, "does not tell the process of: Spotify"));
    assert_string_equal(m->fault.hint, "try --app=NAME");
    /* it runs, but what plays may be it, sandboxed */
    ask(m, SCOPE_APP, "30", NULL);
    assert_true(begin(m));
    assert_true(is_told(m, "--app=Spotify"));
}

/* --- without a process --- */

static void several_without_a_process_are_one(void **state)
{
    struct machine *m = *state;
    struct who_stream *a = plays(m, 0, "Spotify"), *b = plays(m, 0, "spotify");
    struct who_stream *other = plays(m, 0, "Other");
    ask(m, SCOPE_APP, "SPOTIFY", NULL);
    m->request.until_exit = true;
    assert_true(begin(m));
    assert_true(a->wanted && b->wanted);
    assert_false(other->wanted);
    stops(m, other);
    stops(m, b);
    a->input = WHO_PLAYS_NOTHING; /* between two songs it is connected */
    assert_int_equal(looks(m), WHO_GOES_ON);
    assert_false(a->wanted);
    assert_int_equal(looks(m), WHO_GOES_ON);
    stops(m, a);
    assert_int_equal(looks(m), WHO_HAS_ENDED);
    assert_true(begin(m)); /* a new server: it may come back */
    assert_int_equal(looks(m), WHO_GOES_ON);
}

static void one_with_and_one_without_are_two(void **state)
{
    struct machine *m = *state;
    plays(m, 0, "Spotify");
    plays(m, 51, "Spotify");
    ask(m, SCOPE_APP, "spotify", NULL);
    assert_false(begin(m));
    assert_int_equal(m->fault.err, ERR_APP_AMBIGUOUS);
    assert_non_null(strstr(m->fault.detail, "Spotify (process unknown)"));
    assert_non_null(strstr(m->fault.detail, "python3.11 (pid 51)"));
}

static void who_is_connected_runs(void **state)
{
    struct machine *m = *state;
    struct who_stream *client = plays(m, 31, "Firefox");
    client->input = WHO_PLAYS_NOTHING;
    ask(m, SCOPE_APP, "firefox", NULL);
    assert_true(begin(m));
    assert_false(client->wanted);
    struct who_stream *s = plays(m, 31, "Firefox");
    begins(m, s);
    assert_true(s->wanted);
}

/* --- a command --- */

static void a_command_is_all_that_descends_from_us(void **state)
{
    struct machine *m = *state;
    runs(m, 900, OWN, "sh");
    runs(m, 910, OWN, "sleep"); /* a job of the shell that became looprec */
    runs(m, 911, 910, "aplay");
    struct who_stream *stranger = plays(m, 911, "aplay");
    struct who_stream *other = plays(m, 10, "mpv");
    ask(m, SCOPE_APP, NULL, NULL);
    m->request.process_id = 900;
    assert_true(begin(m));
    runs(m, 920, 900, "mpv");
    struct who_stream *s = plays(m, 920, "mpv");
    begins(m, s);
    assert_true(s->wanted);
    assert_false(other->wanted);
    assert_false(stranger->wanted);
    dies(m, 900, OWN); /* its orphans become ours */
    struct who_stream *t = plays(m, 920, "mpv");
    begins(m, t);
    assert_true(t->wanted);
    stops(m, t);
    stops(m, s);
    dies(m, 920, 1);
    assert_int_equal(looks(m), WHO_GOES_ON); /* its end is not ours to tell */
    assert_false(who_has_members(&m->who));
    struct who_stream *nameless = plays(m, 0, "Sandboxed");
    begins(m, nameless);
    assert_false(nameless->wanted);
    assert_true(is_told(m, "Sandboxed"));
}

static void a_command_need_not_be_there(void **state)
{
    struct machine *m = *state;
    plays(m, 0, "Before");
    ask(m, SCOPE_APP, NULL, NULL);
    m->request.process_id = 4711;
    assert_true(begin(m));
    assert_string_equal(m->warnings, "");
}

/* --- all but --- */

static void all_trees_of_a_name_are_left_out(void **state)
{
    struct machine *m = *state;
    struct who_stream *a = plays(m, 11, ""), *b = plays(m, 20, "mpv");
    struct who_stream *c = plays(m, 31, "Firefox"), *d = plays(m, 0, "mpv");
    struct who_stream *e = plays(m, 0, "bell"), *relay = plays(m, 0, "");
    relay->relay = true;
    struct who_stream *ours = plays(m, 5, "looprec");
    ours->ours = true;
    ask(m, SCOPE_EXCLUDE, "mpv", NULL);
    assert_true(begin(m));
    assert_false(a->wanted || b->wanted || d->wanted || relay->wanted ||
                 ours->wanted);
    assert_true(c->wanted && e->wanted);
    assert_string_equal(m->warnings, "");
    char id[64], name[64];
    who_describe(&m->who, id, sizeof id, name, sizeof name);
    assert_string_equal(id, "exclude:mpv");
    assert_string_equal(name, "everything but mpv");
}

static void what_is_left_out_is_so_from_its_first_stream(void **state)
{
    struct machine *m = *state;
    ask(m, SCOPE_EXCLUDE, "mpv", "31");
    assert_true(begin(m));
    runs(m, 90, 5, "mpv");
    struct who_stream *s = plays(m, 90, ""), *t = plays(m, 31, "Firefox");
    begins(m, s);
    begins(m, t);
    assert_false(s->wanted || t->wanted);
    /* a number that is given anew is another's */
    dies(m, 31, 1);
    runs(m, 31, 5, "vlc")->born = 9999;
    who_follow(&m->who, &m->processes);
    t = plays(m, 31, "VLC");
    begins(m, t);
    assert_true(t->wanted);
}

/* Of trees that were followed from their births on, only what has begun since
 * has to be looked at; of one that is new, all processes. */
static void a_tree_is_followed_by_what_has_begun(void **state)
{
    struct machine *m = *state;
    struct process_list list = {.count = 0};
    ask(m, SCOPE_EXCLUDE, "mpv", "31");
    assert_true(begin(m));
    assert_false(m->who.grafted);
    size_t members = m->who.member_count;
    for (size_t i = 0; i < members; i++) {
        *process_list_add(&list) =
            *process_list_find(&m->processes, m->who.members[i].pid);
    }
    *process_list_add(&list) = *runs(m, 200, 31, "its child");
    *process_list_add(&list) = *runs(m, 201, 5, "another's");
    who_follow(&m->who, &list);
    process_list_free(&list);
    assert_int_equal(m->who.member_count, members + 1);
    assert_false(m->who.grafted);

    dies(m, 31, 1); /* the child goes on */
    struct who_stream *child = plays(m, 200, ""), *other = plays(m, 201, "");
    begins(m, child);
    begins(m, other);
    assert_false(child->wanted);
    assert_true(other->wanted);

    runs(m, 202, 5, "mpv");
    begins(m, plays(m, 202, ""));
    assert_true(m->who.grafted);
}

static void what_to_leave_out_must_be_there_once(void **state)
{
    struct machine *m = *state;
    ask(m, SCOPE_EXCLUDE, "mpv", "vlc");
    assert_false(begin(m));
    assert_int_equal(m->fault.err, ERR_NO_APP);
    runs(m, 95, 5, "vlc");
    assert_true(begin(m));
    dies(m, 95, 5);
    assert_true(begin(m));
    ask(m, SCOPE_EXCLUDE, "4711", NULL);
    assert_false(begin(m));
    ask(m, SCOPE_EXCLUDE, "Spotify", NULL);
    assert_false(begin(m));
    plays(m, 0, "Spotify"); /* by what it calls itself */
    assert_true(begin(m));
    assert_false(m->streams[0].wanted);
}

static void what_calls_itself_so_is_left_out_with_its_tree(void **state)
{
    struct machine *m = *state;
    struct who_stream *s = plays(m, 31, "Web Radio");
    struct who_stream *other = plays(m, 30, "Firefox");
    ask(m, SCOPE_EXCLUDE, "web radio", NULL);
    assert_true(begin(m));
    assert_false(s->wanted);
    looks(m);
    begins(m, other);
    assert_false(other->wanted);
}

/* --- silence, and requests --- */

static void silence_is_told_once_a_stream(void **state)
{
    struct machine *m = *state;
    struct who_stream *s = plays(m, 10, "mpv"),
                      *other = plays(m, 31, "Firefox");
    s->silent = other->silent = true;
    dies(m, 20, 5);
    ask(m, SCOPE_APP, "mpv", NULL);
    assert_true(begin(m));
    assert_string_equal(m->warnings, "mpv is muted, or its volume is 0: "
                                     "silence is recorded of it\n");
    s->silent = false;
    who_decide(&m->who, all(m));
    s->silent = true;
    who_decide(&m->who, all(m));
    assert_int_equal(times_warned(m), 1);
}

static void impossible_requests(void **state)
{
    struct machine *m = *state;
    struct fault f;
    ask(m, SCOPE_APP, "", NULL);
    assert_false(who_check(&m->request, OWN, &f));
    assert_int_equal(f.err, ERR_USAGE);
    ask(m, SCOPE_EXCLUDE, "mpv", "777");
    assert_false(who_check(&m->request, OWN, &f));
    assert_int_equal(f.err, ERR_USAGE);
    ask(m, SCOPE_EXCLUDE, NULL, NULL);
    assert_false(who_check(&m->request, OWN, &f));
    assert_int_equal(f.err, ERR_INTERNAL);
    ask(m, SCOPE_APP, "mpv", "vlc");
    assert_false(who_check(&m->request, OWN, &f));
    ask(m, SCOPE_APP, "mpv", NULL);
    assert_true(who_check(&m->request, OWN, &f));
    ask(m, SCOPE_APP, NULL, NULL);
    m->request.process_id = 5;
    assert_true(who_check(&m->request, OWN, &f));
}

/* What any client may declare. */
static void hostile_names_and_rings(void **state)
{
    struct machine *m = *state;
    char name[256];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    runs(m, 200, 201, "ring")->born = 200;
    runs(m, 201, 200, "ring")->born = 200;
    for (int i = 0; i < 5; i++) {
        struct who_stream *s = plays(m, i % 2 ? 200 : 0, name);
        text_copy(s->name, sizeof s->name, name);
    }
    ask(m, SCOPE_APP, name, NULL);
    assert_false(begin(m));
    assert_int_equal(m->fault.err, ERR_APP_AMBIGUOUS);
    ask(m, SCOPE_APP, "ring", NULL);
    assert_true(begin(m));
    looks(m);
    ask(m, SCOPE_EXCLUDE, name, "ring");
    assert_true(begin(m));
    char id[40], shown[40];
    who_describe(&m->who, id, sizeof id, shown, sizeof shown);
    assert_int_equal(strlen(id), sizeof id - 1);
    ask(m, SCOPE_APP, "4711", NULL);
    assert_false(begin(m));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_number_is_that_process_alone),
        TEST(what_the_server_does_not_tell_is_told),
        TEST(several_without_a_process_are_one),
        TEST(one_with_and_one_without_are_two),
        TEST(who_is_connected_runs),
        TEST(a_command_is_all_that_descends_from_us),
        TEST(a_command_need_not_be_there),
        TEST(all_trees_of_a_name_are_left_out),
        TEST(what_is_left_out_is_so_from_its_first_stream),
        TEST(a_tree_is_followed_by_what_has_begun),
        TEST(what_to_leave_out_must_be_there_once),
        TEST(what_calls_itself_so_is_left_out_with_its_tree),
        TEST(silence_is_told_once_a_stream),
        TEST(impossible_requests),
        TEST(hostile_names_and_rings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
