/* mark: see mark.h. Any thread. */
#include "sys/posix/mark.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "sys/processes.h"

/* Of a boot's id so much. */
enum { BOOT_DIGITS = 12 };

/* "NAMESPACE.BOOT" of this process. */
static bool read_where(char where[MARK_BYTES])
{
    char space[64], boot[64];
    ssize_t n = readlink("/proc/self/ns/pid", space, sizeof(space) - 1);
    uint64_t number;
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
    bool good = file && fgets(boot, sizeof(boot), file);
    if (file) {
        fclose(file);
    }
    if (!good || n <= 0) {
        return false;
    }
    space[n] = '\0';
    if (sscanf(space, "pid:[%" SCNu64 "]", &number) != 1) {
        return false;
    }
    /* a UUID, of which dashes are left out */
    int digits = 0;
    for (const char *c = boot; *c && digits < BOOT_DIGITS; c++) {
        if (isxdigit((unsigned char)*c)) {
            boot[digits++] = *c;
        }
    }
    boot[digits] = '\0';
    snprintf(where, MARK_BYTES, "%" PRIu64 ".%s", number, boot);
    return digits == BOOT_DIGITS;
}

bool mark_make(char mark[MARK_BYTES])
{
    char where[MARK_BYTES];
    struct process_entry self;
    if (!read_where(where) || !process_read((uint32_t)getpid(), &self)) {
        return false;
    }
    int length = snprintf(mark, MARK_BYTES, "%d.%" PRIu64 ".%s", (int)getpid(),
                          self.born, where);
    return length > 0 && length < MARK_BYTES;
}

bool mark_is_dead(const char *mark)
{
    char here[MARK_BYTES], where[MARK_BYTES];
    struct process_entry now;
    int id, used = 0;
    uint64_t then;
    if (strlen(mark) >= MARK_BYTES || !read_where(here) ||
        sscanf(mark, "%d.%" SCNu64 ".%n", &id, &then, &used) != 2 ||
        used == 0 || id <= 0) {
        return false;
    }
    strcpy(where, mark + used);
    if (strcmp(where, here) != 0) {
        return false;
    }
    if (kill(id, 0) != 0 && errno == ESRCH) {
        return true;
    }
    /* Where /proc hides it (hidepid), it is there all the same. */
    return process_read((uint32_t)id, &now) && (now.born != then || now.ended);
}
