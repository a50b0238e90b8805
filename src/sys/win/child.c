/* child: see child.h. A suspended process in a job object; a thread waits at
 * the job's completion port for the ends of processes. */
#include "sys/child.h"

#include <stdatomic.h>
#include <stdlib.h>

#include <windows.h>

#include "sys/clock.h"
#include "sys/thread.h"
#include "sys/win/command_line.h"
#include "sys/win/dll.h"
#include "sys/win/environment.h"
#include "sys/win/oserror.h"

enum {
    /* The delivery of a job's messages is not guaranteed, says
     * JOBOBJECT_ASSOCIATE_COMPLETION_PORT: so look now and then. */
    LOOK_MS = 1000,
    END_MS = 4000,
    END_SLICE_MS = 10,
    STREAMS = 3,
    LIST_FIRST = 64, /* processes of a job; then as many as there are */
    LIST_MOST = 1 << 16,
};

/* winerror.h's ERROR_ELEVATION_REQUIRED, missing from mingw-w64 10. */
enum { ELEVATION_REQUIRED = 740 };

/* Completion keys. */
enum { KEY_JOB = 1, KEY_QUIT = 2 };

static const char op[] = "start the command";

struct child {
    /* constant after child_start */
    struct child_setup setup;
    HANDLE process;
    HANDLE main_thread;
    DWORD id;
    HANDLE job;
    HANDLE port;
    struct thread *watcher;
    /* main thread */
    bool released;
};

/* --- the job --- */

static DWORD processes_left(const struct child *c)
{
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION a;
    if (!QueryInformationJobObject(c->job, JobObjectBasicAccountingInformation,
                                   &a, sizeof(a), NULL)) {
        return 0;
    }
    return a.ActiveProcesses;
}

/* KILL: everything in it ends with its last handle, which is ours. Else who
 * asks to start a process outside the job may: programs that do so (browsers,
 * installers) fail where they are refused. */
static bool limit_job(const struct child *c, bool end_with_us, bool may_leave)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};
    limits.BasicLimitInformation.LimitFlags =
        (end_with_us ? JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE : 0) |
        (may_leave ? JOB_OBJECT_LIMIT_BREAKAWAY_OK : 0);
    return SetInformationJobObject(c->job, JobObjectExtendedLimitInformation,
                                   &limits, sizeof(limits)) != 0;
}

static bool make_job(struct child *c, struct fault *f)
{
    c->port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    c->job = CreateJobObjectW(NULL, NULL);
    if (c->port && c->job) {
        JOBOBJECT_ASSOCIATE_COMPLETION_PORT to = {
            .CompletionKey = (PVOID)(ULONG_PTR)KEY_JOB,
            .CompletionPort = c->port,
        };
        /* While it is held it must not outlive us: nobody would let it run. */
        if (SetInformationJobObject(c->job,
                                    JobObjectAssociateCompletionPortInformation,
                                    &to, sizeof(to)) &&
            limit_job(c, true, false)) {
            return true;
        }
    }
    return oserror_fault(f, op, (long)GetLastError(), "make a job", NULL);
}

/* Every message is of a process that began or ended: who waits for WAKE looks
 * what has become of it. */
static void watch(void *argument)
{
    struct child *c = argument;
    DWORD left = 1;
    for (;;) {
        DWORD message;
        ULONG_PTR key = 0;
        OVERLAPPED *id;
        if (GetQueuedCompletionStatus(c->port, &message, &key, &id, LOOK_MS)) {
            if (key == KEY_QUIT) {
                return;
            }
            if (message == JOB_OBJECT_MSG_NEW_PROCESS) {
                continue;
            }
        }
        DWORD now = processes_left(c);
        if (key == KEY_JOB || now != left) {
            left = now;
            wake_set(c->setup.wake);
        }
    }
}

/* --- the process --- */

/* The standard streams, for it to inherit: copies, so that ours stay as they
 * are, and nothing else of ours that is inheritable by somebody's neglect. */
struct streams {
    HANDLE copies[STREAMS];
    HANDLE list[STREAMS];
    DWORD count;
    LPPROC_THREAD_ATTRIBUTE_LIST attributes;
};

static void drop_streams(struct streams *s)
{
    if (s->attributes) {
        DeleteProcThreadAttributeList(s->attributes);
        free(s->attributes);
    }
    for (DWORD i = 0; i < s->count; i++) {
        CloseHandle(s->list[i]);
    }
}

static void copy_streams(struct streams *s, bool output_to_stderr)
{
    static const DWORD which[STREAMS] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE,
                                         STD_ERROR_HANDLE};
    for (int i = 0; i < STREAMS; i++) {
        bool moved = i == 1 && output_to_stderr;
        HANDLE ours = GetStdHandle(moved ? STD_ERROR_HANDLE : which[i]);
        HANDLE self = GetCurrentProcess();
        if (ours && ours != INVALID_HANDLE_VALUE &&
            DuplicateHandle(self, ours, self, &s->copies[i], 0, TRUE,
                            DUPLICATE_SAME_ACCESS)) {
            s->list[s->count++] = s->copies[i];
        }
    }
}

static bool list_streams(struct streams *s)
{
    SIZE_T size = 0;
    InitializeProcThreadAttributeList(NULL, 1, 0, &size);
    LPPROC_THREAD_ATTRIBUTE_LIST list = malloc(size);
    if (!list || !InitializeProcThreadAttributeList(list, 1, 0, &size)) {
        free(list);
        return false;
    }
    s->attributes = list;
    return UpdateProcThreadAttribute(list, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST,
                                     s->list, s->count * sizeof(HANDLE), NULL,
                                     NULL) != 0;
}

/* Why CreateProcess refused. */
static bool tell_failure(struct fault *f, const char *name, DWORD code)
{
    char words[200];
    switch (code) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_NAME:
    case ERROR_BAD_PATHNAME:
    case ERROR_DIRECTORY:
        return fault_setf(f, ERR_NO_COMMAND, op, (long)code,
                          "check its name, or give its path", "%s", name);
    case ELEVATION_REQUIRED:
        return fault_setf(f, ERR_BAD_COMMAND, op, (long)code,
                          "start looprec from an administrator's console",
                          "%s needs an administrator's rights", name);
    default:
        return fault_setf(f, ERR_BAD_COMMAND, op, (long)code, NULL, "%s: %s",
                          name,
                          oserror_words(words, sizeof(words), (long)code));
    }
}

/* ENVIRONMENT NULL: ours. */
static bool create_process(struct child *c, wchar_t *line, wchar_t *environment,
                           struct fault *f)
{
    struct streams streams = {0};
    PROCESS_INFORMATION made = {0};
    DWORD code = ERROR_SUCCESS;

    copy_streams(&streams, c->setup.output_to_stderr);
    STARTUPINFOEXW start = {
        .StartupInfo = {.cb = sizeof(start),
                        .dwFlags = STARTF_USESTDHANDLES,
                        .hStdInput = streams.copies[0],
                        .hStdOutput = streams.copies[1],
                        .hStdError = streams.copies[2]},
    };
    bool inherit = streams.count > 0;
    if (inherit && !list_streams(&streams)) {
        code = GetLastError();
    } else {
        start.lpAttributeList = streams.attributes;
        dll_spare_child(true);
        if (!CreateProcessW(NULL, line, NULL, NULL, inherit,
                            CREATE_SUSPENDED | EXTENDED_STARTUPINFO_PRESENT |
                                CREATE_UNICODE_ENVIRONMENT,
                            environment, NULL, &start.StartupInfo, &made)) {
            code = GetLastError();
        }
        dll_spare_child(false);
    }
    drop_streams(&streams);
    if (code != ERROR_SUCCESS) {
        return tell_failure(f, c->setup.argv[0], code);
    }
    c->process = made.hProcess;
    c->main_thread = made.hThread;
    c->id = made.dwProcessId;
    /* Jobs nest since Windows 8: ours may lie in another's. */
    if (!AssignProcessToJobObject(c->job, c->process)) {
        code = GetLastError();
        TerminateProcess(c->process, 1);
        return oserror_fault(f, op, (long)code, c->setup.argv[0], NULL);
    }
    return true;
}

struct child *child_start(const struct child_setup *setup, struct fault *f)
{
    struct child *c = calloc(1, sizeof(*c));
    if (!c) {
        fault_set(f, ERR_NO_MEMORY, op, NULL, NULL);
        return NULL;
    }
    c->setup = *setup;
    wchar_t *line = command_line_make(setup->argv, f);
    wchar_t *environment = NULL;
    bool good = line &&
                (!setup->environment ||
                 (environment = environment_with(setup->environment, f))) &&
                make_job(c, f) && create_process(c, line, environment, f) &&
                (c->watcher = thread_start("command", watch, c, f)) != NULL;
    free(environment);
    free(line);
    if (!good) {
        child_destroy(c);
        return NULL;
    }
    return c;
}

int64_t child_id(const struct child *c)
{
    return (int64_t)c->id; /* the handle keeps it ours */
}

bool child_release(struct child *c, struct fault *f)
{
    if (!limit_job(c, c->setup.kill_with_us, !c->setup.kill_with_us) ||
        ResumeThread(c->main_thread) == (DWORD)-1) {
        return tell_failure(f, c->setup.argv[0], GetLastError());
    }
    c->released = true;
    return true;
}

bool child_ended(const struct child *c, int64_t *status)
{
    DWORD code;
    /* Not by the exit code: 259 means "runs", or a program ended with 259. */
    if (WaitForSingleObject(c->process, 0) != WAIT_OBJECT_0 ||
        !GetExitCodeProcess(c->process, &code)) {
        return false;
    }
    if (status) {
        *status = (int64_t)code;
    }
    return true;
}

bool child_tree_ended(const struct child *c)
{
    return child_ended(c, NULL) && processes_left(c) == 0;
}

/* The numbers of all processes in the job; NULL: not to be had. free() it. */
static JOBOBJECT_BASIC_PROCESS_ID_LIST *list_processes(const struct child *c)
{
    size_t room = LIST_FIRST;
    for (;;) {
        JOBOBJECT_BASIC_PROCESS_ID_LIST *list =
            malloc(sizeof(*list) + room * sizeof(list->ProcessIdList[0]));
        DWORD size =
            (DWORD)(sizeof(*list) + room * sizeof(list->ProcessIdList[0]));
        if (!list ||
            QueryInformationJobObject(c->job, JobObjectBasicProcessIdList, list,
                                      size, NULL)) {
            return list;
        }
        bool more = GetLastError() == ERROR_MORE_DATA;
        free(list);
        if (!more || room >= LIST_MOST) {
            return NULL;
        }
        room *= 4;
    }
}

bool child_holds(const struct child *c, int64_t process_id)
{
    JOBOBJECT_BASIC_PROCESS_ID_LIST *list = list_processes(c);
    bool holds = false;
    for (DWORD i = 0; list && !holds && i < list->NumberOfProcessIdsInList;
         i++) {
        holds = list->ProcessIdList[i] == (ULONG_PTR)process_id;
    }
    free(list);
    return holds;
}

void child_pass_on(const struct child *c, enum stop_cause cause)
{
    (void)c;
    (void)cause;
}

void child_kill(struct child *c)
{
    TerminateJobObject(c->job, 1);
    for (int ms = 0; ms < END_MS && !child_tree_ended(c); ms += END_SLICE_MS) {
        WaitForSingleObject(c->process, END_SLICE_MS);
        if (child_ended(c, NULL)) {
            clock_sleep_ns((int64_t)END_SLICE_MS * 1000000);
        }
    }
}

void child_destroy(struct child *c)
{
    if (!c) {
        return;
    }
    if (c->process && !c->released) {
        TerminateProcess(c->process, 1);
    }
    if (c->watcher) {
        PostQueuedCompletionStatus(c->port, 0, KEY_QUIT, NULL);
        thread_join(c->watcher);
    }
    HANDLE all[] = {c->main_thread, c->process, c->job, c->port};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (all[i]) {
            CloseHandle(all[i]);
        }
    }
    free(c);
}
