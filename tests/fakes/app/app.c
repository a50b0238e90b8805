/* app: an application for tests under Wine. It plays nothing (the double of
 * mmdevapi.dll says what it plays) and runs until a file appears.
 *
 *     app.exe [--exit=N] [--done=FILE] END [EXE ARGUMENT...]
 *
 * Prints its own process id to standard error, starts EXE with its ARGUMENTs,
 * where one is given, and ends as soon as the file END exists, with status N
 * (0); FILE is made just before. Paths are Windows' or, from / on, Z:'s. */
#include <stdio.h>
#include <wchar.h>

#include <windows.h>

enum { LOOK_MS = 20, LINE_MAX = 4096 };

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
        else
            return 2;
    }
    if (argc < 2)
        return 2;
    fprintf(stderr, "%lu\n", GetCurrentProcessId());
    if (argc > 2 && !start(argc - 2, argv + 2))
        return 1;
    while (GetFileAttributesW(argv[1]) == INVALID_FILE_ATTRIBUTES)
        Sleep(LOOK_MS);
    if (done)
        CloseHandle(
            CreateFileW(done, GENERIC_WRITE, 0, NULL, CREATE_NEW, 0, NULL));
    return status;
}
