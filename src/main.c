/* main: arguments to UTF-8, standard streams, the command, the exit code. Main
 * thread. */
#include <stdlib.h>

#include "cli/cli.h"
#include "sys/console.h"

static int run(int argc, char **argv)
{
    unsigned before = console_setup_streams();
    int code = cli_main(argc, argv, before);
    console_restore_streams(before);
    return code;
}

#ifdef _WIN32

#include <wchar.h>

#include "sys/win/dll.h"
#include "sys/win/utf.h"

int wmain(int argc, wchar_t **wide);

int wmain(int argc, wchar_t **wide)
{
    dll_system_only();
    /* Not freed: needed to the end, and the command may reorder the array. */
    char **argv = calloc((size_t)argc + 1, sizeof(*argv));
    if (!argv) {
        return EXIT_FAILURE;
    }
    for (int i = 0; i < argc; i++) {
        argv[i] = utf8_from_wide(wide[i]);
        if (!argv[i]) {
            return EXIT_FAILURE;
        }
    }
    return run(argc, argv);
}

#else

int main(int argc, char **argv)
{
    return run(argc, argv);
}

#endif
