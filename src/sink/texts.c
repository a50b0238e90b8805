/* texts: see texts.h. Any thread. */
#include "sink/texts.h"

#include <string.h>

#include "core/text.h"

static const char *const names[SINK_TAG_COUNT] = {
    [SINK_TAG_TITLE] = "title",     [SINK_TAG_ARTIST] = "artist",
    [SINK_TAG_ALBUM] = "album",     [SINK_TAG_TRACKNUMBER] = "tracknumber",
    [SINK_TAG_GENRE] = "genre",     [SINK_TAG_DATE] = "date",
    [SINK_TAG_COMMENT] = "comment", [SINK_TAG_COPYRIGHT] = "copyright",
    [SINK_TAG_LICENCE] = "licence", [SINK_TAG_SOFTWARE] = "software",
};

enum sink_tag sink_tag_parse(const char *name, size_t length)
{
    static const char american[] = "license"; /* as Vorbis comments have it */
    char word[16] = "";

    if (length < sizeof word)
        memcpy(word, name, length);
    if (text_same(word, american))
        return SINK_TAG_LICENCE;
    for (size_t i = 0; i < SINK_TAG_COUNT; i++)
        if (text_same(word, names[i]))
            return (enum sink_tag)i;
    return SINK_TAG_COUNT;
}

const char *sink_tag_name(enum sink_tag tag)
{
    return names[tag];
}

const char *sink_tag_names(void)
{
    return "title, artist, album, tracknumber, genre, date, comment, "
           "copyright, licence, software";
}

void texts_collect(struct texts *t, const struct sink_request *request,
                   bool defaults)
{
    static const char from[] = "recorded from ";
    const char *const *asked = request->tags.value;
    char *comment = t->text[SINK_TAG_COMMENT];
    size_t room = sizeof t->text[0];

    for (size_t i = 0; i < SINK_TAG_COUNT; i++)
        text_printable(t->text[i], room, asked[i]);
    if (!defaults)
        return;
    if (asked[SINK_TAG_SOFTWARE] == NULL)
        text_copy(t->text[SINK_TAG_SOFTWARE], room, "looprec " LOOPREC_VERSION);
    if (asked[SINK_TAG_DATE] == NULL)
        text_printable(t->text[SINK_TAG_DATE], room, request->date);
    if (asked[SINK_TAG_COMMENT] == NULL && request->device_name != NULL &&
        request->device_name[0] != '\0') {
        memcpy(comment, from, sizeof from);
        text_printable(comment + sizeof from - 1, room - sizeof from + 1,
                       request->device_name);
    }
}
