/* processes: the processes that run. See sys/processes.h. "Taking a Snapshot
 * and Viewing Processes", learn.microsoft.com. Any thread. */
#include "sys/win/processes.h"

#include <tlhelp32.h>

#include "sys/processes.h"
#include "sys/win/utf.h"

uint64_t processes_born(HANDLE process)
{
    FILETIME born, ended, kernel, user;
    if (!GetProcessTimes(process, &born, &ended, &kernel, &user)) {
        return 0;
    }
    return (uint64_t)born.dwHighDateTime << 32 | born.dwLowDateTime;
}

static uint64_t born(uint32_t pid)
{
    HANDLE h = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, pid);
    uint64_t time = 0;
    if (h) {
        time = processes_born(h);
        CloseHandle(h);
    }
    return time;
}

bool processes_read(struct process_list *out, unsigned what, struct fault *f)
{
    PROCESSENTRY32W entry = {.dwSize = sizeof(entry)};
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    BOOL more;
    bool ok = true;

    *out = (struct process_list){0};
    if (snapshot == INVALID_HANDLE_VALUE) {
        return fault_setf(f, ERR_SOURCE_FAILED, "CreateToolhelp32Snapshot",
                          (long)GetLastError(), NULL,
                          "the processes that run are not to be had");
    }
    for (more = Process32FirstW(snapshot, &entry); more;
         more = Process32NextW(snapshot, &entry)) {
        struct process_entry *p = process_list_add(out);
        if (!p) {
            ok = fault_set(f, ERR_NO_MEMORY, "list the processes", NULL, NULL);
            break;
        }
        p->pid = entry.th32ProcessID;
        p->parent = entry.th32ParentProcessID;
        utf8_copy_wide(p->name, sizeof(p->name), entry.szExeFile);
        if ((what & PROCESSES_BORN) && p->pid) {
            p->born = born(p->pid);
        }
    }
    CloseHandle(snapshot);
    return ok;
}
