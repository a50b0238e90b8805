/* processes: the processes that run, from /proc, so Linux only. See
 * sys/processes.h. Any thread. */
#include "sys/processes.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A process's flag: PF_KTHREAD (linux/sched.h), which has no executable. */
#define OF_THE_KERNEL 0x00200000u
/* Of more that may have begun, the list of all tells sooner. */
enum { BIRTHS_MOST = 1000 };

static const char op_list[] = "list the processes";

/* "42 (name) S 1 ...": proc_pid_stat(5). The name is the process's own choice
 * and may hold anything, also ") S 1": the last parenthesis is the one. */
static bool parse_stat(char *text, struct process_entry *p)
{
    enum {
        STATE = 3,
        PARENT = 4,
        FLAGS = 9,
        THREADS = 20,
        BORN = 22,
        SIGNAL = 38,
    };
    const char *name = strchr(text, '(');
    char *at = strrchr(text, ')');
    if (!name || !at || at < name) {
        return false;
    }
    size_t length = (size_t)(at - name - 1);
    if (length >= sizeof(p->command)) { /* a thread of the kernel */
        length = sizeof(p->command) - 1;
    }
    memcpy(p->command, name + 1, length);
    p->command[length] = '\0';

    char state = '\0';
    unsigned long long values[SIGNAL + 1] = {0};
    for (unsigned field = STATE; field <= SIGNAL; field++) {
        if (*++at != ' ' || at[1] == '\0') {
            return false;
        }
        if (field == STATE) {
            state = *++at;
        } else {
            values[field] = strtoull(at + 1, &at, 10);
            at--;
        }
    }
    p->parent = (uint32_t)values[PARENT];
    p->unnamed = (values[FLAGS] & OF_THE_KERNEL) != 0;
    p->born = values[BORN];
    /* A process whose first thread alone has ended is no zombie, though it is
     * shown as one. */
    p->ended = state == 'X' || (state == 'Z' && values[THREADS] <= 1);
    /* A thread's number has a folder too, which is not listed. No signal tells
     * of its end; that is how the kernel knows the two apart
     * (thread_group_leader). */
    return values[SIGNAL] != (unsigned long long)-1;
}

static bool read_stat(int folder, const char *path, struct process_entry *p)
{
    char text[1024];
    int fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ssize_t n = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (n <= 0) {
        return false;
    }
    text[n] = '\0';
    return parse_stat(text, p);
}

/* The kernel marks the file of a program that was replaced while it ran. */
static void cut_deleted(char *path)
{
    static const char mark[] = " (deleted)";
    size_t length = strlen(path), cut = sizeof(mark) - 1;
    if (length > cut && strcmp(path + length - cut, mark) == 0) {
        path[length - cut] = '\0';
    }
}

static void read_name(int folder, struct process_entry *p)
{
    char path[4096];
    ssize_t length =
        p->unnamed ? 0 : readlinkat(folder, "exe", path, sizeof(path) - 1);
    p->unnamed = length <= 0;
    if (p->unnamed) {
        memcpy(p->name, p->command, sizeof(p->command));
        return;
    }
    path[length] = '\0';
    cut_deleted(path);
    const char *slash = strrchr(path, '/');
    /* A file's name has NAME_MAX bytes at most, which is less. */
    snprintf(p->name, sizeof(p->name), "%.255s", slash ? slash + 1 : path);
}

/* Name and number of one process, from its folder: which stays its own, also
 * when its number is given anew meanwhile. */
static bool read_named(int proc, const char *id, struct process_entry *p)
{
    int folder = openat(proc, id, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        return false;
    }
    bool ok = read_stat(folder, "stat", p);
    if (ok) {
        read_name(folder, p);
    }
    close(folder);
    return ok;
}

/* Process PID, whose folder is ID seen from PROC. */
static bool read_one(int proc, const char *id, uint32_t pid, unsigned what,
                     struct process_entry *p)
{
    memset(p, 0, sizeof(*p));
    p->pid = pid;
    if (what & PROCESSES_NAMED) {
        return read_named(proc, id, p);
    }
    char path[32];
    snprintf(path, sizeof(path), "%.16s/stat", id);
    return read_stat(proc, path, p);
}

static bool append(struct process_list *out, const struct process_entry *p,
                   struct fault *f)
{
    return process_list_push(out, p) ||
           fault_set(f, ERR_NO_MEMORY, op_list, NULL, NULL);
}

bool processes_read(struct process_list *out, unsigned what, struct fault *f)
{
    DIR *proc = opendir("/proc");
    const struct dirent *entry;
    bool ok = true;
    memset(out, 0, sizeof(*out));
    if (!proc) {
        return fault_setf(f, ERR_SOURCE_FAILED, op_list, errno, NULL,
                          "/proc: %s", strerror(errno));
    }
    while (ok && (entry = readdir(proc)) != NULL) {
        struct process_entry p;
        if (isdigit((unsigned char)entry->d_name[0]) &&
            read_one(dirfd(proc), entry->d_name,
                     (uint32_t)strtoul(entry->d_name, NULL, 10), what, &p)) {
            ok = append(out, &p, f);
        }
    }
    closedir(proc);
    return ok;
}

uint32_t process_newest(void)
{
    /* "0.20 0.18 0.12 1/80 11206": proc_loadavg(5). */
    char text[128];
    int fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (fd >= 0) {
        close(fd);
    }
    text[n > 0 ? n : 0] = '\0';
    const char *last = strrchr(text, ' ');
    return last ? (uint32_t)strtoul(last, NULL, 10) : 0;
}

/* Much cheaper than that it has no folder. Of a thread it is true, too. */
static bool is_used(uint32_t id)
{
    return getpgid((pid_t)id) >= 0 || errno != ESRCH;
}

void process_births_begin(struct process_births *b)
{
    *b = (struct process_births){.newest = process_newest()};
}

bool process_births_read(struct process_births *b, struct process_list *out,
                         struct fault *f)
{
    const struct process_births last = *b;
    struct process_entry p;
    unsigned unseen = 0;
    bool ok = true;
    process_births_begin(b);
    /* Each is asked for by its number, which costs less than a line in the list
     * of all; but numbers are given upwards only until they start over. */
    if (b->newest == 0 || b->newest < last.newest ||
        b->newest - last.newest > BIRTHS_MOST) {
        return processes_read(out, 0, f);
    }
    memset(out, 0, sizeof(*out));
    for (unsigned i = 0; ok && i < last.unseen_count; i++) {
        ok = !is_used(last.unseen[i]) || !process_look(last.unseen[i], &p) ||
             append(out, &p, f);
    }
    for (uint32_t id = last.newest + 1; ok && id <= b->newest; id++) {
        if (is_used(id) && process_look(id, &p)) {
            ok = append(out, &p, f);
        } else {
            b->unseen[unseen++ % BIRTHS_UNSEEN] = id;
        }
    }
    b->unseen_count = unseen < BIRTHS_UNSEEN ? unseen : BIRTHS_UNSEEN;
    return ok;
}

static bool read_number(uint32_t pid, unsigned what, struct process_entry *out)
{
    char path[32];
    snprintf(path, sizeof(path), "/proc/%lu", (unsigned long)pid);
    return read_one(AT_FDCWD, path, pid, what, out);
}

bool process_read(uint32_t pid, struct process_entry *out)
{
    return read_number(pid, PROCESSES_NAMED, out);
}

bool process_look(uint32_t pid, struct process_entry *out)
{
    return read_number(pid, 0, out);
}

bool processes_read_above(struct process_list *out, uint32_t pid)
{
    struct process_entry p;
    /* The list grows with each step, and what it has is not read again: a ring
     * of numbers that were given anew ends. */
    while (pid != 0 && !process_list_find(out, pid) && process_read(pid, &p)) {
        if (!process_list_push(out, &p)) {
            return false;
        }
        pid = p.parent;
    }
    return true;
}
