/* What test_processes asks of Linux alone: names that lie, files that are gone,
 * processes that have ended in part. */
#ifndef LOOPREC_TESTS_PROCESSES_POSIX_H
#define LOOPREC_TESTS_PROCESSES_POSIX_H

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child that calls itself NAME and waits to be killed. */
static pid_t child_called(const char *name)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        prctl(PR_SET_NAME, name);
        (void)!write(ready[1], "", 1);
        for (;;) {
            pause();
        }
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

static void end_child(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void a_name_can_not_forge_a_line(void **state)
{
    (void)state;
    static const char *const names[] = {
        ") S 1 1 1", "a) Z 1", "(", ")", "((()", "a\nb) R 1", " ", "",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        pid_t pid = child_called(names[i]);
        struct process_entry p, self;
        assert_true(process_read((uint32_t)getpid(), &self));
        assert_true(process_read((uint32_t)pid, &p));
        assert_int_equal(p.parent, getpid());
        assert_string_equal(p.command, names[i]);
        assert_string_equal(p.name, self.name); /* the file's, not its own */
        assert_false(p.ended);
        assert_false(p.unnamed);
        assert_true(p.born >= self.born);
        struct process_list all;
        assert_true(processes_read(&all, 0, NULL));
        const struct process_entry *same =
            process_list_find(&all, (uint32_t)pid);
        assert_non_null(same);
        assert_int_equal(same->parent, getpid());
        assert_int_equal(same->born, p.born);
        process_list_free(&all);
        end_child(pid);
    }
}

static void a_zombie_has_ended(void **state)
{
    (void)state;
    struct process_entry p;
    pid_t pid = child_called("short-lived");
    siginfo_t info;
    kill(pid, SIGKILL);
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_true(process_read((uint32_t)pid, &p));
    assert_true(p.ended);
    assert_true(p.unnamed);
    assert_string_equal(p.name, "short-lived");
    waitpid(pid, NULL, 0);
    assert_false(process_read((uint32_t)pid, &p));
}

static void *wait_for_ever(void *argument)
{
    char byte = 0;
    (void)!write(*(int *)argument, &byte, 1);
    for (;;) {
        pause();
    }
    return NULL;
}

/* It is shown as a zombie, and goes on. */
static void a_process_goes_on_without_its_first_thread(void **state)
{
    (void)state;
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        pthread_t other;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        pthread_create(&other, NULL, wait_for_ever, &ready[1]);
        pthread_exit(NULL);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    char path[64], text[512], shown = '?';
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    for (int i = 0; i < 1000 && shown != 'Z'; i++) {
        FILE *stat = fopen(path, "re");
        assert_non_null(stat);
        assert_non_null(fgets(text, sizeof text, stat));
        fclose(stat);
        shown = strrchr(text, ')')[2];
        usleep(1000);
    }
    assert_int_equal(shown, 'Z');
    struct process_entry p;
    assert_true(process_read((uint32_t)pid, &p));
    assert_false(p.ended);
    end_child(pid);
    close(ready[0]);
    close(ready[1]);
}

/* A program whose file was replaced while it runs, as by an update. */
static void a_file_that_is_gone_keeps_its_name(void **state)
{
    (void)state;
    char folder[] = "/tmp/test_processes.XXXXXX", path[64], command[128];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a (song) player", folder);
    snprintf(command, sizeof command, "cp /bin/sleep '%s'", path);
    assert_int_equal(system(command), 0);
    int gate[2];
    char byte;
    assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execl(path, path, "1000", (char *)NULL);
        _exit(1);
    }
    close(gate[1]);
    assert_int_equal(read(gate[0], &byte, 1), 0); /* it was executed */
    close(gate[0]);
    struct process_entry p;
    assert_true(process_read((uint32_t)pid, &p));
    assert_string_equal(p.name, "a (song) player");
    unlink(path);
    rmdir(folder);
    assert_true(process_read((uint32_t)pid, &p));
    assert_string_equal(p.name, "a (song) player");
    end_child(pid);
}

static void what_is_above_one(void **state)
{
    (void)state;
    struct process_list list = {0};
    pid_t pid = child_called("below");
    assert_true(processes_read_above(&list, (uint32_t)pid));
    assert_true(list.count >= 2);
    assert_int_equal(list.items[0].pid, pid);
    assert_int_equal(list.items[1].pid, getpid());
    assert_int_equal(list.items[1].parent, getppid());
    size_t count = list.count;
    for (size_t i = 0; i + 1 < count; i++) {
        assert_int_equal(list.items[i].parent, list.items[i + 1].pid);
    }
    assert_true(processes_read_above(&list, (uint32_t)getpid()));
    assert_int_equal(list.count, count); /* it had all of them */
    end_child(pid);
    assert_true(processes_read_above(&list, (uint32_t)pid + (1u << 30)));
    assert_true(processes_read_above(&list, 0));
    assert_int_equal(list.count, count);
    process_list_free(&list);
}

/* What has begun since the last look is read, and no other; each once. */
static void what_has_begun(void **state)
{
    (void)state;
    struct process_births births;
    struct process_list list;
    process_births_begin(&births);
    assert_true(births.newest != 0);
    pid_t pid = child_called("young");
    assert_true(process_births_read(&births, &list, NULL));
    const struct process_entry *p = process_list_find(&list, (uint32_t)pid);
    assert_non_null(p);
    assert_int_equal(p->parent, getpid());
    assert_true(p->born > 0);
    assert_null(process_list_find(&list, (uint32_t)getpid()));
    process_list_free(&list);
    assert_true(process_births_read(&births, &list, NULL));
    assert_null(process_list_find(&list, (uint32_t)pid));
    process_list_free(&list);
    end_child(pid);
}

/* Its number was given before the last look, and it was not there yet. */
static void what_was_about_to_begin(void **state)
{
    (void)state;
    struct process_births births;
    struct process_list list;
    pid_t pid = child_called("born late");
    process_births_begin(&births);
    births.unseen[births.unseen_count++] = (uint32_t)pid;
    assert_true(process_births_read(&births, &list, NULL));
    assert_non_null(process_list_find(&list, (uint32_t)pid));
    process_list_free(&list);
    assert_true(process_births_read(&births, &list, NULL));
    assert_null(process_list_find(&list, (uint32_t)pid));
    process_list_free(&list);
    end_child(pid);
}

static void numbers_start_over(void **state)
{
    (void)state;
    struct process_births births = {.newest = UINT32_MAX};
    struct process_list list;
    assert_true(process_births_read(&births, &list, NULL));
    assert_non_null(process_list_find(&list, (uint32_t)getpid()));
    process_list_free(&list);
    assert_int_not_equal(births.newest, UINT32_MAX);
}

static void *look_at_itself(void *argument)
{
    struct process_entry p;
    *(bool *)argument = process_look((uint32_t)gettid(), &p);
    return NULL;
}

static void a_thread_is_no_process(void **state)
{
    (void)state;
    struct process_entry p;
    bool found = true;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, look_at_itself, &found), 0);
    pthread_join(thread, NULL);
    assert_false(found);
    assert_true(process_look((uint32_t)getpid(), &p));
}

#define SYSTEM_TESTS                                                           \
    cmocka_unit_test(a_name_can_not_forge_a_line),                             \
        cmocka_unit_test(a_zombie_has_ended),                                  \
        cmocka_unit_test(a_process_goes_on_without_its_first_thread),          \
        cmocka_unit_test(a_file_that_is_gone_keeps_its_name),                  \
        cmocka_unit_test(what_is_above_one), cmocka_unit_test(what_has_begun), \
        cmocka_unit_test(what_was_about_to_begin),                             \
        cmocka_unit_test(numbers_start_over),                                  \
        cmocka_unit_test(a_thread_is_no_process),

#endif
