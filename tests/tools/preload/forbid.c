/* forbid: a library for LD_PRELOAD that ends the program when one of its
 * threads takes a lock or calls the heap, a file or a print where it must not.
 *
 *     FORBID_THREAD   the name of the thread (as pthread_setname_np gives it)
 *     FORBID_FROM_MS, FORBID_TO_MS   when, counted from the naming
 *     FORBID_CALLERS  "own": only calls that the program itself makes; "all":
 *                     those of its libraries too
 *     FORBID_WHAT     the only function that is forbidden (else all of them)
 *
 * At the end of the time it says on standard error how often it looked, so that
 * a test can tell "nothing was called" from "nothing was watched". */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#define WATCHED_THREAD "FORBID_THREAD"
#include "waits.h"

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void __libc_free(void *block);
void *__libc_memalign(size_t alignment, size_t size);
int __fprintf_chk(FILE *file, int flag, const char *format, ...);

static __thread long waits;
static __thread bool told;

static void say(const char *text)
{
    (void)!syscall(SYS_write, 2, text, strlen(text));
}

static bool own(const void *caller)
{
    static const void *base; /* of the program */
    Dl_info info;
    if (!base) {
        void *main_program = dlsym(RTLD_DEFAULT, "main");
        /* without an exported main: the first object, by the loader's own
         * entry in the auxiliary vector */
        base =
            main_program && dladdr(main_program, &info) ? info.dli_fbase : NULL;
    }
    if (!dladdr(caller, &info)) {
        return true;
    }
    if (base) {
        return info.dli_fbase == base;
    }
    const char *file = strrchr(info.dli_fname, '/');
    return !strstr(file ? file : info.dli_fname, ".so");
}

static bool watching(void)
{
    if (named_ns == 0) {
        return false;
    }
    int64_t ms = (now_ns() - named_ns) / 1000000;
    return ms >= setting_ms("FORBID_FROM_MS", 500) &&
           ms < setting_ms("FORBID_TO_MS", 2000);
}

static void called(const char *what, const void *caller)
{
    if (!watching()) {
        return;
    }
    const char *only = getenv("FORBID_WHAT");
    if (only && strcmp(only, what) != 0) {
        return;
    }
    const char *callers = getenv("FORBID_CALLERS");
    if (callers && strcmp(callers, "own") == 0 && !own(caller)) {
        return;
    }
    named_ns = 0;
    say("forbid: the thread called ");
    say(what);
    say("\n");
    abort();
}

#define CALLED(what) called(what, __builtin_return_address(0))

/* --- what counts the turns --- */

static void wait_begins(void)
{
    if (watching()) {
        waits++;
    } else if (named_ns != 0 && waits > 0 && !told) {
        char text[80];
        told = true;
        snprintf(text, sizeof(text), "forbid: watched %ld waits\n", waits);
        say(text);
    }
}

static void wait_ends(void)
{
}

/* --- what is forbidden --- */

void *malloc(size_t size)
{
    CALLED("malloc");
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    CALLED("calloc");
    return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    CALLED("realloc");
    return __libc_realloc(block, size);
}

void free(void *block)
{
    if (block) {
        CALLED("free");
    }
    __libc_free(block);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    CALLED("aligned_alloc");
    return __libc_memalign(alignment, size);
}

void *memalign(size_t alignment, size_t size)
{
    CALLED("memalign");
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    CALLED("posix_memalign");
    *block = __libc_memalign(alignment, size);
    return *block ? 0 : ENOMEM;
}

/* NAME, which takes a lock of the type TYPE. */
#define LOCK(name, type)                                     \
    int name(type *lock)                                     \
    {                                                        \
        static int (*real)(type *);                          \
        CALLED(#name);                                       \
        if (!real) {                                         \
            real = (int (*)(type *))dlsym(RTLD_NEXT, #name); \
        }                                                    \
        return real(lock);                                   \
    }

LOCK(pthread_mutex_lock, pthread_mutex_t)
LOCK(pthread_mutex_trylock, pthread_mutex_t)
LOCK(pthread_rwlock_rdlock, pthread_rwlock_t)
LOCK(pthread_rwlock_wrlock, pthread_rwlock_t)
LOCK(pthread_spin_lock, pthread_spinlock_t)
LOCK(sem_wait, sem_t)

int pthread_mutex_timedlock(pthread_mutex_t *lock, const struct timespec *until)
{
    static int (*real)(pthread_mutex_t *, const struct timespec *);
    CALLED("pthread_mutex_timedlock");
    if (!real) {
        real = (int (*)(pthread_mutex_t *, const struct timespec *))dlsym(
            RTLD_NEXT, "pthread_mutex_timedlock");
    }
    return real(lock, until);
}

ssize_t write(int fd, const void *bytes, size_t count)
{
    CALLED("write");
    return syscall(SYS_write, fd, bytes, count);
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    CALLED("open");
    va_start(arguments, flags);
    int mode = flags & O_CREAT ? va_arg(arguments, int) : 0;
    va_end(arguments);
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int fputs(const char *text, FILE *file)
{
    CALLED("fputs");
    return fwrite(text, 1, strlen(text), file) == strlen(text) ? 1 : EOF;
}

int __fprintf_chk(FILE *file, int flag, const char *format, ...)
{
    va_list arguments;
    CALLED("fprintf");
    (void)flag;
    va_start(arguments, format);
    int count = vfprintf(file, format, arguments);
    va_end(arguments);
    return count;
}
