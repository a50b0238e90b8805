/* dll: functions that not every Windows has, and where DLLs may come from. Any
 * thread. */
#include "sys/win/dll.h"

#include <windows.h>

void dll_system_only(void)
{
    SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32);
    dll_spare_child(false);
}

void dll_spare_child(bool yes)
{
    /* the current folder, for what asks in old ways */
    SetDllDirectoryW(yes ? NULL : L"");
}

void *dll_function(const wchar_t *dll, const char *name)
{
    HMODULE module = LoadLibraryExW(dll, NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
    return module ? (void *)GetProcAddress(module, name) : NULL;
}
