/* sealed: a finished file that is still what it was. Writer thread. (The
 * constants of file.h that windows.h has macros for are not used here.) */
#include "sys/file.h"

#include <stdlib.h>

#include <windows.h>

#include "sys/win/path.h"

/* FAT keeps even seconds only. */
#define TIME_AGREES_NS INT64_C(2000000000)

static HANDLE open_path(const char *path, DWORD access)
{
    struct fault ignored = {0};
    wchar_t *full = path_full(path, "delete file", &ignored);
    if (!full) {
        SetLastError(ERROR_INVALID_NAME);
        return INVALID_HANDLE_VALUE;
    }
    HANDLE h =
        CreateFileW(full, access | FILE_READ_ATTRIBUTES,
                    FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                    NULL, OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    DWORD code = GetLastError();
    free(full);
    SetLastError(code);
    return h;
}

static int64_t joined(DWORD high, DWORD low)
{
    return (int64_t)((uint64_t)high << 32 | low);
}

/* Does what lies at H tell the same time as long as nobody changes it? NTFS and
 * ReFS do once all who wrote are gone, on this computer's disks: a server's are
 * called so, too. */
static bool keeps_time(HANDLE h)
{
    wchar_t name[MAX_PATH + 1] = L"";
    FILE_REMOTE_PROTOCOL_INFO remote;
    return !GetFileInformationByHandleEx(h, FileRemoteProtocolInfo, &remote,
                                         sizeof(remote)) &&
           GetVolumeInformationByHandleW(h, NULL, 0, NULL, NULL, NULL, name,
                                         MAX_PATH + 1) &&
           (wcscmp(name, L"NTFS") == 0 || wcscmp(name, L"ReFS") == 0);
}

/* What lies at H, and is it the file of MARK? */
static bool look(HANDLE h, const struct file_mark *mark, struct file_mark *now)
{
    BY_HANDLE_FILE_INFORMATION info;
    if (!GetFileInformationByHandle(h, &info)) {
        return false;
    }
    now->device = info.dwVolumeSerialNumber;
    now->number = (uint64_t)joined(info.nFileIndexHigh, info.nFileIndexLow);
    now->bytes = joined(info.nFileSizeHigh, info.nFileSizeLow);
    now->changed_ns = joined(info.ftLastWriteTime.dwHighDateTime,
                             info.ftLastWriteTime.dwLowDateTime) *
                      100;
    return now->device == mark->device && now->number == mark->number &&
           (info.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) == 0;
}

bool file_seal(const char *path, struct file_mark *mark)
{
    struct file_mark now = {0};
    HANDLE h = open_path(path, 0);
    if (h == INVALID_HANDLE_VALUE) {
        return false;
    }
    bool same = look(h, mark, &now);
    if (same) {
        *mark = now;
        mark->exact = keeps_time(h);
    }
    CloseHandle(h);
    return same;
}

enum file_removal file_remove_sealed(const char *path,
                                     const struct file_mark *mark)
{
    struct file_mark now = {0};
    FILE_DISPOSITION_INFO gone = {.DeleteFile = TRUE};
    HANDLE h = open_path(path, DELETE);
    if (h == INVALID_HANDLE_VALUE) {
        DWORD code = GetLastError();
        return code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND
                   ? FILE_MISSING
                   : FILE_STUCK;
    }
    enum file_removal done = FILE_CHANGED;
    bool same = look(h, mark, &now) && now.bytes == mark->bytes;
    int64_t apart = now.changed_ns - mark->changed_ns;
    int64_t most = mark->exact ? 0 : TIME_AGREES_NS;
    if (same && apart <= most && apart >= -most) {
        done = SetFileInformationByHandle(h, FileDispositionInfo, &gone,
                                          sizeof(gone))
                   ? FILE_REMOVED
                   : FILE_STUCK;
    }
    CloseHandle(h);
    return done;
}
