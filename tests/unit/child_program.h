/* child_program: what test_child's own programs do, and how they are looked
 * at, on both systems. Include after cmocka.h.
 *
 *   exit N              ends with N
 *   crash               dies of the system
 *   touch FILE          makes FILE
 *   words FILE WORD...  writes the words, each with a NUL, as they arrived
 *   environment FILE NAME...  writes the values of these variables, each with a
 *                       NUL; "-" for one that is not there
 *   echo                "out:" and standard input to standard output, "err" to
 *                       standard error
 *   linger FILE GO [END]  writes its number to FILE; ends when GO is there, and
 *                       makes END
 *   deaf FILE GO        the same, and hears no request to end
 *   leave FILE GO END   starts one that lingers, and ends with 3 */
#ifndef LOOPREC_TESTS_CHILD_PROGRAM_H
#define LOOPREC_TESTS_CHILD_PROGRAM_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sys/clock.h"
#include "sys/process.h"

#ifdef _WIN32

#include <direct.h>
#include <fcntl.h>
#include <io.h>

#include <windows.h>

#include <shellapi.h>

#include "sys/win/utf.h"

#define make_folder(path)    _mkdir(path)
#define PROGRAM_CRASH_STATUS 0xC0000005

static bool program_self(char *buffer, size_t size)
{
    return GetModuleFileNameA(NULL, buffer, (DWORD)size) > 0;
}

static const char *program_temporary(void)
{
    const char *folder = getenv("TEMP");
    return folder ? folder : ".";
}

static bool program_runs(int64_t id)
{
    HANDLE h = OpenProcess(SYNCHRONIZE, FALSE, (DWORD)id);
    bool runs = h && WaitForSingleObject(h, 0) == WAIT_TIMEOUT;
    if (h) {
        CloseHandle(h);
    }
    return runs;
}

struct program_streams {
    HANDLE was[3], now[3];
};

static void program_redirect(struct program_streams *s, const char *in,
                             const char *out, const char *err)
{
    static const DWORD which[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE,
                                  STD_ERROR_HANDLE};
    const char *names[] = {in, out, err};
    for (int i = 0; i < 3; i++) {
        s->was[i] = GetStdHandle(which[i]);
        s->now[i] =
            CreateFileA(names[i], i == 0 ? GENERIC_READ : FILE_APPEND_DATA,
                        FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                        i == 0 ? OPEN_EXISTING : CREATE_ALWAYS,
                        FILE_ATTRIBUTE_NORMAL, NULL);
        SetStdHandle(which[i], s->now[i]);
    }
}

static void program_put_back(struct program_streams *s)
{
    static const DWORD which[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE,
                                  STD_ERROR_HANDLE};
    for (int i = 0; i < 3; i++) {
        SetStdHandle(which[i], s->was[i]);
        CloseHandle(s->now[i]);
    }
}

static void program_crash(void)
{
    SetErrorMode(SEM_NOGPFAULTERRORBOX);
    RaiseException(0xC0000005, EXCEPTION_NONCONTINUABLE, 0, NULL);
}

static void program_be_deaf(void)
{
}

static int program_leave(char **words)
{
    char line[2048], self[1024];
    STARTUPINFOA start = {.cb = sizeof(start)};
    PROCESS_INFORMATION made;
    program_self(self, sizeof(self));
    snprintf(line, sizeof(line), "\"%s\" --as linger %s %s %s", self, words[1],
             words[2], words[3]);
    return CreateProcessA(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &start,
                          &made)
               ? 3
               : 1;
}

/* As CommandLineToArgvW has them; where they are plain the C runtime's, which
 * this program was given, must be the same. */
static int program_words(FILE *file, int argc, char **argv)
{
    int count;
    wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), &count);
    int skip = count - argc;
    for (int i = 2; i < argc; i++) {
        char *word = utf8_from_wide(wide[skip + i]);
        bool plain = true;
        for (const char *p = word; *p; p++) {
            plain = plain && (unsigned char)*p < 128;
        }
        if (plain && strcmp(word, argv[i]) != 0 && strcmp(word, "*") != 0) {
            return 1;
        }
        fwrite(word, 1, strlen(word) + 1, file);
        free(word);
    }
    return 0;
}

#define program_set(name, value) _putenv_s(name, value)

#else

#include <fcntl.h>
#include <unistd.h>

#define make_folder(path)        mkdir(path, 0777)
#define program_set(name, value) setenv(name, value, 1)
#define PROGRAM_CRASH_STATUS     (128 + SIGKILL)

static bool program_self(char *buffer, size_t size)
{
    ssize_t n = readlink("/proc/self/exe", buffer, size - 1);
    buffer[n > 0 ? n : 0] = '\0';
    return n > 0;
}

static const char *program_temporary(void)
{
    const char *folder = getenv("TMPDIR");
    return folder ? folder : "/tmp";
}

/* A zombie does not run. */
static bool program_runs(int64_t id)
{
    char path[64], state = 'X';
    snprintf(path, sizeof(path), "/proc/%lld/stat", (long long)id);
    FILE *file = fopen(path, "r");
    if (file) {
        if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1) {
            state = 'X';
        }
        fclose(file);
    }
    return state != 'X' && state != 'Z';
}

struct program_streams {
    int was[3];
};

static void program_redirect(struct program_streams *s, const char *in,
                             const char *out, const char *err)
{
    const char *names[] = {in, out, err};
    fflush(NULL);
    for (int i = 0; i < 3; i++) {
        int flags = i == 0 ? O_RDONLY : O_WRONLY | O_CREAT | O_APPEND;
        int fd = open(names[i], flags | O_CLOEXEC, 0666);
        s->was[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
        dup2(fd, i);
        close(fd);
    }
}

static void program_put_back(struct program_streams *s)
{
    for (int i = 0; i < 3; i++) {
        dup2(s->was[i], i);
        close(s->was[i]);
    }
}

static void program_crash(void)
{
    raise(SIGKILL);
}

static void program_be_deaf(void)
{
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
}

static int program_linger(int argc, char **words);

static int program_leave(char **words)
{
    if (fork() == 0) {
        setsid(); /* as a daemon does: it stays in the tree */
        _exit(program_linger(4, words));
    }
    return 3;
}

static int program_words(FILE *file, int argc, char **argv)
{
    for (int i = 2; i < argc; i++) {
        fwrite(argv[i], 1, strlen(argv[i]) + 1, file);
    }
    return 0;
}

#endif

static void program_write(const char *name, const char *text)
{
    /* Whole at once: somebody waits for it. */
    char part[128];
    snprintf(part, sizeof(part), "%s.part", name);
    FILE *file = fopen(part, "wb");
    fputs(text, file);
    fclose(file);
    rename(part, name);
}

static int program_linger(int argc, char **words)
{
    char number[32];
    struct stat s;
    int64_t until = clock_now_ns() + INT64_C(60000000000);
    snprintf(number, sizeof(number), "%lld", (long long)process_id());
    program_write(words[1], number);
    while (stat(words[2], &s) != 0 && clock_now_ns() < until) {
        clock_sleep_ns(10000000);
    }
    if (argc > 3) {
        program_write(words[3], "ended");
    }
    return 0;
}

static int program_echo(void)
{
    char text[256];
    size_t n = fread(text, 1, sizeof(text), stdin);
    fputs("out:", stdout);
    fwrite(text, 1, n, stdout);
    fflush(stdout);
    fputs("err", stderr);
    return 0;
}

static int program_environment(int argc, char **words)
{
    FILE *file = fopen(words[1], "wb");
    for (int i = 2; i < argc; i++) {
        const char *value = getenv(words[i]);
        value = value ? value : "-";
        fwrite(value, 1, strlen(value) + 1, file);
    }
    return fclose(file) != 0;
}

/* WORDS: what stands behind "--as". */
static int program_main(int argc, char **words)
{
    const char *as = words[0];
    if (strcmp(as, "exit") == 0) {
        return atoi(words[1]);
    }
    if (strcmp(as, "crash") == 0) {
        program_crash();
    }
    if (strcmp(as, "touch") == 0) {
        program_write(words[1], "");
        return 0;
    }
    if (strcmp(as, "words") == 0) {
        FILE *file = fopen(words[1], "wb");
        int code = program_words(file, argc, words);
        fclose(file);
        return code;
    }
    if (strcmp(as, "environment") == 0) {
        return program_environment(argc, words);
    }
    if (strcmp(as, "echo") == 0) {
        return program_echo();
    }
    if (strcmp(as, "deaf") == 0) {
        program_be_deaf();
        return program_linger(argc, words);
    }
    if (strcmp(as, "linger") == 0) {
        return program_linger(argc, words);
    }
    return strcmp(as, "leave") == 0 ? program_leave(words) : 125;
}

#endif
