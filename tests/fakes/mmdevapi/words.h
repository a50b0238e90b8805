/* words: how a script's words are read. Each of these ends the process with a
 * message where a word is wrong. */
#ifndef LOOPREC_FAKE_WORDS_H
#define LOOPREC_FAKE_WORDS_H

#include "fakes/mmdevapi/world.h"

/* A statement that is being read. */
struct words {
    int line, count, next;
    char *const *word;
};

/* The next word; the statement must have one. */
const char *words_take(struct words *s, const char *what);
/* Is the next word TEXT? Then it is taken. */
bool words_match(struct words *s, const char *text);
/* The place of the next word among the texts, which end with NULL. */
int words_choice(struct words *s, const char *const *texts, const char *what);
bool words_on_off(struct words *s);
double words_number(struct words *s, const char *what);
uint32_t words_count(struct words *s, const char *what, uint32_t most);
int64_t words_time(struct words *s);
HRESULT words_hresult(struct words *s);
/* Does the next word look like an HRESULT? */
bool words_has_hresult(const struct words *s);
/* N or `always`; 1 where there is none. */
unsigned words_times(struct words *s);
struct endpoint *words_endpoint(struct words *s);
enum method words_method(struct words *s);
/* Nothing may be left. */
void words_end(const struct words *s);
static inline bool words_more(const struct words *s)
{
    return s->next < s->count;
}

/* --- actions.c, faults.c: one for each group; false: not theirs --- */

/* What a statement works on. DRY: the machine stays as it is. */
struct doing {
    struct world *world;
    struct words words;
    bool dry;
    bool first; /* the script is being read */
    int64_t now;
};

/* rate, channels, mask, type; false: the next word is none of them. */
bool wave_word(struct words *s, struct wave *w);

bool machine_statement(struct doing *d, const char *verb);
bool fault_statement(struct doing *d, const char *verb);
bool change_statement(struct doing *d, const char *verb);
bool number_statement(struct doing *d, const char *verb);

#endif
