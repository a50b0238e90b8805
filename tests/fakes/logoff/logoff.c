/* logoff: what Windows does to a program's windows at the end of a session, for
 * tests under Wine. "Logging Off", learn.microsoft.com: each top-level window
 * is asked, and when all agree each is told.
 *
 *     logoff.exe CLASS yes|no
 *
 * Finds the window of class CLASS, sends it WM_QUERYENDSESSION, and then
 * WM_ENDSESSION: the session ends, or (no) does not since another program
 * refused. Prints "asked=A" (1: it agrees) and "told=T", when these have been
 * answered: -1 where that took longer than the 5 s that Windows waits. Status
 * 1: there is no such window. */
#include <stdio.h>
#include <string.h>

#include <windows.h>

enum { PATIENCE_MS = 5000 };

static long send_to(HWND window, UINT message, BOOL ends)
{
    DWORD_PTR answer = 0;

    if (!SendMessageTimeoutW(window, message, (WPARAM)ends,
                             (LPARAM)ENDSESSION_LOGOFF, SMTO_NORMAL,
                             PATIENCE_MS, &answer))
        return -1;
    return (long)answer;
}

int wmain(int argc, wchar_t **argv); /* no header has it */

int wmain(int argc, wchar_t **argv)
{
    HWND window;

    if (argc != 3)
        return 2;
    window = FindWindowW(argv[1], NULL);
    if (!window)
        return 1;
    printf("asked=%ld\n", send_to(window, WM_QUERYENDSESSION, TRUE));
    printf("told=%ld\n",
           send_to(window, WM_ENDSESSION, wcscmp(argv[2], L"yes") == 0));
    return 0;
}
