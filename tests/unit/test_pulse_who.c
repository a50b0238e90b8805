/* test_pulse_who: which streams --app=NAME means, and which when it has ended.
 */
#include "machine.h"

static void what_plays_decides_among_several(void **state)
{
    struct machine *m = *state;
    struct who_stream *s = plays(m, 20, "mpv"),
                      *other = plays(m, 31, "Firefox");
    ask(m, SCOPE_APP, "MPV", NULL);
    assert_true(begin(m));
    assert_true(s->wanted);
    assert_false(other->wanted);
    char id[64], name[64];
    who_describe(&m->who, id, sizeof id, name, sizeof name);
    assert_string_equal(id, "process:20");
    assert_string_equal(name, "mpv (pid 20)");
}

static void the_topmost_of_the_name_is_meant(void **state)
{
    struct machine *m = *state;
    runs(m, 12, 11, "mpv");
    struct who_stream *s = plays(m, 12, "mpv"), *t = plays(m, 11, "");
    ask(m, SCOPE_APP, "mpv", NULL);
    assert_true(begin(m));
    assert_int_equal(m->who.top.pid, 10);
    assert_true(s->wanted && t->wanted);
}

static void two_that_play_are_ambiguous(void **state)
{
    struct machine *m = *state;
    plays(m, 11, "helper");
    plays(m, 10, "mpv");
    plays(m, 20, "mpv");
    ask(m, SCOPE_APP, "mpv", NULL);
    assert_false(begin(m));
    assert_int_equal(m->fault.err, ERR_APP_AMBIGUOUS);
    assert_string_equal(m->fault.detail, "mpv: mpv (pid 10), mpv (pid 20)");
}

static void where_none_plays_what_runs_decides(void **state)
{
    struct machine *m = *state;
    ask(m, SCOPE_APP, "mpv", NULL);
    assert_false(begin(m));
    assert_int_equal(m->fault.err, ERR_APP_AMBIGUOUS);
    assert_non_null(strstr(m->fault.detail, "mpv (pid 20)"));
    dies(m, 20, 5);
    assert_true(begin(m)); /* it is silent yet, and that is fine */
    struct who_stream *s = plays(m, 11, "");
    begins(m, s);
    assert_true(s->wanted);
    ask(m, SCOPE_APP, "vlc", NULL);
    assert_false(begin(m));
    assert_int_equal(m->fault.err, ERR_NO_APP);
}

static void an_executable_wins_over_what_one_calls_itself(void **state)
{
    struct machine *m = *state;
    struct who_stream *liar = plays(m, 31, "mpv"), *s = plays(m, 10, "x");
    ask(m, SCOPE_APP, "mpv", NULL);
    assert_true(begin(m));
    assert_true(s->wanted);
    assert_false(liar->wanted);
    assert_true(is_told(m, "firefox-esr (pid 30) plays too"));
}

static void never_by_a_part(void **state)
{
    struct machine *m = *state;
    plays(m, 31, "Firefox Web Browser");
    plays(m, 10, "mpv Media Player");
    ask(m, SCOPE_APP, "firefox", NULL);
    assert_false(begin(m));
    assert_int_equal(m->fault.err, ERR_NO_APP);
    assert_non_null(strstr(m->fault.detail, "similar: firefox-esr (pid 30)"));
}

static void what_it_calls_itself_means_its_own_program(void **state)
{
    struct machine *m = *state;
    struct who_stream *s = plays(m, 51, "My Player");
    struct who_stream *other = plays(m, 40, "A Terminal");
    ask(m, SCOPE_APP, "my player", NULL);
    assert_true(begin(m));
    assert_true(s->wanted);
    /* of the same interpreter, and above it: another program */
    assert_false(other->wanted);
    assert_int_equal(m->who.top.pid, 51);
    /* a browser's helper means the browser */
    s = plays(m, 31, "Firefox");
    ask(m, SCOPE_APP, "Firefox", NULL);
    assert_true(begin(m));
    assert_int_equal(m->who.top.pid, 30);
    assert_true(s->wanted);
}

static void a_second_one_is_told_once_and_not_recorded(void **state)
{
    struct machine *m = *state;
    struct who_stream *s = plays(m, 10, "mpv");
    ask(m, SCOPE_APP, "mpv", NULL);
    assert_true(begin(m));
    struct who_stream *second = plays(m, 20, "mpv");
    begins(m, second);
    assert_true(s->wanted);
    assert_false(second->wanted);
    assert_string_equal(m->warnings, "mpv (pid 20) plays too and is not "
                                     "recorded: it is no part of mpv (pid "
                                     "10)\n");
    begins(m, plays(m, 20, "mpv"));
    looks(m);
    assert_int_equal(times_warned(m), 1);
    /* nor is one whose process nobody knows */
    struct who_stream *nameless = plays(m, 0, "mpv");
    begins(m, nameless);
    begins(m, plays(m, 0, "mpv"));
    assert_false(nameless->wanted);
    assert_int_equal(times_warned(m), 2);
}

static void children_count_and_stay_when_their_parent_ends(void **state)
{
    struct machine *m = *state;
    ask(m, SCOPE_APP, "10", NULL);
    assert_true(begin(m));
    runs(m, 60, 11, "grandchild");
    assert_int_equal(looks(m), WHO_GOES_ON);
    dies(m, 11, 1);
    dies(m, 10, 1);
    struct who_stream *s = plays(m, 60, "");
    begins(m, s);
    assert_true(s->wanted);
    assert_int_equal(looks(m), WHO_GOES_ON);
    runs(m, 61, 60, "its own");
    struct who_stream *t = plays(m, 61, "");
    begins(m, t);
    assert_true(t->wanted);
    dies(m, 60, 1);
    dies(m, 61, 1);
    assert_int_equal(looks(m), WHO_GOES_ON); /* the streams are still there */
    stops(m, t);
    stops(m, s);
    assert_int_equal(looks(m), WHO_HAS_ENDED);
}

static void who_was_seen_with_a_stream_stays(void **state)
{
    struct machine *m = *state;
    dies(m, 20, 5);
    ask(m, SCOPE_APP, "mpv", NULL);
    assert_true(begin(m));
    runs(m, 60, 11, "between");
    runs(m, 61, 60, "grandchild");
    begins(m, plays(m, 61, ""));
    dies(m, 11, 1);
    dies(m, 60, 1);
    struct who_stream *s = plays(m, 61, "");
    begins(m, s); /* nobody has looked at the processes in between */
    assert_true(s->wanted);
}

static void the_next_of_the_name_is_followed(void **state)
{
    struct machine *m = *state;
    struct who_stream *s = plays(m, 10, "mpv");
    dies(m, 20, 5);
    ask(m, SCOPE_APP, "mpv", NULL);
    assert_true(begin(m));
    stops(m, s);
    dies(m, 11, 1);
    dies(m, 10, 1);
    /* before anybody has looked: its first stream is recorded all the same */
    runs(m, 70, 5, "mpv");
    s = plays(m, 70, "mpv");
    begins(m, s);
    assert_true(s->wanted);
    assert_string_equal(m->warnings, "");
    stops(m, s);
    dies(m, 70, 1);
    assert_int_equal(looks(m), WHO_FORGOTTEN);
    assert_int_equal(looks(m), WHO_GOES_ON);
    /* after a loss of the server, too, and it need not be there */
    assert_true(begin(m));
    runs(m, 80, 5, "mpv");
    s = plays(m, 80, "");
    begins(m, s);
    assert_true(s->wanted);
}

static void until_exit_its_end_is_the_end(void **state)
{
    struct machine *m = *state;
    struct who_stream *s = plays(m, 10, "mpv");
    ask(m, SCOPE_APP, "mpv", NULL);
    m->request.until_exit = true;
    assert_true(begin(m));
    dies(m, 11, 1);
    assert_int_equal(looks(m), WHO_GOES_ON);
    stops(m, s);
    dies(m, 10, 1);
    assert_int_equal(looks(m), WHO_HAS_ENDED);
    assert_false(begin(m)); /* though another mpv runs */
    assert_int_equal(m->fault.err, ERR_NO_APP);
    assert_string_equal(m->fault.detail, "mpv (pid 10) has ended");
}

static void one_that_was_told_of_is_next(void **state)
{
    struct machine *m = *state;
    struct who_stream *s = plays(m, 10, "mpv");
    ask(m, SCOPE_APP, "mpv", NULL);
    assert_true(begin(m));
    begins(m, plays(m, 20, "mpv"));
    runs(m, 25, 5, "mpv");
    begins(m, plays(m, 25, "mpv"));
    stops(m, s);
    dies(m, 11, 1);
    dies(m, 10, 1);
    assert_int_equal(looks(m), WHO_FORGOTTEN);
    assert_false(m->streams[0].wanted); /* two are there */
    assert_false(m->streams[1].wanted);
    assert_true(is_told(m, "nothing is recorded until one is left of mpv: mpv "
                           "(pid 20), mpv (pid 25)"));
    stops(m, &m->streams[1]);
    looks(m);
    assert_true(m->streams[0].wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_plays_decides_among_several),
        TEST(the_topmost_of_the_name_is_meant),
        TEST(two_that_play_are_ambiguous),
        TEST(where_none_plays_what_runs_decides),
        TEST(an_executable_wins_over_what_one_calls_itself),
        TEST(never_by_a_part),
        TEST(what_it_calls_itself_means_its_own_program),
        TEST(a_second_one_is_told_once_and_not_recorded),
        TEST(children_count_and_stay_when_their_parent_ends),
        TEST(who_was_seen_with_a_stream_stays),
        TEST(the_next_of_the_name_is_followed),
        TEST(until_exit_its_end_is_the_end),
        TEST(one_that_was_told_of_is_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
