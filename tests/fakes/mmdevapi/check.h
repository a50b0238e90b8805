/* check: the way into each method, what is wrong with how the caller uses the
 * double, and the log. Any thread. */
#ifndef LOOPREC_FAKE_CHECK_H
#define LOOPREC_FAKE_CHECK_H

#include <stdbool.h>

#include "fakes/mmdevapi/object.h"
#include "fakes/mmdevapi/world.h"

/* --- log.c --- */

/* The machine begins; what is logged before that counts no time. */
void log_begin(void);
/* One line of JSON: the members after "t", as in "\"open\":1". */
void log_json(const char *format, ...)
    __attribute__((format(gnu_printf, 1, 2)));
/* TEXT with what JSON wants escaped. */
void log_escape(char *to, size_t size, const char *text);
/* The caller did something wrong. */
void violation(const char *kind, const char *format, ...)
    __attribute__((format(gnu_printf, 2, 3)));
/* To standard error and the log, as they are. */
void log_error(const char *text);
/* The process' handles, its memory, and how many objects are referenced. */
void log_usage(void);
/* Leaks and the last line, as the process ends. No lock is taken. */
void log_summary(void);

/* --- call.c --- */

/* Every method is between these two; they hold the world's lock. S_OK: the
 * method does its work. E may be NULL. */
HRESULT call_begin(enum method method, struct object *o,
                   const struct endpoint *e);
HRESULT call_end(HRESULT hr);

/* The name of a method, and back; CALLS: none. */
const char *method_name(enum method method);
enum method method_find(const char *name);

/* Release is forbidden in a callback where it may be the last one. */
void check_release(const struct object *o);

/* This thread calls the caller between these two; WHAT for messages. */
void callback_enter(const char *what);
void callback_leave(void);
/* What this thread calls; NULL: nothing. */
const char *callback_now(void);

/* --- memory.c: what is given by CoTaskMemAlloc and freed by the caller --- */
void memory_watch(void);
void *memory_give(const void *bytes, size_t size, const char *what);
wchar_t *memory_give_text(const wchar_t *text, const char *what);
void memory_each(void (*visit)(const char *what, void *context), void *context);

#endif
