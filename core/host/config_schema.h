/*
 * config_schema.h: the one table of configuration keys, and how a JSON object is read by it.
 */
#ifndef HOST_CONFIG_SCHEMA_H
#define HOST_CONFIG_SCHEMA_H

#include <host/config.h>

#include <jansson.h>

typedef enum config_type {
    CONFIG_TEXT,   /* char *, copied */
    CONFIG_TEXTS,  /* config_texts, copied */
    CONFIG_CHOICE, /* an enum: the place in `choices` */
    CONFIG_SCALED, /* int64_t: number * 10^scale10 */
    CONFIG_WHOLE,  /* int64_t */
    CONFIG_SMALL,  /* int32_t, whole */
    CONFIG_MEGA,   /* size_t: whole MiB, in bytes */
    CONFIG_REAL,   /* double */
    CONFIG_FREE,   /* any object, as JSON text: char * */
    CONFIG_OBJECT, /* the keys whose object is `name` */
    CONFIG_LIST    /* of objects: config_strategy */
} config_type;

/* What a reader carries along. */
typedef struct config_reader {
    const hean_allocator *allocator;
    const char *file;
    config *config;
    hean_error *error;
} config_reader;

/* Reads one JSON object by the keys of `object` ("" is the whole) into the struct at `base`, which
 * holds the defaults. `path` is for messages: "strategies[2]". */
hean_status config_read_object(config_reader *reader, const json_t *json, const char *object,
                               const char *path, void *base) HEAN_WARN_UNUSED;
/* "strategies[2]". */
void config_index(char *out, size_t bytes, const char *path, size_t index);
/* config.c: the strategies. */
hean_status config_read_strategies(config_reader *reader, const json_t *json,
                                   const char *path) HEAN_WARN_UNUSED;
/* Refuses keys that look like secrets, at any depth. */
hean_status config_refuse_secrets(config_reader *reader, const json_t *json,
                                  const char *path) HEAN_WARN_UNUSED;

#endif
