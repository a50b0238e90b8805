/* Tests of the time that the double of mmdevapi.dll keeps: this program stands
 * for looprec.exe, a small DLL for the double. Windows only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include <cmocka.h>

#include "sys/clock.h"
#include "sys/thread.h"
#include "sys/wake.h"

#define MS INT64_C(1000000)
#define S  (1000 * MS)

enum { UNITS_PER_MS = 10000, LONG_MS = 30000 };

/* The DLL, and a thread that waits for real since before it was loaded. */
static struct {
    BOOL (*begin)(void);
    HANDLE (*start)(HANDLE event, int64_t period, unsigned count);
    void (*suspend)(int64_t length);
    double (*real_seconds)(void);
    HANDLE old, answer;
    struct thread *old_thread;
} engine;

static HANDLE make_event(bool manual)
{
    HANDLE h = CreateEventW(NULL, manual, FALSE, NULL);

    assert_non_null(h);
    return h;
}

static DWORD wait(HANDLE h, DWORD ms)
{
    return WaitForSingleObject(h, ms);
}

static struct thread *start(thread_fn *fn, void *argument)
{
    struct fault f = {0};
    struct thread *t = thread_start("test", fn, argument, &f);

    assert_non_null(t);
    return t;
}

/* This program again, doing WHAT. */
static HANDLE run_self(const wchar_t *what)
{
    STARTUPINFOW setup = {.cb = sizeof setup};
    PROCESS_INFORMATION made;
    wchar_t path[MAX_PATH], line[MAX_PATH + 20];

    GetModuleFileNameW(NULL, path, MAX_PATH);
    wcscpy(line, L"x ");
    wcscat(line, what);
    assert_true(CreateProcessW(path, line, NULL, NULL, FALSE, 0, NULL, NULL,
                               &setup, &made));
    CloseHandle(made.hThread);
    return made.hProcess;
}

static void end_process(HANDLE process)
{
    TerminateProcess(process, 0);
    CloseHandle(process);
}

/* --- clocks --- */

static void a_sleep_lasts_exactly_on_every_clock(void **state)
{
    int64_t counter = clock_now_ns(), wall = clock_wall_ns();
    ULONGLONG unbiased, after, ticks = GetTickCount64();
    double real = engine.real_seconds();

    (void)state;
    QueryUnbiasedInterruptTime(&unbiased);
    Sleep(3600 * 1000);
    QueryUnbiasedInterruptTime(&after);
    assert_int_equal(clock_now_ns() - counter, 3600 * S);
    assert_int_equal(clock_wall_ns() - wall, 3600 * S);
    assert_int_equal(GetTickCount64() - ticks, 3600 * 1000);
    assert_int_equal(after - unbiased, 3600 * INT64_C(10000000));
    assert_true(engine.real_seconds() - real < 10);
}

static void sleep_shortly(void *argument)
{
    Sleep(100);
    *(int64_t *)argument = clock_now_ns();
}

static void the_machine_sleeps(void **state)
{
    HANDLE event = make_event(false);
    int64_t begin = clock_now_ns(), woken = 0, asleep = clock_asleep_ns();
    struct thread *t = start(sleep_shortly, &woken);
    HANDLE device = engine.start(event, 200 * UNITS_PER_MS, 1);

    (void)state;
    Sleep(50);
    engine.suspend(10000 * UNITS_PER_MS);
    assert_int_equal(clock_now_ns() - begin, 10050 * MS);
    assert_int_equal(clock_asleep_ns() - asleep, 10000 * MS);
    /* the device's moment has passed, a time-out has not */
    assert_int_equal(wait(event, LONG_MS), WAIT_OBJECT_0);
    assert_int_equal(clock_now_ns() - begin, 10050 * MS);
    thread_join(t);
    assert_int_equal(woken - begin, 10100 * MS);
    assert_int_equal(wait(device, INFINITE), WAIT_OBJECT_0);
    CloseHandle(device);
    CloseHandle(event);
}

/* --- events --- */

static void an_event_remembers_one_set(void **state)
{
    HANDLE event = make_event(false);
    int64_t begin = clock_now_ns();

    (void)state;
    SetEvent(event);
    SetEvent(event);
    assert_int_equal(wait(event, 1000), WAIT_OBJECT_0);
    assert_int_equal(clock_now_ns(), begin);
    assert_int_equal(wait(event, 0), WAIT_TIMEOUT);
    assert_int_equal(clock_now_ns(), begin);
    assert_int_equal(wait(event, 70), WAIT_TIMEOUT);
    assert_int_equal(clock_now_ns() - begin, 70 * MS);
    SetEvent(event);
    ResetEvent(event);
    assert_int_equal(wait(event, 0), WAIT_TIMEOUT);
    CloseHandle(event);
}

struct waiter {
    HANDLE handles[2];
    DWORD count, ms, result;
    bool all;
    int64_t begin, took;
    unsigned *order, place;
};

static void wait_once(void *argument)
{
    struct waiter *w = argument;

    w->begin = clock_now_ns();
    w->result = WaitForMultipleObjects(w->count, w->handles, w->all, w->ms);
    w->took = clock_now_ns() - w->begin;
    w->place = w->order ? ++*w->order : 0;
}

static void waiters_wake_in_the_order_in_which_they_came(void **state)
{
    HANDLE event = make_event(false), gate = make_event(true);
    unsigned order = 0;
    struct waiter w[3];
    struct thread *t[3];

    (void)state;
    for (int i = 0; i < 3; i++) {
        w[i] = (struct waiter){.handles = {gate, event},
                               .count = 2,
                               .ms = LONG_MS,
                               .order = &order};
        t[i] = start(wait_once, &w[i]);
    }
    Sleep(10);
    SetEvent(event);
    SetEvent(event); /* before the first one ran: for the second */
    Sleep(10);
    SetEvent(gate);
    for (int i = 0; i < 3; i++) {
        thread_join(t[i]);
        assert_int_equal(w[i].result,
                         i < 2 ? WAIT_OBJECT_0 + 1 : WAIT_OBJECT_0);
        assert_int_equal(w[i].place, i + 1);
        assert_int_equal(w[i].took, i < 2 ? 10 * MS : 20 * MS);
    }
    assert_int_equal(wait(gate, 0), WAIT_OBJECT_0); /* it stays */
    CloseHandle(gate);
    CloseHandle(event);
}

static void all_of_several(void **state)
{
    HANDLE first = make_event(false), second = make_event(false);
    struct waiter w = {
        .handles = {first, second}, .count = 2, .ms = LONG_MS, .all = true};
    struct thread *t = start(wait_once, &w);

    (void)state;
    Sleep(10);
    SetEvent(second);
    Sleep(10);
    SetEvent(first);
    thread_join(t);
    assert_int_equal(w.result, WAIT_OBJECT_0);
    assert_int_equal(w.took, 20 * MS);
    assert_int_equal(wait(first, 0), WAIT_TIMEOUT);
    assert_int_equal(wait(second, 0), WAIT_TIMEOUT);
    CloseHandle(first);
    CloseHandle(second);
}

static void a_duplicate_is_the_same_event(void **state)
{
    HANDLE event = make_event(false), copy, self = GetCurrentProcess();
    struct waiter w = {.handles = {event}, .count = 1, .ms = LONG_MS};
    struct thread *t;

    (void)state;
    assert_true(DuplicateHandle(self, event, self, &copy, 0, FALSE,
                                DUPLICATE_SAME_ACCESS));
    t = start(wait_once, &w);
    Sleep(10);
    CloseHandle(event);
    SetEvent(copy);
    thread_join(t);
    assert_int_equal(w.result, WAIT_OBJECT_0);
    assert_int_equal(w.took, 10 * MS);
    CloseHandle(copy);
}

/* The system gives a closed handle's number to the next object. */
static void a_number_that_comes_back_is_a_new_object(void **state)
{
    bool seen = false;

    (void)state;
    for (int i = 0; i < 50; i++) {
        HANDLE manual = make_event(true), automatic;

        SetEvent(manual);
        assert_int_equal(wait(manual, 0), WAIT_OBJECT_0);
        CloseHandle(manual);
        automatic = make_event(false);
        seen = seen || automatic == manual;
        assert_int_equal(wait(automatic, 10), WAIT_TIMEOUT);
        CloseHandle(automatic);
    }
    assert_true(seen);
}

/* --- who is no part of the simulation --- */

static void answer_old(void *unused)
{
    (void)unused;
    wait(engine.old, INFINITE); /* for real */
    Sleep(5);
    SetEvent(engine.answer);
}

static void who_waited_before_is_woken_and_waited_for(void **state)
{
    int64_t begin = clock_now_ns();

    (void)state;
    SetEvent(engine.old);
    assert_int_equal(wait(engine.answer, 1000), WAIT_OBJECT_0);
    assert_int_equal(clock_now_ns() - begin, 5 * MS);
    thread_join(engine.old_thread);
    assert_int_equal(clock_now_ns() - begin, 5 * MS);
}

static void CALLBACK set_from_outside(void *instance, void *event, void *timer)
{
    (void)instance, (void)timer;
    SetEvent(event);
}

static int64_t processor_100ns(void)
{
    FILETIME a, b, kernel, user;

    GetProcessTimes(GetCurrentProcess(), &a, &b, &kernel, &user);
    return (int64_t)kernel.dwLowDateTime + user.dwLowDateTime;
}

/* As a console's control handler does. */
static void a_set_by_a_thread_of_the_system_ends_a_standstill(void **state)
{
    typedef void *WINAPI make_fn(void *, void *, void *);
    typedef void WINAPI set_fn(void *, FILETIME *, DWORD, DWORD);
    HMODULE kernel = GetModuleHandleW(L"kernel32.dll");
    make_fn *make =
        (make_fn *)(void *)GetProcAddress(kernel, "CreateThreadpoolTimer");
    set_fn *set =
        (set_fn *)(void *)GetProcAddress(kernel, "SetThreadpoolTimer");
    LARGE_INTEGER due = {.QuadPart = -300 * UNITS_PER_MS};
    FILETIME when = {due.LowPart, (DWORD)due.HighPart};
    HANDLE event = make_event(false);
    int64_t begin = clock_now_ns(), used = processor_100ns();
    double real = engine.real_seconds();

    (void)state;
    set(make((void *)set_from_outside, event, NULL), &when, 0, 0);
    assert_int_equal(wait(event, INFINITE), WAIT_OBJECT_0);
    assert_int_equal(clock_now_ns(), begin);
    assert_true(engine.real_seconds() - real > 0.2);
    used = processor_100ns() - used;
    assert_true(used < 40 * UNITS_PER_MS);
    CloseHandle(event);
}

static void a_process_is_seen_to_end(void **state)
{
    HANDLE process = run_self(L"end");
    int64_t begin = clock_now_ns();

    (void)state;
    assert_int_equal(wait(process, 0), WAIT_TIMEOUT);
    assert_int_equal(wait(process, INFINITE), WAIT_OBJECT_0);
    assert_int_equal(clock_now_ns(), begin);
    CloseHandle(process);
}

static void kill_later(void *process)
{
    Sleep(1000);
    TerminateProcess(process, 7);
    Sleep(LONG_MS);
}

static void the_end_of_a_process_takes_no_time(void **state)
{
    HANDLE process = run_self(L"spin");
    struct thread *t = start(kill_later, process);
    int64_t begin = clock_now_ns();

    (void)state;
    assert_int_equal(wait(process, LONG_MS), WAIT_OBJECT_0);
    assert_int_equal(clock_now_ns() - begin, S);
    thread_join(t);
    CloseHandle(process);
}

/* --- a recorder --- */

struct recorder {
    HANDLE interrupt, device;
    struct wake *wake;
    /* written by whose turn it is, read after the joins */
    unsigned packets, timeouts, late, polls;
    int64_t begin_ns;
    uint64_t order; /* a hash of who ran when */
    bool stop;
};

static void note(struct recorder *r, unsigned who)
{
    r->order = (r->order ^ (who + (uint64_t)(clock_now_ns() - r->begin_ns))) *
               UINT64_C(1099511628211);
}

static void capture(void *argument)
{
    struct recorder *r = argument;
    HANDLE handles[2] = {r->interrupt, r->device};
    DWORD got;

    while ((got = WaitForMultipleObjects(2, handles, FALSE, 20)) !=
           WAIT_OBJECT_0) {
        note(r, 1);
        if (got == WAIT_TIMEOUT)
            r->timeouts++;
        else if (clock_now_ns() - r->begin_ns != ++r->packets * 10 * MS)
            r->late++;
    }
}

static void write_out(void *argument)
{
    struct recorder *r = argument;

    while (!r->stop) {
        if (!wake_wait(r->wake, 250 * MS))
            r->polls++;
        note(r, 2);
    }
}

/* SECONDS of packets of 10 ms. */
static struct recorder record(unsigned seconds)
{
    struct fault f = {0};
    struct recorder r = {.interrupt = make_event(false),
                         .device = make_event(false),
                         .wake = wake_create(&f),
                         .begin_ns = clock_now_ns()};
    struct thread *reader = start(capture, &r), *writer = start(write_out, &r);
    HANDLE device = engine.start(r.device, 10 * UNITS_PER_MS, seconds * 100);
    DWORD count;

    assert_int_equal(wait(device, INFINITE), WAIT_OBJECT_0);
    assert_true(GetExitCodeThread(device, &count));
    assert_int_equal(count, seconds * 100);
    SetEvent(r.interrupt);
    r.stop = true;
    wake_set(r.wake);
    thread_join(reader);
    thread_join(writer);
    assert_int_equal(clock_now_ns() - r.begin_ns, seconds * S);
    assert_int_equal(r.packets, seconds * 100);
    assert_int_equal(r.timeouts, 0);
    assert_int_equal(r.late, 0);
    assert_in_range(r.polls, seconds * 4 - 1, seconds * 4);
    CloseHandle(device);
    CloseHandle(r.interrupt);
    CloseHandle(r.device);
    wake_destroy(r.wake);
    return r;
}

static void an_hour_passes_in_seconds(void **state)
{
    double real = engine.real_seconds();

    (void)state;
    record(3600);
    real = engine.real_seconds() - real;
    print_message("# an hour took %.1f s, %.1f us a turn\n", real,
                  real * 1e6 / (2 * 360000));
    assert_true(real < 300);
}

static void two_runs_are_the_same_under_load_too(void **state)
{
    struct recorder quiet = record(60), loaded;
    HANDLE load[2] = {run_self(L"spin"), run_self(L"spin")};

    (void)state;
    loaded = record(60);
    end_process(load[0]);
    end_process(load[1]);
    assert_int_equal(quiet.polls, loaded.polls);
    assert_true(quiet.order == loaded.order);
}

/* --- */

static int begin(void **state)
{
    HMODULE dll = LoadLibraryA("simtime_engine.dll");

    (void)state;
    if (!dll)
        return -1;
    *(void **)&engine.begin = (void *)GetProcAddress(dll, "engine_begin");
    *(void **)&engine.start = (void *)GetProcAddress(dll, "engine_start");
    *(void **)&engine.suspend = (void *)GetProcAddress(dll, "engine_suspend");
    *(void **)&engine.real_seconds =
        (void *)GetProcAddress(dll, "engine_real_seconds");
    engine.old = make_event(false);
    engine.answer = make_event(false);
    engine.old_thread = start(answer_old, NULL);
    Sleep(200); /* until it waits; nothing tells */
    return engine.begin() ? 0 : -1;
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sleep_lasts_exactly_on_every_clock),
        cmocka_unit_test(the_machine_sleeps),
        cmocka_unit_test(an_event_remembers_one_set),
        cmocka_unit_test(waiters_wake_in_the_order_in_which_they_came),
        cmocka_unit_test(all_of_several),
        cmocka_unit_test(a_duplicate_is_the_same_event),
        cmocka_unit_test(a_number_that_comes_back_is_a_new_object),
        cmocka_unit_test(a_set_by_a_thread_of_the_system_ends_a_standstill),
        /* later than the grace that threads have at the beginning */
        cmocka_unit_test(who_waited_before_is_woken_and_waited_for),
        cmocka_unit_test(a_process_is_seen_to_end),
        cmocka_unit_test(the_end_of_a_process_takes_no_time),
        cmocka_unit_test(two_runs_are_the_same_under_load_too),
        cmocka_unit_test(an_hour_passes_in_seconds),
    };

    while (argc > 1 && strcmp(argv[1], "spin") == 0)
        if (GetTickCount64() == 0) /* not to be optimised away */
            return 1;
    if (argc > 1) {
        Sleep(200);
        return 0;
    }
    return cmocka_run_group_tests(tests, begin, NULL);
}
