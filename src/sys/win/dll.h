/* dll: functions that not every Windows has, and where DLLs may come from.
 * Windows only. Any thread. */
#ifndef LOOPREC_SYS_WIN_DLL_H
#define LOOPREC_SYS_WIN_DLL_H

#include <stdbool.h>
#include <wchar.h>

/* First thing in main: from now on a DLL that anybody in this process asks for
 * by its bare name (system DLLs do so too) is looked for in System32 only, and
 * not beside looprec.exe, in the current folder or on PATH: what lies in a
 * downloads folder must not run. What the executable itself is linked with is
 * loaded before that; it is of Windows' list of known DLLs, which are taken
 * from System32 anyhow. ("Dynamic-Link Library Security";
 * SetDefaultDllDirectories, there from Windows 8 on.) */
void dll_system_only(void);

/* YES: a process that is started now looks for its DLLs as ever. Part of what
 * dll_system_only does is inherited (SetDllDirectory), and a command may have
 * DLLs in its current folder. Not YES: as before. Main thread. */
void dll_spare_child(bool yes);

/* The function NAME of System32's DLL, to be cast to its type; NULL: this
 * Windows has no such DLL or function. The DLL stays loaded. */
void *dll_function(const wchar_t *dll, const char *name);

#endif
