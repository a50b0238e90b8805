/* registry: -D finds what it should, and nothing by chance. */
#include "source/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void add(struct device_list *list, uint32_t index, const char *id,
                const char *name)
{
    struct device *d = device_list_add(list);
    assert_non_null(d);
    assert_int_equal(d->index, UINT32_MAX);
    assert_int_equal(d->format.rate, 0);
    assert_null(d->state);
    d->index = index;
    snprintf(d->id, sizeof d->id, "%s", id);
    snprintf(d->name, sizeof d->name, "%s", name);
}

static struct device_list outputs(void)
{
    struct device_list list = {0};
    add(&list, 0, "alsa_output.pci.analog", "Built-in Audio");
    add(&list, 7, "alsa_output.pci.analog.2", "Built-in Audio 2");
    add(&list, UINT32_MAX, "bluez.1", "Kopfh\xc3\xb6rer\x1b[31m");
    add(&list, 12, "null", "null sink 7");
    add(&list, 13, "nameless", "");
    add(&list, 14, "twin.a", "Twin");
    add(&list, 15, "twin.b", "Twin");
    return list;
}

static size_t finds(const char *wanted)
{
    struct device_list list = outputs();
    struct fault f = {0};
    size_t found = 99;
    assert_true(device_list_find(&list, wanted, &found, &f));
    assert_int_equal(f.err, ERR_OK);
    device_list_free(&list);
    assert_null(list.items);
    return found;
}

static enum error fails(const char *wanted, struct fault *f)
{
    struct device_list list = outputs();
    size_t found;
    memset(f, 0, sizeof *f);
    assert_false(device_list_find(&list, wanted, &found, f));
    assert_false(device_list_find(&list, wanted, &found, NULL));
    device_list_free(&list);
    return f->err;
}

static void by_index(void **state)
{
    (void)state;
    assert_int_equal(finds("0"), 0);
    assert_int_equal(finds("7"), 1); /* not "null sink 7" */
    assert_int_equal(finds("#12"), 3);
    assert_int_equal(finds("#007"), 1);
    struct fault f;
    /* 2^32 + 7, and the value that means none */
    assert_int_equal(fails("4294967303", &f), ERR_NO_DEVICE);
    assert_int_equal(fails("4294967295", &f), ERR_NO_DEVICE);
    assert_int_equal(fails("18446744073709551623", &f), ERR_NO_DEVICE);
    assert_int_equal(fails("99999999999999999999999999", &f), ERR_NO_DEVICE);
    assert_int_equal(fails("#", &f), ERR_NO_DEVICE);
}

static void by_exact_text(void **state)
{
    (void)state;
    assert_int_equal(finds("alsa_output.pci.analog"), 0);
    assert_int_equal(finds("Built-in Audio"), 0);
    assert_int_equal(finds("Built-in Audio 2"), 1);
    assert_int_equal(finds("null"), 3);
    assert_int_equal(finds("twin.b"), 6);
}

static void by_part(void **state)
{
    (void)state;
    assert_int_equal(finds("BLUEZ"), 2);
    assert_int_equal(finds("fh\xc3\xb6r"), 2);
    assert_int_equal(finds("analog.2"), 1);
    assert_int_equal(finds("sink"), 3);
    assert_int_equal(finds("NAMELESS"), 4);
    /* in the id and in the name of one device: still one */
    assert_int_equal(finds("ull"), 3);
}

static void ambiguous_names_candidates(void **state)
{
    (void)state;
    struct fault f;
    assert_int_equal(fails("Twin", &f), ERR_DEVICE_AMBIGUOUS);
    assert_non_null(strstr(f.detail, "Twin: twin.a (Twin), twin.b (Twin)"));
    assert_int_equal(fails("built-in audio", &f), ERR_DEVICE_AMBIGUOUS);
    assert_non_null(strstr(f.detail, "alsa_output.pci.analog.2"));
    assert_null(strstr(f.detail, "null"));
    assert_true(f.hint[0] != '\0');
}

static void nothing_fits(void **state)
{
    (void)state;
    struct fault f;
    assert_int_equal(fails("speaker", &f), ERR_NO_DEVICE);
    assert_string_equal(f.detail, "speaker");
    assert_non_null(strstr(f.hint, "-l"));
    assert_int_equal(fails("", &f), ERR_NO_DEVICE);
    assert_int_equal(fails(NULL, &f), ERR_NO_DEVICE);
    struct device_list none = {0};
    size_t found;
    assert_false(device_list_find(&none, "0", &found, &f));
    assert_null(strstr(f.hint, "-l")); /* it is empty */
    assert_non_null(strstr(f.hint, "no output at all"));
    device_list_free(&none);
}

static void many_long_candidates(void **state)
{
    (void)state;
    struct device_list list = {0};
    char wanted[256];
    memset(wanted, 'a', sizeof wanted - 1);
    wanted[sizeof wanted - 1] = '\0';
    for (uint32_t i = 0; i < 50; i++) {
        char id[256];
        snprintf(id, sizeof id, "%u%.240s", i, wanted);
        add(&list, i, id, "\xff\xfe\x1b]0;title\a");
    }
    struct fault f = {0};
    size_t found;
    wanted[200] = '\0';
    assert_false(device_list_find(&list, wanted, &found, &f));
    assert_int_equal(f.err, ERR_DEVICE_AMBIGUOUS);
    assert_non_null(strstr(f.detail, "..."));
    device_list_free(&list);
}

static void request_chooses_the_source(void **state)
{
    (void)state;
    struct source_request request = {.spec = "tone"};
    struct fault f = {0};
    struct source *s = source_create(&request, &f);
    assert_non_null(s);
    assert_string_equal(s->ops->name, "synth");
    s->ops->destroy(s);
    assert_non_null(source_system()->ops);
    assert_string_not_equal(source_system()->ops->name, "synth");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_index),
        cmocka_unit_test(by_exact_text),
        cmocka_unit_test(by_part),
        cmocka_unit_test(ambiguous_names_candidates),
        cmocka_unit_test(nothing_fits),
        cmocka_unit_test(many_long_candidates),
        cmocka_unit_test(request_chooses_the_source),
    };
    return cmocka_run_group_tests_name("registry", tests, NULL, NULL);
}
