/* sessions: the applications' audio sessions on the outputs. See sessions.h.
 * After "Audio Sessions" and IAudioSessionManager2, learn.microsoft.com. */
#include "source/wasapi/sessions.h"

#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "source/wasapi/abi_session.h"
#include "source/wasapi/device.h"
#include "source/wasapi/hresult.h"
#include "sys/win/utf.h"

/* A volume below this is nothing: 16 bits end at -96 dB. */
static const double inaudible = 1.0 / 65536.0;

/* One visit to all sessions. VISIT returns false to end it. */
struct tour {
    bool (*visit)(struct tour *t, IMMDevice *d, IAudioSessionControl2 *control);
    void *context;
    unsigned output;   /* of all outputs, which one: from 1 */
    unsigned answered; /* outputs that told their sessions */
    HRESULT refused;   /* why the last one did not */
};

/* Of what one output may claim to have. */
enum { SESSIONS_MAX = 4096 };

/* --- the way to the sessions --- */

static void *query(IAudioSessionControl2 *control, REFIID iid)
{
    void *found = NULL;

    if (FAILED(IAudioSessionControl2_QueryInterface(control, iid, &found)))
        return NULL;
    return found;
}

/* The session of place I as the interface that tells the most. */
static IAudioSessionControl2 *session_at(IAudioSessionEnumerator *all, int i)
{
    IAudioSessionControl *control = NULL;
    void *better = NULL;

    if (FAILED(IAudioSessionEnumerator_GetSession(all, i, &control)) ||
        !control)
        return NULL;
    if (FAILED(IAudioSessionControl_QueryInterface(
            control, &iid_session_control2, &better)))
        better = NULL;
    IAudioSessionControl_Release(control);
    return better;
}

/* An output that will not tell is passed over: the others count. */
static bool visit_output(void *context, IMMDevice *d)
{
    struct tour *t = context;
    IAudioSessionEnumerator *all = NULL;
    void *manager = NULL;
    int count = 0;
    bool go_on = true;
    HRESULT hr;

    t->output++;
    hr = IMMDevice_Activate(d, &iid_session_manager2, CLSCTX_ALL, NULL,
                            &manager);
    if (FAILED(hr) || !manager) {
        t->refused = FAILED(hr) ? hr : E_NOINTERFACE;
        return true;
    }
    hr = IAudioSessionManager2_GetSessionEnumerator(
        (IAudioSessionManager2 *)manager, &all);
    if (FAILED(hr) || !all) {
        t->refused = FAILED(hr) ? hr : E_NOINTERFACE;
    } else {
        t->answered++;
        if (FAILED(IAudioSessionEnumerator_GetCount(all, &count)))
            count = 0;
        for (int i = 0; go_on && i < count && i < SESSIONS_MAX; i++) {
            IAudioSessionControl2 *control = session_at(all, i);

            if (!control)
                continue; /* it ended meanwhile */
            go_on = t->visit(t, d, control);
            IAudioSessionControl2_Release(control);
        }
        IAudioSessionEnumerator_Release(all);
    }
    IAudioSessionManager2_Release((IAudioSessionManager2 *)manager);
    return go_on;
}

/* --- what one session says --- */

/* 0: nobody's, or not to be known. AUDCLNT_S_NO_SINGLE_PROCESS is a success
 * too: several processes share it, and the answer is the one that made it
 * (IAudioSessionControl2::GetProcessId). */
static DWORD process_of(IAudioSessionControl2 *control)
{
    DWORD id = 0;

    return SUCCEEDED(IAudioSessionControl2_GetProcessId(control, &id)) ? id : 0;
}

static bool is_expired(IAudioSessionControl2 *control, AudioSessionState *state)
{
    *state = AudioSessionStateInactive;
    return FAILED(IAudioSessionControl2_GetState(control, state)) ||
           *state == AudioSessionStateExpired;
}

/* Below 0: unknown. */
static double volume_of(IAudioSessionControl2 *control, bool *muted)
{
    ISimpleAudioVolume *volume = query(control, &iid_simple_volume);
    float level = -1.0f;
    BOOL mute = FALSE;

    *muted = false;
    if (!volume)
        return -1.0;
    if (FAILED(ISimpleAudioVolume_GetMasterVolume(volume, &level)) ||
        !(level >= 0.0f && level <= 1.0f))
        level = -1.0f;
    if (SUCCEEDED(ISimpleAudioVolume_GetMute(volume, &mute)))
        *muted = mute != FALSE;
    ISimpleAudioVolume_Release(volume);
    return (double)level;
}

double meter_peak(struct meter *m)
{
    float peak = -1.0f;

    /* Not a number fails the comparison, as it should. */
    if (!m || FAILED(m->methods->get_peak(m, &peak)) || !(peak >= 0.0f))
        return -1.0;
    return peak > 1.0f ? 1.0 : (double)peak;
}

static double peak_of(IAudioSessionControl2 *control)
{
    struct meter *m = query(control, &iid_meter);
    double peak = meter_peak(m);

    if (m)
        m->methods->release(m);
    return peak;
}

/* The file's name without its folder; empty: it may not be known. */
static void executable_of(DWORD process_id, char *out, size_t size)
{
    wchar_t path[4096];
    DWORD length = sizeof path / sizeof *path;
    const wchar_t *name = path;
    HANDLE process;

    out[0] = '\0';
    if (!process_id)
        return;
    process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, process_id);
    if (!process)
        return;
    if (QueryFullProcessImageNameW(process, 0, path, &length)) {
        for (const wchar_t *at = path; *at; at++)
            if (*at == L'\\' || *at == L'/')
                name = at + 1;
        utf8_copy_wide(out, size, name);
    }
    CloseHandle(process);
}

/* What the application calls itself. Most say nothing, and some a resource of
 * a file ("@%SystemRoot%\...,-202"), which is no name: then the executable's.
 */
static void name_of(IAudioSessionControl2 *control, struct app *a)
{
    wchar_t *name = NULL;

    if (SUCCEEDED(IAudioSessionControl2_GetDisplayName(control, &name)) &&
        name && name[0] != L'@')
        utf8_copy_wide(a->name, sizeof a->name, name);
    CoTaskMemFree(name);
    if (a->name[0])
        return;
    if (a->is_system)
        text_copy(a->name, sizeof a->name, "System sounds");
    else if (a->executable[0])
        text_copy(a->name, sizeof a->name, a->executable);
    else if (a->process_id)
        snprintf(a->name, sizeof a->name, "process %lld",
                 (long long)a->process_id);
}

/* --- the list --- */

struct listing {
    struct app_list *out;
    bool no_memory;
    unsigned output; /* whose session the last one was; 0: none yet */
    char device_id[DEVICE_TEXT_BYTES];
    char device_name[DEVICE_TEXT_BYTES];
    struct audio_format format;
};

static void describe_output(struct listing *l, IMMDevice *d, unsigned output)
{
    if (l->output == output)
        return;
    l->output = output;
    l->format = (struct audio_format){0};
    device_describe(d, l->device_id, l->device_name);
    device_read_format(d, &l->format);
}

static bool list_one(struct tour *t, IMMDevice *d,
                     IAudioSessionControl2 *control)
{
    struct listing *l = t->context;
    AudioSessionState state;
    DWORD process_id = process_of(control);
    struct app *a;

    if (is_expired(control, &state) || process_id == GetCurrentProcessId())
        return true;
    a = app_list_add(l->out);
    if (!a) {
        l->no_memory = true;
        return false;
    }
    describe_output(l, d, t->output);
    memcpy(a->device_id, l->device_id, sizeof a->device_id);
    memcpy(a->device_name, l->device_name, sizeof a->device_name);
    a->format = l->format;
    a->process_id = process_id;
    a->is_system = IAudioSessionControl2_IsSystemSoundsSession(control) == S_OK;
    executable_of(process_id, a->executable, sizeof a->executable);
    name_of(control, a);
    a->state = state == AudioSessionStateActive ? "active" : "inactive";
    a->volume = volume_of(control, &a->muted);
    a->peak = peak_of(control);
    return true;
}

bool sessions_list(IMMDeviceEnumerator *e, struct app_list *out,
                   struct fault *f)
{
    struct listing l = {.out = out};
    struct tour t = {.visit = list_one, .context = &l};

    if (!device_each(e, visit_output, &t, f))
        return false;
    if (t.output && !t.answered)
        return hresult_fault(f, "IAudioSessionManager2", t.refused, NULL);
    return !l.no_memory ||
           fault_set(f, ERR_NO_MEMORY, "list the applications", NULL, NULL);
}

/* --- the sessions of one application --- */

struct survey {
    const struct session_filter *filter;
    unsigned sessions; /* that are meant */
    unsigned muted;    /* of these */
    unsigned turned_down;
    char name[DEVICE_TEXT_BYTES]; /* the first one's executable */
    double peak;
};

static bool is_meant(const struct survey *s, IAudioSessionControl2 *control)
{
    AudioSessionState state;
    DWORD process_id = process_of(control);

    return process_id && !is_expired(control, &state) &&
           s->filter->matches(s->filter->context, process_id);
}

static bool is_nothing(double volume)
{
    return volume >= 0.0 && volume < inaudible;
}

static bool survey_volume(struct tour *t, IMMDevice *d,
                          IAudioSessionControl2 *control)
{
    struct survey *s = t->context;
    double volume;
    bool muted;

    (void)d;
    if (!is_meant(s, control))
        return true;
    if (!s->name[0])
        executable_of(process_of(control), s->name, sizeof s->name);
    volume = volume_of(control, &muted);
    s->sessions++;
    if (muted)
        s->muted++;
    else if (is_nothing(volume))
        s->turned_down++;
    else
        return false; /* it is heard: enough is known */
    return true;
}

bool sessions_warn_if_silent(IMMDeviceEnumerator *e,
                             const struct session_filter *filter,
                             const struct source_listener *listener)
{
    struct survey s = {.filter = filter};
    struct tour t = {.visit = survey_volume, .context = &s};
    char text[DEVICE_TEXT_BYTES + 128];

    if (!device_each(e, visit_output, &t, NULL) || !s.sessions)
        return false;
    if (!listener || s.sessions != s.muted + s.turned_down)
        return true;
    snprintf(text, sizeof text,
             "%s is %s in the volume mixer: silence will come",
             s.name[0] ? s.name : "the application",
             s.muted ? "muted" : "turned down to nothing");
    listener->warn(listener->context, text);
    return true;
}

static bool survey_peak(struct tour *t, IMMDevice *d,
                        IAudioSessionControl2 *control)
{
    struct survey *s = t->context;
    double volume, peak;
    bool muted;

    (void)d;
    if (!is_meant(s, control))
        return true;
    volume = volume_of(control, &muted);
    if (muted || (is_nothing(volume)))
        return true;
    peak = peak_of(control);
    if (peak > s->peak)
        s->peak = peak;
    return true;
}

double sessions_peak(IMMDeviceEnumerator *e,
                     const struct session_filter *filter)
{
    struct survey s = {.filter = filter, .peak = -1.0};
    struct tour t = {.visit = survey_peak, .context = &s};

    device_each(e, visit_output, &t, NULL);
    return s.peak;
}
