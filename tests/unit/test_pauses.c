/* Tests of core/pauses: which frames of a recording are in its file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/pauses.h"

enum { LENGTH = 200 };

/* Let COUNT frames pass; MAP tells for each whether it is in the file. */
static void pass(struct pauses *p, char *map, uint64_t count)
{
    while (count > 0) {
        bool hidden;
        uint64_t at = p->at;
        uint64_t n = pauses_pass(p, count, &hidden);
        assert_in_range(n, 1, count);
        assert_int_equal(p->at, at + n);
        memset(map + at, hidden ? '.' : '#', n);
        count -= n;
    }
}

static struct pauses_edge toggle(struct pauses *p, uint64_t frame)
{
    struct pauses_edge edge;
    assert_true(pauses_toggle(p, frame, &edge));
    return edge;
}

static void told(struct pauses_edge edge, bool paused, uint64_t at_frame,
                 uint64_t frames)
{
    assert_true(edge.paused == paused);
    assert_int_equal(edge.at_frame, at_frame);
    assert_int_equal(edge.frames, frames);
}

static void test_without_a_pause_all_is_in_the_file(void **state)
{
    (void)state;
    struct pauses p = {0};
    char map[LENGTH + 1] = "";
    pass(&p, map, 10);
    assert_string_equal(map, "##########");
    assert_int_equal(p.hidden, 0);
    assert_int_equal(pauses_to_file(&p, 77), 77);
    assert_int_equal(pauses_end(&p, 50), 50);
    assert_int_equal(pauses_end(&p, UINT64_MAX), UINT64_MAX);
    assert_int_equal(pauses_shown(&p, 7), 7);
}

static void test_what_lies_in_a_pause_is_left_out(void **state)
{
    (void)state;
    struct pauses p = {0};
    char map[LENGTH + 1] = "";
    told(toggle(&p, 4), true, 4, 0);
    told(toggle(&p, 7), false, 4, 3);
    told(toggle(&p, 9), true, 6, 0);
    pass(&p, map, 11);
    assert_string_equal(map, "####...##..");
    told(toggle(&p, 12), false, 6, 3);
    pass(&p, map, 3);
    assert_string_equal(map, "####...##...##");
    assert_int_equal(p.hidden, 6);
}

static void test_the_size_of_steps_does_not_matter(void **state)
{
    (void)state;
    static const uint64_t edges[] = {0, 3, 3, 3, 20, 21, 60, 100, 100, 100};
    char whole[LENGTH + 1] = "";
    for (uint64_t step = LENGTH; step >= 1; step -= step > 20 ? 20 : 1) {
        struct pauses p = {0};
        char map[LENGTH + 1] = "";
        uint64_t hidden = 0;
        for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
            hidden += toggle(&p, edges[i]).frames;
        }
        while (p.at < LENGTH) {
            uint64_t left = LENGTH - p.at;
            pass(&p, map, step < left ? step : left);
        }
        assert_int_equal(p.hidden, hidden);
        if (step == LENGTH) {
            strcpy(whole, map);
        }
        assert_string_equal(map, whole);
    }
    assert_memory_equal(whole, "...#################.####", 25);
    assert_memory_equal(whole + 58, "##....", 6);
}

static void test_what_has_passed_stays(void **state)
{
    (void)state;
    struct pauses p = {0};
    char map[LENGTH + 1] = "";
    pass(&p, map, 10);
    told(toggle(&p, 4), true, 10, 0);  /* too late */
    told(toggle(&p, 8), false, 10, 0); /* both are */
    pass(&p, map, 5);
    assert_string_equal(map, "###############");
    told(toggle(&p, 20), true, 20, 0);
    told(toggle(&p, 18), false, 20, 0); /* not before the last */
    told(toggle(&p, 20), true, 20, 0);
    pass(&p, map, 10);
    assert_string_equal(map, "####################.....");
    told(toggle(&p, 22), false, 20, 5);
    pass(&p, map, 2);
    assert_string_equal(map, "####################.....##");
}

static void test_a_frame_is_found_in_the_file(void **state)
{
    (void)state;
    struct pauses p = {0};
    char map[LENGTH + 1] = "";
    toggle(&p, 10);
    toggle(&p, 30);
    toggle(&p, 40);
    for (int passed = 0; passed < 2; passed++) {
        uint64_t from = passed ? 30 : 0;
        assert_int_equal(pauses_to_file(&p, from), from > 0 ? 10 : 0);
        assert_int_equal(pauses_to_file(&p, 35), 15);
        assert_int_equal(pauses_to_file(&p, 40), 20);
        assert_int_equal(pauses_to_file(&p, 90), 20);
        pass(&p, map, passed ? 0 : 30);
    }
    assert_int_equal(p.hidden, 20);
}

static void test_what_has_passed_is_found_too(void **state)
{
    (void)state;
    struct pauses p = {0};
    char map[LENGTH + 1] = "";
    toggle(&p, 10);
    toggle(&p, 30);
    pass(&p, map, 20);
    assert_int_equal(pauses_place(&p, 15), 10);
    assert_int_equal(pauses_place(&p, 7), 7);
    assert_int_equal(pauses_place(&p, 40), 20);
    pass(&p, map, 15);
    assert_int_equal(pauses_place(&p, 33), 13);
    assert_int_equal(pauses_place(&p, 29), 10);
    assert_int_equal(pauses_place(&p, 35), 15);
}

static void test_an_end_moves_along(void **state)
{
    (void)state;
    struct pauses p = {0};
    char map[LENGTH + 1] = "";
    toggle(&p, 10);
    assert_int_equal(pauses_end(&p, 20), UINT64_MAX);
    assert_int_equal(pauses_end(&p, 10), 10); /* reached before */
    pass(&p, map, 15);
    assert_int_equal(pauses_end(&p, 20), UINT64_MAX);
    toggle(&p, 30);
    assert_int_equal(pauses_end(&p, 20), 40);
    pass(&p, map, 20);
    assert_int_equal(pauses_end(&p, 20), 40);
    toggle(&p, 50); /* after the end */
    assert_int_equal(pauses_end(&p, 20), 40);
    assert_int_equal(pauses_end(&p, UINT64_MAX), UINT64_MAX);
}

static void test_of_the_last_frames_those_in_the_file(void **state)
{
    (void)state;
    struct pauses p = {0};
    char map[LENGTH + 1] = "";
    toggle(&p, 10);
    toggle(&p, 30);
    pass(&p, map, 15);
    assert_int_equal(pauses_shown(&p, 5), 0);
    assert_int_equal(pauses_shown(&p, 8), 3);
    pass(&p, map, 20);
    assert_int_equal(pauses_shown(&p, 4), 4);
    assert_int_equal(pauses_shown(&p, 8), 5);
}

static void test_more_than_fit_are_refused(void **state)
{
    (void)state;
    struct pauses p = {0};
    struct pauses_edge edge;
    char map[LENGTH + 1] = "";
    for (uint64_t i = 0; i < PAUSES_EDGES; i++) {
        toggle(&p, i + 1);
    }
    assert_false(pauses_toggle(&p, 150, &edge));
    pass(&p, map, 10);
    told(toggle(&p, 150), true, 150 - PAUSES_EDGES / 2, 0);
    pass(&p, map, 150);
    assert_int_equal(map[149], '#');
    assert_int_equal(map[150], '.');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_pause_all_is_in_the_file),
        cmocka_unit_test(test_what_lies_in_a_pause_is_left_out),
        cmocka_unit_test(test_the_size_of_steps_does_not_matter),
        cmocka_unit_test(test_what_has_passed_stays),
        cmocka_unit_test(test_a_frame_is_found_in_the_file),
        cmocka_unit_test(test_what_has_passed_is_found_too),
        cmocka_unit_test(test_an_end_moves_along),
        cmocka_unit_test(test_of_the_last_frames_those_in_the_file),
        cmocka_unit_test(test_more_than_fit_are_refused),
    };
    return cmocka_run_group_tests_name("pauses", tests, NULL, NULL);
}
