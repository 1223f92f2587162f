/*
 * process_generate.c: asks a language model for a new process, or repeats a recorded answer.
 */
#include "cmd_process.h"

#include <host/llm.h>

#include <stdlib.h>
#include <string.h>

typedef struct generate_arguments {
    const char *store, *replay, *key_file;
    bool as_json;
    llm_options options;
} generate_arguments;

static void write_quality(cli_json *json, const factory_quality *quality)
{
    cli_json_object(json, "quality");
    cli_json_real(json, "overall", quality->overall);
    cli_json_real(json, "measurability", quality->measurability);
    cli_json_real(json, "safety", quality->safety);
    cli_json_real(json, "testability", quality->testability);
    cli_json_real(json, "capital_efficiency", quality->capital_efficiency);
    cli_json_array(json, "reasons");
    for (size_t i = 0; i < quality->reason_count; i++) {
        const factory_reason *reason = &quality->reasons[i];
        char text[120];
        (void)snprintf(text, sizeof text, "%+.2f: %s", reason->points / 100.0, reason->text);
        cli_json_text(json, NULL, text);
    }
    cli_json_array_end(json);
    cli_json_object_end(json);
}

static int print_json(const generate_arguments *self, const llm_outcome *outcome)
{
    cli_json json;

    cli_json_init(&json);
    cli_json_object(&json, NULL);
    cli_json_text(&json, "hash", outcome->hash);
    cli_json_text(&json, "answered_by", outcome->from_record ? "record" : "network");
    cli_json_bool(&json, "accepted", outcome->definition != NULL);
    cli_json_text(&json, "code", outcome->code);
    cli_json_text(&json, "path", outcome->problem.path);
    cli_json_text(&json, "reason", outcome->problem.text);
    cli_json_bool(&json, "stored", outcome->stored);
    cli_json_whole(&json, "requests", outcome->requests);
    cli_json_whole(&json, "tokens", outcome->tokens);
    if (self->replay == NULL)
        cli_json_text(&json, "model", self->options.model);
    if (outcome->quality.reason_count > 0)
        write_quality(&json, &outcome->quality);
    if (outcome->definition != NULL) {
        cli_json_text(&json, "process_id", outcome->definition->id);
        base_buffer_printf(&json.buffer, ",\"definition\":%s", outcome->definition->json);
    }
    cli_json_object_end(&json);
    return cli_json_print(&json);
}

static int print_text(const generate_arguments *self, const llm_outcome *outcome)
{
    const factory_definition *definition = outcome->definition;

    if (definition == NULL)
        return CLI_EXIT_DONE; /* the refusal is told on stderr */
    if (self->replay != NULL)
        return puts(definition->json) >= 0 ? CLI_EXIT_DONE : CLI_EXIT_FAILED;
    return printf("%s: %s\n%s; %s; quality %.2f\nexchange %s\n%s\n", definition->id,
                  definition->name, outcome->stored ? "stored as NEW, disabled" : "stored before",
                  outcome->from_record ? "answered from the record" : "answered by the model",
                  outcome->quality.overall, outcome->hash,
                  "approve it with: hean process approve") >= 0
               ? CLI_EXIT_DONE
               : CLI_EXIT_FAILED;
}

/* A server on this machine needs none. */
static hean_status load_key(const generate_arguments *self, keys **out, hean_error *error)
{
    hean_status status = keys_load_from(&keys_openai, self->key_file, out, error);

    if (status == HEAN_E_NOT_FOUND && self->key_file == NULL &&
        strncmp(self->options.base_url, "http://", 7) == 0) {
        *error = (hean_error){HEAN_OK, ""};
        return HEAN_OK;
    }
    return status;
}

static hean_status generate(generate_arguments *self, llm_outcome *outcome, hean_error *error)
{
    keys *key = NULL;
    store *kept = NULL;
    hean_status status = HEAN_OK;

    /* The key is read at once, so that no process that is started later can see it. A recorded
     * answer needs none. */
    if (load_key(self, &key, error) != HEAN_OK && error->status != HEAN_E_NOT_FOUND)
        return error->status;
    self->options.key = key;
    self->options.needs_key = key == NULL && error->status == HEAN_E_NOT_FOUND;
    *error = (hean_error){HEAN_OK, ""};
    status = store_open(NULL, self->store, STORE_WRITE, &kept, error);
    if (status == HEAN_OK && self->replay != NULL)
        status = llm_replay(kept, self->replay, outcome, error);
    else if (status == HEAN_OK)
        status = llm_generate(kept, &self->options, outcome, error);
    store_close(kept);
    keys_close(key);
    return status;
}

static int finish(const generate_arguments *self, llm_outcome *outcome)
{
    int result = self->as_json ? print_json(self, outcome) : print_text(self, outcome);

    if (outcome->definition == NULL) {
        (void)fprintf(stderr, "hean: refused: %s at %s: %s\n", outcome->code, outcome->problem.path,
                      outcome->problem.text);
        result = CLI_EXIT_FAILED;
    }
    factory_definition_close(outcome->definition);
    return result;
}

int process_generate(int argc, char **argv)
{
    const char *url = getenv("OPENAI_BASE_URL");
    generate_arguments self = {.store = CLI_STORE_DEFAULT,
                               .options = {.base_url = url != NULL ? url : LLM_BASE_URL,
                                           .model = LLM_MODEL,
                                           .timeout_ns = LLM_TIMEOUT_NS,
                                           .requests_a_day = LLM_REQUESTS_A_DAY,
                                           .tokens_a_day = LLM_TOKENS_A_DAY,
                                           .now_ns = base_clock_wall_ns(),
                                           .stop = &cli_stop}};
    llm_options *set = &self.options;
    const cli_option options[] = {
        {"--model", CLI_TEXT, &set->model, "NAME", "which model is asked; " LLM_MODEL},
        {"--fresh", CLI_FLAG, &set->fresh, NULL, "ask anew, even if the record has an answer"},
        {"--replay", CLI_TEXT, &self.replay, "HASH", "print the definition of a recorded answer"},
        {"--prompt", CLI_TEXT, &set->prompt, "FILE", "a Lua file instead of the built-in prompt"},
        {"--key-file", CLI_TEXT, &self.key_file, "FILE", "the key, instead of $OPENAI_API_KEY"},
        {"--timeout", CLI_DURATION, &set->timeout_ns, "TIME", "of one try; 120s"},
        {"--max-requests", CLI_WHOLE, &set->requests_a_day, "N", "a day; 50"},
        {"--max-tokens", CLI_WHOLE, &set->tokens_a_day, "N", "a day; 500000"},
        {"--store", CLI_TEXT, &self.store, "FILE", "where all is kept; " CLI_STORE_DEFAULT},
        {"--json", CLI_FLAG, &self.as_json, NULL, "the outcome as one object"}};
    const cli_command command = {"hean process generate [options]",
                                 "Asks a language model for a new process, and keeps it disabled.",
                                 options,
                                 BASE_COUNT(options),
                                 0,
                                 0};
    hean_error error = {HEAN_OK, ""};
    llm_outcome outcome = {.code = ""};
    cli_list none;
    int result = cli_parse(&command, argc, argv, &none);

    if (result >= 0)
        return result;
    if (set->timeout_ns <= 0)
        return cli_usage("--timeout: expected more than nothing");
    cli_stop_on_signals();
    return generate(&self, &outcome, &error) == HEAN_OK ? finish(&self, &outcome)
                                                        : cli_fail(&error);
}
