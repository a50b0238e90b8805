/* Tests of writing to a pipe of Windows' own: readers that stall, are slow, or
 * go. (tests/e2e has a pipe of the Unix side under Wine.) */
#include "sys/file.h" /* first: windows.h has a macro FILE_OVERWRITE */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <windows.h>

#include <cmocka.h>

#include "sys/clock.h"
#include "sys/stop.h"
#include "sys/wake.h"

enum { MUCH = 300 * 1000 }; /* more than the pipe holds, and no whole parts */

/* A pipe, its reader's end, and a file that writes into it. */
struct pipe {
    HANDLE reader;
    struct file *file;
    struct wake *wake;
    unsigned char data[MUCH];
};

static void open_pipe(struct pipe *p, const char *name)
{
    char path[80];
    snprintf(path, sizeof path, "\\\\.\\pipe\\looprec-%lu-%s",
             GetCurrentProcessId(), name);
    p->reader = CreateNamedPipeA(path, PIPE_ACCESS_INBOUND, PIPE_TYPE_BYTE, 1,
                                 4096, 4096, 0, NULL);
    assert_true(p->reader != INVALID_HANDLE_VALUE);
    struct fault f = {0};
    p->wake = wake_create(&f);
    assert_true(stop_install(p->wake, &f));
    p->file = file_open(path, FILE_NEW, &f);
    assert_non_null(p->file);
    assert_true(file_is_stream(p->file));
    for (size_t i = 0; i < MUCH; i++) {
        p->data[i] = (unsigned char)(i * 7 + i / 256);
    }
}

static void close_pipe(struct pipe *p)
{
    struct fault f = {0};
    assert_true(file_close(p->file, &f));
    stop_uninstall();
    wake_destroy(p->wake);
    CloseHandle(p->reader);
}

/* What a console does to a program: a thread at CtrlRoutine. */
static void press_break(void)
{
    LPTHREAD_START_ROUTINE routine =
        (LPTHREAD_START_ROUTINE)(void *)GetProcAddress(
            GetModuleHandleW(L"kernelbase.dll"), "CtrlRoutine");
    assert_non_null(routine);
    CloseHandle(
        CreateThread(NULL, 0, routine, (void *)CTRL_BREAK_EVENT, 0, NULL));
}

static DWORD WINAPI write_all(void *argument)
{
    struct pipe *p = argument;
    struct fault f = {0};
    return file_write(p->file, p->data, MUCH, &f) ? 0 : (DWORD)f.err;
}

static void a_reader_that_stalls_cannot_hold_a_stop(void **state)
{
    (void)state;
    static struct pipe p;
    DWORD result = 0;
    open_pipe(&p, "stalls");
    HANDLE writer = CreateThread(NULL, 0, write_all, &p, 0, NULL);
    /* without a request it waits as long as it takes */
    assert_int_equal(WaitForSingleObject(writer, 500), WAIT_TIMEOUT);
    int64_t before = clock_now_ns();
    press_break();
    assert_int_equal(WaitForSingleObject(writer, 10000), WAIT_OBJECT_0);
    int64_t took_ms = (clock_now_ns() - before) / 1000000;
    assert_in_range(took_ms, 1900, 4000);
    GetExitCodeThread(writer, &result);
    assert_int_equal(result, ERR_IO);
    assert_non_null(strstr(file_fault(p.file)->op, "does not read"));
    CloseHandle(writer);
    close_pipe(&p);
}

static void who_insists_waits_no_longer(void **state)
{
    (void)state;
    static struct pipe p;
    open_pipe(&p, "insists");
    HANDLE writer = CreateThread(NULL, 0, write_all, &p, 0, NULL);
    int64_t before = clock_now_ns();
    press_break();
    press_break();
    assert_int_equal(WaitForSingleObject(writer, 10000), WAIT_OBJECT_0);
    assert_in_range((clock_now_ns() - before) / 1000000, 0, 1500);
    CloseHandle(writer);
    close_pipe(&p);
}

static void a_slow_reader_gets_everything(void **state)
{
    (void)state;
    static struct pipe p;
    static unsigned char got[MUCH];
    DWORD result = 1, n = 0;
    open_pipe(&p, "slow");
    HANDLE writer = CreateThread(NULL, 0, write_all, &p, 0, NULL);
    assert_int_equal(WaitForSingleObject(writer, 300), WAIT_TIMEOUT);
    press_break(); /* and it has 2 s to read on */
    for (size_t at = 0; at < MUCH; at += n) {
        assert_true(ReadFile(p.reader, got + at, (DWORD)(MUCH - at), &n, NULL));
    }
    assert_int_equal(WaitForSingleObject(writer, 10000), WAIT_OBJECT_0);
    GetExitCodeThread(writer, &result);
    assert_int_equal(result, 0);
    assert_memory_equal(got, p.data, MUCH);
    assert_int_equal(file_tell(p.file), MUCH);
    CloseHandle(writer);
    close_pipe(&p);
}

static void a_reader_that_goes_is_told(void **state)
{
    (void)state;
    static struct pipe p;
    DWORD result = 0;
    open_pipe(&p, "goes");
    CloseHandle(p.reader);
    result = write_all(&p);
    assert_int_equal(result, ERR_PIPE_CLOSED);
    p.reader = NULL;
    close_pipe(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reader_that_stalls_cannot_hold_a_stop),
        cmocka_unit_test(who_insists_waits_no_longer),
        cmocka_unit_test(a_slow_reader_gets_everything),
        cmocka_unit_test(a_reader_that_goes_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
