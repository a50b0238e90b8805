/* app: an application for tests under Wine. It plays nothing (the double of
 * mmdevapi.dll says what it plays) and runs until a file appears.
 *
 *     app.exe [--exit=N] [--done=FILE] [--heard=FILE] END [EXE ARGUMENT...]
 *
 * Prints its own process id to standard error, starts EXE with its ARGUMENTs,
 * where one is given, and ends as soon as the file END exists, with status N
 * (0); --done's FILE is made just before. With --heard Ctrl-C does not end it
 * but makes that FILE. Paths are Windows' or, from / on, Z:'s. */
#include <stdio.h>
#include <wchar.h>

#include <windows.h>

enum { LOOK_MS = 20, LINE_MAX = 4096 };

/* A control handler gets no context. */
static const wchar_t *heard;

static void make(const wchar_t *file)
{
    CloseHandle(
        CreateFileW(file, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL));
}

static BOOL WINAPI handle(DWORD event)
{
    if (event != CTRL_C_EVENT)
        return FALSE;
    make(heard);
    return TRUE;
}

/* The words of ARGV in quotes; none of a test's holds one. */
static BOOL start(int argc, wchar_t **argv)
{
    STARTUPINFOW how = {.cb = sizeof how};
    PROCESS_INFORMATION child;
    wchar_t line[LINE_MAX] = L"";

    for (int i = 0; i < argc; i++) {
        if (wcslen(line) + wcslen(argv[i]) + 4 > LINE_MAX)
            return FALSE;
        wcscat(line, i ? L" \"" : L"\"");
        wcscat(line, argv[i]);
        wcscat(line, L"\"");
    }
    if (!CreateProcessW(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &how,
                        &child))
        return FALSE;
    CloseHandle(child.hThread);
    CloseHandle(child.hProcess);
    return TRUE;
}

int wmain(int argc, wchar_t **argv); /* no header has it */

int wmain(int argc, wchar_t **argv)
{
    const wchar_t *done = NULL;
    int status = 0;

    for (; argc > 1 && wcsncmp(argv[1], L"--", 2) == 0; argc--, argv++) {
        if (wcsncmp(argv[1], L"--exit=", 7) == 0)
            status = _wtoi(argv[1] + 7);
        else if (wcsncmp(argv[1], L"--done=", 7) == 0)
            done = argv[1] + 7;
        else if (wcsncmp(argv[1], L"--heard=", 8) == 0)
            heard = argv[1] + 8;
        else
            return 2;
    }
    if (argc < 2)
        return 2;
    if (heard)
        SetConsoleCtrlHandler(handle, TRUE);
    fprintf(stderr, "%lu\n", GetCurrentProcessId());
    if (argc > 2 && !start(argc - 2, argv + 2))
        return 1;
    while (GetFileAttributesW(argv[1]) == INVALID_FILE_ATTRIBUTES)
        Sleep(LOOK_MS);
    if (done)
        make(done);
    return status;
}
