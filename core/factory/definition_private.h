/*
 * definition_private.h: between the stages of reading a definition.
 *
 * definition_text.c parses and checks which keys and types there are; definition_steps.c reads
 * steps and puts them in order; definition.c does the rest.
 */
#ifndef FACTORY_DEFINITION_PRIVATE_H
#define FACTORY_DEFINITION_PRIVATE_H

#include <factory/definition.h>
#include <jansson.h>

#define PATH_BYTES 200

typedef struct definition_whole {
    factory_definition definition; /* first: what is given out */
    const hean_allocator *allocator;
    json_t *root; /* its texts are the definition's */
    char *canonical;
} definition_whole;

typedef struct reading {
    const hean_allocator *allocator;
    const factory_policy *policy;
    factory_problem *problem;
    definition_whole *whole;
    json_t *root;
    bool failed; /* memory ended */
} reading;

/* Fills the problem; always false, so that a stage can return it. */
bool definition_refuse(reading *self, factory_code code, const char *path, const char *format, ...)
    HEAN_PRINTF(4, 5);
/* The path of a member, in memory of the caller's block. */
#define DEFINITION_AT(path, member) definition_path((char[PATH_BYTES]){0}, path, member)
const char *definition_path(char out[PATH_BYTES], const char *path, const char *member);
/* The path of an element. */
const char *definition_path_at(char out[PATH_BYTES], const char *path, size_t index);
/* One JSON object and nothing else. */
bool definition_parse(reading *self, const char *text, size_t bytes);
/* Known keys, required ones, types; everywhere. */
bool definition_check_structure(reading *self);
bool definition_read_params(reading *self, const json_t *step, const char *path, factory_step *out);
/* Unique ids, known dependencies, no cycle; fills `order`. */
bool definition_order_steps(reading *self);

#endif
