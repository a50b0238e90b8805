/* oserror: GetLastError and HRESULT -> the program's kinds of error. Any
 * thread. */
#include "sys/win/oserror.h"

#include <stdio.h>
#include <string.h>

#include <windows.h>

#include "sys/win/utf.h"

/* Audio's own, from audioclient.h: plain numbers, so that this file does not
 * depend on which of them a header set knows. */
enum {
    AUDIO_DEVICE_INVALIDATED = 0x004,
    AUDIO_UNSUPPORTED_FORMAT = 0x008,
    AUDIO_DEVICE_IN_USE = 0x00A,
    AUDIO_ENDPOINT_CREATE_FAILED = 0x00F,
    AUDIO_SERVICE_NOT_RUNNING = 0x010,
    AUDIO_EXCLUSIVE_MODE_ONLY = 0x012,
    AUDIO_RESOURCES_INVALIDATED = 0x026,
    FACILITY_AUDCLNT_ = 0x889,
};

/* winerror.h's ERROR_DISK_QUOTA_EXCEEDED, missing from mingw-w64 10. */
enum { DISK_QUOTA_EXCEEDED = 1295 };

static enum error audio_kind(long code)
{
    switch (code & 0xFFFF) {
    case AUDIO_DEVICE_INVALIDATED:
    case AUDIO_ENDPOINT_CREATE_FAILED:
    case AUDIO_RESOURCES_INVALIDATED: return ERR_DEVICE_LOST;
    case AUDIO_SERVICE_NOT_RUNNING: return ERR_NO_SERVER;
    case AUDIO_DEVICE_IN_USE:
    case AUDIO_EXCLUSIVE_MODE_ONLY: return ERR_DEVICE_BUSY;
    case AUDIO_UNSUPPORTED_FORMAT: return ERR_UNSUPPORTED;
    default: return ERR_SOURCE_FAILED;
    }
}

static enum error win32_kind(long code)
{
    switch (code) {
    case ERROR_SUCCESS: return ERR_OK;
    case ERROR_FILE_EXISTS:
    case ERROR_ALREADY_EXISTS: return ERR_FILE_EXISTS;
    case ERROR_DIRECTORY: return ERR_NOT_A_DIRECTORY;
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_DRIVE:
    case ERROR_BAD_NETPATH:
    case ERROR_BAD_NET_NAME: return ERR_NO_SUCH_DIRECTORY;
    case ERROR_SHARING_VIOLATION:
    case ERROR_LOCK_VIOLATION:
    case ERROR_USER_MAPPED_FILE: return ERR_FILE_IN_USE;
    case ERROR_ACCESS_DENIED:
    case ERROR_WRITE_PROTECT:
    case ERROR_PRIVILEGE_NOT_HELD: return ERR_PERMISSION;
    case ERROR_DISK_FULL:
    case ERROR_HANDLE_DISK_FULL:
    case DISK_QUOTA_EXCEEDED:
    case ERROR_FILE_TOO_LARGE: return ERR_NO_SPACE;
    case ERROR_NO_DATA: /* "The pipe is being closed." */
    case ERROR_BROKEN_PIPE:
    case ERROR_PIPE_NOT_CONNECTED: return ERR_PIPE_CLOSED;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
    case ERROR_COMMITMENT_LIMIT: return ERR_NO_MEMORY;
    case ERROR_NOT_SUPPORTED:
    case ERROR_CALL_NOT_IMPLEMENTED: return ERR_UNSUPPORTED;
    default: return ERR_IO;
    }
}

enum error oserror_kind(long code)
{
    if (code >= 0 && code <= 0xFFFF) {
        return win32_kind(code);
    }
    switch (HRESULT_FACILITY(code)) {
    case FACILITY_WIN32: /* E_ACCESSDENIED and E_OUTOFMEMORY are of these */
        return win32_kind(code & 0xFFFF);
    case FACILITY_AUDCLNT_: return audio_kind(code);
    default:
        return code == E_NOTIMPL || code == E_NOINTERFACE ? ERR_UNSUPPORTED
                                                          : ERR_IO;
    }
}

char *oserror_words(char *buffer, size_t size, long code)
{
    wchar_t text[256];
    DWORD id = (DWORD)code;
    DWORD n = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM |
                                 FORMAT_MESSAGE_IGNORE_INSERTS |
                                 FORMAT_MESSAGE_MAX_WIDTH_MASK,
                             NULL, id, 0, text, 256, NULL);
    while (n > 0 && (text[n - 1] <= L' ' || text[n - 1] == L'.')) {
        n--;
    }
    text[n < 256 ? n : 255] = L'\0';
    if (n > 0) {
        utf8_copy_wide(buffer, size, text);
    } else {
        snprintf(buffer, size, "error 0x%08lx", (unsigned long)id);
    }
    return buffer;
}

static const char *general_hint(long code)
{
    switch (code) {
    case ERROR_FILE_EXISTS:
    case ERROR_ALREADY_EXISTS: return "use --overwrite or another name";
    case ERROR_SHARING_VIOLATION:
    case ERROR_LOCK_VIOLATION:
    case ERROR_USER_MAPPED_FILE:
        return "another program has the file open: close it there, or use "
               "another name";
    case ERROR_WRITE_PROTECT:
        return "the disk is read-only: choose another place";
    case ERROR_ACCESS_DENIED: return "choose a place where you may write";
    case ERROR_DISK_FULL:
    case ERROR_HANDLE_DISK_FULL:
        return "free some space or choose another disk";
    case DISK_QUOTA_EXCEEDED:
        return "your quota is used up: free some space or choose another disk";
    case ERROR_FILE_TOO_LARGE:
        return "the disk holds no larger file (FAT32: 4 GiB): choose another";
    case ERROR_INVALID_NAME: return "a name may not hold < > : \" | ? *";
    case ERROR_PIPE_BUSY:
        return "the pipe has a writer already: end it, or use another pipe";
    case ERROR_FILENAME_EXCED_RANGE: return "use a shorter name";
    case ERROR_BAD_NETPATH:
    case ERROR_BAD_NET_NAME: return "check the server's and the share's name";
    default: return NULL;
    }
}

bool oserror_fault(struct fault *f, const char *op, long code,
                   const char *subject, const char *hint)
{
    enum error kind = oserror_kind(code);
    char words[200];
    if (!hint) {
        hint = general_hint(code);
    }
    if (!subject) {
        return fault_setf(f, kind, op, code, hint, "%s",
                          oserror_words(words, sizeof(words), code));
    }
    if (kind == ERR_IO) {
        return fault_setf(f, kind, op, code, hint, "%s: %s", subject,
                          oserror_words(words, sizeof(words), code));
    }
    return fault_setf(f, kind, op, code, hint, "%s", subject);
}
