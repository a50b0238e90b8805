/* Sends a console control event to a running program: the Windows half of
 * scripts/wine-ctrl, which builds and runs it.
 *
 * Usage: wine-ctrl.exe EVENT NAME     EVENT: 0 Ctrl-C, 1 Ctrl-Break, 2 close,
 *                                     5 log off, 6 shut down
 *
 * GenerateConsoleCtrlEvent needs a shared console, which programs on pipes and
 * files do not have. So do what the console itself does: start a thread at
 * CtrlRoutine in the target. System DLLs lie at the same address in every
 * process, so the address found here is good there. */
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tlhelp32.h>

/* The lowest process id of a program of that name, or 0. */
static DWORD find_process(const char *name)
{
    PROCESSENTRY32 entry = { .dwSize = sizeof entry };
    HANDLE list = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    DWORD found = 0;

    for (BOOL more = Process32First(list, &entry); more; more = Process32Next(list, &entry)) {
        if (_stricmp(entry.szExeFile, name) == 0 && (!found || entry.th32ProcessID < found))
            found = entry.th32ProcessID;
    }
    CloseHandle(list);
    return found;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: wine-ctrl.exe EVENT NAME\n");
        return 2;
    }
    DWORD_PTR event = (DWORD_PTR)atoi(argv[1]);
    DWORD id = find_process(argv[2]);
    if (!id) {
        fprintf(stderr, "wine-ctrl: no process %s\n", argv[2]);
        return 3;
    }
    HANDLE process = OpenProcess(PROCESS_ALL_ACCESS, FALSE, id);
    FARPROC routine = GetProcAddress(GetModuleHandleA("kernel32.dll"), "CtrlRoutine");
    if (!routine)
        routine = GetProcAddress(GetModuleHandleA("kernelbase.dll"), "CtrlRoutine");
    if (!process || !routine) {
        fprintf(stderr, "wine-ctrl: %s: error %lu\n", process ? "no CtrlRoutine" : "OpenProcess",
                GetLastError());
        return 4;
    }
    HANDLE thread = CreateRemoteThread(process, NULL, 0,
                                       (LPTHREAD_START_ROUTINE)(void *)routine,
                                       (void *)event, 0, NULL);
    if (!thread) {
        fprintf(stderr, "wine-ctrl: CreateRemoteThread: error %lu\n", GetLastError());
        return 5;
    }
    if (event >= CTRL_CLOSE_EVENT) {
        /* As Windows does: the program is ended when its handlers have
         * returned, and after five seconds at the latest. A thread that ends
         * because its process does needs a moment's grace: the exit code is
         * the program's own then. */
        HANDLE either[2] = { thread, process };

        WaitForMultipleObjects(2, either, FALSE, 5000);
        if (WaitForSingleObject(process, 50) != WAIT_OBJECT_0)
            TerminateProcess(process, STATUS_CONTROL_C_EXIT);
        WaitForSingleObject(process, 5000);
    }
    return 0;
}
