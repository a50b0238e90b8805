/* hresult: what Windows answers, told in words. See hresult.h. Any thread.
 * Meanings from "IAudioClient::Initialize", "IAudioCaptureClient::GetBuffer"
 * and "Recovering from an Invalid-Device Error", learn.microsoft.com. */
#include "source/wasapi/hresult.h"

#include <stddef.h>

#include "source/wasapi/abi.h"
#include "sys/win/dll.h"
#include "sys/win/oserror.h"

struct answer {
    HRESULT hr;
    enum error err;
    bool final; /* asking in another way makes no difference */
    const char *name;
    const char *words;
    const char *hint; /* NULL: nothing sensible */
};

static const char hint_list[] = "`looprec -l` lists the outputs";
static const char hint_service[] =
    "start the services \"Windows Audio\" and \"Windows Audio Endpoint "
    "Builder\"";
static const char hint_exclusive[] =
    "end the program that uses the device in exclusive mode, or forbid that "
    "in the device's advanced properties";

#define A(name, err, final, words, hint)           \
    {                                              \
        name, ERR_##err, final, #name, words, hint \
    }
static const struct answer answers[] = {
    A(AUDCLNT_E_DEVICE_INVALIDATED, NO_DEVICE, true,
      "the device was unplugged, disabled or set to another format", NULL),
    A(AUDCLNT_E_SERVICE_NOT_RUNNING, NO_SERVER, true,
      "the Windows audio service is not running", hint_service),
    A(AUDCLNT_E_RESOURCES_INVALIDATED, NO_DEVICE, true,
      "Windows took the stream's resources away", NULL),
    A(AUDCLNT_E_ENDPOINT_CREATE_FAILED, NO_DEVICE, true,
      "the device is unplugged or cannot be set up", hint_list),
    A(AUDCLNT_E_DEVICE_IN_USE, DEVICE_BUSY, true,
      "another program uses the device in exclusive mode", hint_exclusive),
    A(AUDCLNT_E_EXCLUSIVE_MODE_ONLY, DEVICE_BUSY, true,
      "the device can only be used in exclusive mode", hint_exclusive),
    A(AUDCLNT_E_CPUUSAGE_EXCEEDED, SOURCE_FAILED, false,
      "the audio engine is overloaded", NULL),
    A(AUDCLNT_E_WRONG_ENDPOINT_TYPE, UNSUPPORTED, true,
      "the device is no output", hint_list),
    A(AUDCLNT_E_UNSUPPORTED_FORMAT, UNSUPPORTED, false,
      "the device refuses its own mix format", NULL),
    A(AUDCLNT_E_BUFFER_SIZE_ERROR, SOURCE_FAILED, false,
      "the device refuses a buffer of this length", NULL),
    A(AUDCLNT_E_BUFFER_ERROR, SOURCE_FAILED, false, "the device gave no buffer",
      NULL),
    A(AUDCLNT_E_BUFFER_OPERATION_PENDING, SOURCE_FAILED, false,
      "the stream is being reset", NULL),
    A(AUDCLNT_E_OUT_OF_ORDER, SOURCE_FAILED, false,
      "a buffer was not given back", NULL),
    A(AUDCLNT_E_INVALID_STREAM_FLAG, UNSUPPORTED, false,
      "this Windows or this device has no loopback", NULL),
    A(AUDCLNT_E_NOT_INITIALIZED, SOURCE_FAILED, false,
      "the stream is not set up", NULL),
    A(AUDCLNT_E_ALREADY_INITIALIZED, SOURCE_FAILED, false,
      "the stream is set up already", NULL),
    A(AUDCLNT_E_NOT_STOPPED, SOURCE_FAILED, false,
      "the stream is running already", NULL),
    A(AUDCLNT_E_EVENTHANDLE_NOT_SET, SOURCE_FAILED, false,
      "the stream's event is missing", NULL),
    A(AUDCLNT_E_EVENTHANDLE_NOT_EXPECTED, SOURCE_FAILED, false,
      "the stream takes no event", NULL),
    A(HR_NOT_FOUND, NO_DEVICE, true, "there is no such output", hint_list),
    A(E_OUTOFMEMORY, NO_MEMORY, true, "memory is short", NULL),
    A(E_ACCESSDENIED, PERMISSION, true, "access was refused", NULL),
    A(E_INVALIDARG, SOURCE_FAILED, false, "an argument was refused", NULL),
    A(E_NOTIMPL, UNSUPPORTED, false, "Windows does not do this here", NULL),
    A(E_NOINTERFACE, UNSUPPORTED, false, "Windows does not offer this here",
      NULL),
    A(REGDB_E_CLASSNOTREG, UNSUPPORTED, true,
      "this Windows has no Core Audio (Server Core?)", NULL),
    /* What RPC to a stopped or crashed audiosrv answers. */
    A(HRESULT_FROM_WIN32(RPC_S_SERVER_UNAVAILABLE), NO_SERVER, true,
      "the Windows audio service does not answer", hint_service),
    A(HRESULT_FROM_WIN32(RPC_S_CALL_FAILED), NO_SERVER, true,
      "the Windows audio service does not answer", hint_service),
    A(HRESULT_FROM_WIN32(ERROR_SERVICE_DEPENDENCY_FAIL), NO_SERVER, true,
      "the Windows audio service cannot start", hint_service),
};

/* What a Windows without process loopback answers: Wine 10.0 0x80070002; which
 * ones the versions from 8 to 10 1909 give is documented nowhere. What one that
 * has it can answer, too (E_INVALIDARG to a process that it does not take), is
 * not here: there the version decides. */
#define NONE(name)                                                      \
    {                                                                   \
        name, ERR_NO_APP_CAPTURE, true, #name, words_none, hint_version \
    }
static const char words_none[] =
    "this Windows does not record single applications";
static const char hint_version[] =
    "it takes Windows 10 version 2004 (build 19041) or later";
static const struct answer activation_answers[] = {
    NONE(HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND)),
    NONE(HRESULT_FROM_WIN32(ERROR_PATH_NOT_FOUND)),
    NONE(E_NOTIMPL),
    NONE(REGDB_E_CLASSNOTREG),
};

/* What means another thing where process loopback answers it. */
static const struct answer process_answers[] = {
    A(AUDCLNT_E_DEVICE_INVALIDATED, SOURCE_FAILED, true,
      "Windows took the stream away", NULL),
    A(AUDCLNT_E_UNSUPPORTED_FORMAT, UNSUPPORTED, false,
      "Windows refuses float32 at 48000 Hz in stereo", NULL),
    A(AUDCLNT_E_INVALID_STREAM_FLAG, UNSUPPORTED, false,
      "Windows refuses what was asked for", NULL),
    A(AUDCLNT_E_ENDPOINT_CREATE_FAILED, SOURCE_FAILED, true,
      "Windows cannot set it up", hint_service),
    A(HR_NOT_FOUND, SOURCE_FAILED, false,
      "Windows does not find what to record", NULL),
    A(E_ACCESSDENIED, PERMISSION, true,
      "Windows does not let this program hear it",
      "run looprec with the rights that the application has"),
};
#undef NONE
#undef A

static const struct answer *look(const struct answer *table, size_t count,
                                 HRESULT hr)
{
    for (size_t i = 0; i < count; i++)
        if (table[i].hr == hr)
            return &table[i];
    return NULL;
}

static const struct answer *find(HRESULT hr)
{
    return look(answers, sizeof answers / sizeof *answers, hr);
}

static const struct answer *find_process(HRESULT hr)
{
    const struct answer *a = look(
        process_answers, sizeof process_answers / sizeof *process_answers, hr);

    return a ? a : find(hr);
}

bool hresult_is_final(long hr)
{
    const struct answer *a = find((HRESULT)hr);

    return a && a->final;
}

static bool fill(struct fault *f, enum error err, const char *op, HRESULT hr,
                 const char *subject, const struct answer *a)
{
    char words[512];
    const char *colon = subject && *subject ? ": " : "";

    if (!subject)
        subject = "";
    if (a)
        return fault_setf(f, err, op, (long)hr, a->hint, "%s%s%s (%s)", subject,
                          colon, a->words, a->name);
    return fault_setf(f, err, op, (long)hr, NULL, "%s%s%s (0x%08lx)", subject,
                      colon, oserror_words(words, sizeof words, (long)hr),
                      (unsigned long)hr);
}

bool hresult_fault(struct fault *f, const char *op, long hr,
                   const char *subject)
{
    const struct answer *a = find((HRESULT)hr);

    return fill(f, a ? a->err : ERR_SOURCE_FAILED, op, (HRESULT)hr, subject, a);
}

bool hresult_lost(struct fault *f, const char *op, long hr, const char *subject)
{
    return fill(f, ERR_DEVICE_LOST, op, (HRESULT)hr, subject,
                find((HRESULT)hr));
}

/* Documented from 20348 on (AUDIOCLIENT_ACTIVATION_PARAMS), works from here on
 * (bozbez/win-capture-audio #14, naudio/NAudio #1348). */
enum { FIRST_BUILD = 19041 };

/* GetVersionEx says what the manifest knows of; RtlGetVersion the truth. */
static bool is_too_old(void)
{
    typedef LONG WINAPI version_fn(OSVERSIONINFOW *);
    version_fn *version =
        (version_fn *)dll_function(L"ntdll.dll", "RtlGetVersion");
    OSVERSIONINFOW v = {.dwOSVersionInfoSize = sizeof v};

    return version && version(&v) == 0 && v.dwBuildNumber < FIRST_BUILD;
}

bool hresult_activation_fault(struct fault *f, const char *op, long hr,
                              const char *subject)
{
    const struct answer *a = look(
        activation_answers,
        sizeof activation_answers / sizeof *activation_answers, (HRESULT)hr);

    if (a)
        return fill(f, a->err, op, (HRESULT)hr, subject, a);
    a = find_process((HRESULT)hr);
    if ((!a || a->err == ERR_SOURCE_FAILED || a->err == ERR_UNSUPPORTED) &&
        is_too_old())
        return fault_setf(f, ERR_NO_APP_CAPTURE, op, hr, hint_version,
                          "%s: %s (0x%08lx)", subject, words_none,
                          (unsigned long)hr);
    return hresult_process_fault(f, op, hr, subject);
}

bool hresult_process_fault(struct fault *f, const char *op, long hr,
                           const char *subject)
{
    const struct answer *a = find_process((HRESULT)hr);

    return fill(f, a ? a->err : ERR_SOURCE_FAILED, op, (HRESULT)hr, subject, a);
}

bool hresult_process_lost(struct fault *f, const char *op, long hr,
                          const char *subject)
{
    return fill(f, ERR_DEVICE_LOST, op, (HRESULT)hr, subject,
                find_process((HRESULT)hr));
}

bool hresult_no_process_loopback(struct fault *f, const char *op,
                                 const char *why)
{
    return fault_setf(f, ERR_NO_APP_CAPTURE, op, 0, hint_version, "%s (%s)",
                      words_none, why);
}
