/*
 * config.c: from a Lua file to a checked configuration.
 *
 * The file is a script like any other: it runs jailed, and what it returns is checked as a
 * stranger's. The defaults below are those that config_schema.c tells people.
 */
#include "config_schema.h"

#include <script/embedded.h>
#include <script/script.h>
#include <string.h>

#define CONFIG_BYTES_MAX   ((size_t)1 << 20)
#define CONFIG_DEADLINE_NS (2 * BASE_NS_PER_S)
#define CONFIG_MEMORY_MAX  ((size_t)64 << 20)
#define BUILT_IN           "lua/hean/default_config.lua"
#define CAPITAL_E8         (10000 * BASE_E8)

static config config_defaults(const hean_allocator *allocator)
{
    return (config){
        .allocator = allocator,
        .seed = 1,
        .save_interval_ns = 60 * BASE_NS_PER_S,
        .status_interval_ns = 5 * BASE_NS_PER_S,
        .deadline_ns = 50 * BASE_NS_PER_MS,
        .memory_bytes_max = (size_t)64 << 20,
        .risk = hean_risk_limits_default(),
        .venue = {.speed = 1,
                  .seed = 1,
                  .instruments = 2,
                  .events_per_second = 200,
                  .book_depth = 50,
                  .funding_interval_ns = 8 * 3600 * BASE_NS_PER_S},
        .paper = {.latency_ns = BASE_NS_PER_MS,
                  .maker_fee_e8 = CONFIG_FEE_UNSET,
                  .taker_fee_e8 = CONFIG_FEE_UNSET},
    };
}

static void texts_deinit(const hean_allocator *allocator, config_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++)
        base_free(allocator, texts->items[i]);
    base_free(allocator, texts->items);
}

void config_deinit(config *self)
{
    const hean_allocator *allocator = self->allocator;

    if (allocator == NULL)
        return;
    for (size_t i = 0; i < self->strategy_count; i++) {
        base_free(allocator, self->strategies[i].file);
        base_free(allocator, self->strategies[i].name);
        base_free(allocator, self->strategies[i].params_json);
    }
    base_free(allocator, self->strategies);
    texts_deinit(allocator, &self->venue.paths);
    texts_deinit(allocator, &self->venue.symbols);
    base_free(allocator, self->venue.rest_url);
    base_free(allocator, self->venue.public_url);
    base_free(allocator, self->venue.private_url);
    base_free(allocator, self->venue.credentials_file);
    base_free(allocator, self->venue.ca_file);
    texts_deinit(allocator, &self->instruments);
    base_free(allocator, self->venue.symbol);
    base_free(allocator, self->state_dir);
    base_free(allocator, self->file);
    memset(self, 0, sizeof *self);
}

/* ---- what the table cannot say ---- */

hean_status config_read_strategies(config_reader *reader, const json_t *json, const char *path)
{
    config *self = reader->config;
    size_t count = json_array_size(json);

    self->strategies = base_alloc_array(reader->allocator, count, sizeof *self->strategies);
    if (self->strategies == NULL)
        return base_fail(reader->error, HEAN_E_NO_MEMORY, "%s: out of memory", reader->file);
    for (size_t i = 0; i < count; i++) {
        config_strategy *strategy = &self->strategies[i];
        char place[80];
        hean_status status;

        config_index(place, sizeof place, path, i);
        self->strategy_count++;
        strategy->capital_e8 = CAPITAL_E8;
        strategy->risk = self->risk;
        status =
            config_read_object(reader, json_array_get(json, i), "strategies[]", place, strategy);
        if (status != HEAN_OK)
            return status;
        if (strategy->file == NULL)
            return base_fail(reader->error, HEAN_E_INVALID, "%s: %s.file: expected a script",
                             reader->file, place);
    }
    return HEAN_OK;
}

/* Puts the configuration's folder before a relative path. */
static hean_status resolve(config_reader *reader, char **path)
{
    const char *slash = strrchr(reader->file, '/');
    size_t folder = slash != NULL ? (size_t)(slash - reader->file) + 1 : 0;
    size_t bytes = strlen(*path) + 1;
    char *joined;

    if (folder == 0 || (*path)[0] == '/' || strncmp(*path, "sim:", 4) == 0)
        return HEAN_OK;
    joined = base_alloc(reader->allocator, folder + bytes);
    if (joined == NULL)
        return base_fail(reader->error, HEAN_E_NO_MEMORY, "%s: out of memory", reader->file);
    memcpy(joined, reader->file, folder);
    memcpy(joined + folder, *path, bytes);
    base_free(reader->allocator, *path);
    *path = joined;
    return HEAN_OK;
}

/* "strategies/hello.lua" -> "hello": a name that is known before the script is, for its state. */
static hean_status name_strategy(config_reader *reader, config_strategy *strategy)
{
    const char *slash = strrchr(strategy->file, '/');
    const char *base = slash != NULL ? slash + 1 : strategy->file;
    size_t bytes = strlen(base);

    if (strategy->name != NULL)
        return HEAN_OK;
    if (bytes > 4 && strcmp(base + bytes - 4, ".lua") == 0)
        bytes -= 4;
    strategy->name = base_alloc(reader->allocator, bytes + 1);
    if (strategy->name == NULL)
        return base_fail(reader->error, HEAN_E_NO_MEMORY, "%s: out of memory", reader->file);
    memcpy(strategy->name, base, bytes);
    return HEAN_OK;
}

static hean_status find_embedded(config_reader *reader, config_strategy *strategy)
{
    const script_embedded *found = script_embedded_find(strategy->file);

    if (found == NULL)
        return base_fail(reader->error, HEAN_E_NOT_FOUND, "%s: %s: not built in", reader->file,
                         strategy->file);
    strategy->source = found->text;
    return HEAN_OK;
}

static char *copy_text(const hean_allocator *allocator, const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = base_alloc(allocator, bytes);
    return copy != NULL ? memcpy(copy, text, bytes) : NULL;
}

/* ---- the venue ---- */

/* The host of a URL is this machine. */
static bool is_loopback(const char *host)
{
    static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};

    for (size_t i = 0; i < BASE_COUNT(names); i++) {
        size_t bytes = strlen(names[i]);
        if (strncmp(host, names[i], bytes) == 0 &&
            (host[bytes] == 0 || host[bytes] == ':' || host[bytes] == '/'))
            return true;
    }
    return false;
}

const char *config_url_problem(const char *url, const char *scheme)
{
    size_t bytes = strlen(scheme);
    const char *rest = strncmp(url, scheme, bytes) == 0 ? url + bytes : "";
    bool secure = rest[0] == 's';
    size_t host_bytes;

    if (secure)
        rest++;
    if (strncmp(rest, "://", 3) != 0)
        return bytes == 2 ? "a wss:// URL" : "an https:// URL";
    rest += 3;
    host_bytes = strcspn(rest, "/?#");
    if (host_bytes == 0 || memchr(rest, '@', host_bytes) != NULL ||
        strpbrk(rest, " \t\r\n") != NULL)
        return "a URL with a host and without a user";
    if (!secure && !is_loopback(rest))
        return bytes == 2 ? "wss://, as it is not this machine"
                          : "https://, as it is not this machine";
    return NULL;
}

/* Puts in what the network says where nothing was given. */
static hean_status fill_url(config_reader *reader, char **url, const char *name, const char *scheme,
                            const char *fallback)
{
    const char *problem;

    if (*url == NULL)
        *url = copy_text(reader->allocator, fallback);
    if (*url == NULL)
        return base_fail(reader->error, HEAN_E_NO_MEMORY, "%s: out of memory", reader->file);
    problem = config_url_problem(*url, scheme);
    if (problem != NULL)
        return base_fail(reader->error, HEAN_E_INVALID, "%s: venue.%s: expected %s", reader->file,
                         name, problem);
    return HEAN_OK;
}

static hean_status complete_venue(config_reader *reader)
{
    static const char *const rest[] = {"https://api.bybit.com", "https://api-testnet.bybit.com",
                                       "https://api-demo.bybit.com"};
    /* The demo world has no market of its own: it is the real one's. */
    static const char *const stream[] = {"wss://stream.bybit.com", "wss://stream-testnet.bybit.com",
                                         "wss://stream.bybit.com"};
    static const char *const private[] = {"wss://stream.bybit.com/v5/private",
                                          "wss://stream-testnet.bybit.com/v5/private",
                                          "wss://stream-demo.bybit.com/v5/private"};
    static const char *const categories[] = {"linear", "spot", "inverse"};
    config_venue *self = &reader->config->venue;
    char public[80];
    hean_status status;

    (void)snprintf(public, sizeof public, "%s/v5/public/%s", stream[self->network],
                   categories[self->category]);
    status = fill_url(reader, &self->rest_url, "rest_url", "http", rest[self->network]);
    if (status == HEAN_OK)
        status = fill_url(reader, &self->public_url, "public_url", "ws", public);
    if (status == HEAN_OK)
        status = fill_url(reader, &self->private_url, "private_url", "ws", private[self->network]);
    if (status == HEAN_OK && self->book_depth != 1 && self->book_depth != 50 &&
        self->book_depth != 200 && self->book_depth != 1000)
        status = base_fail(reader->error, HEAN_E_RANGE,
                           "%s: venue.book_depth: expected 1, 50, 200 or 1000", reader->file);
    if (status == HEAN_OK && self->source == CONFIG_SOURCE_BYBIT && self->symbols.count == 0)
        status = base_fail(reader->error, HEAN_E_INVALID,
                           "%s: venue.symbols: expected at least one, as venue.source is \"bybit\"",
                           reader->file);
    return status;
}

/* `built_in`: scripts are embedded too, and paths start where the program was started. */
static hean_status complete(config_reader *reader, bool built_in)
{
    config *self = reader->config;
    hean_status status = HEAN_OK;

    if (self->strategy_count == 0)
        return base_fail(reader->error, HEAN_E_INVALID,
                         "%s: strategies: expected a list of at least one", reader->file);
    if (self->venue.source == CONFIG_SOURCE_DATA && self->venue.paths.count == 0)
        return base_fail(reader->error, HEAN_E_INVALID,
                         "%s: venue.paths: expected at least one, as venue.source is \"data\"",
                         reader->file);
    for (size_t i = 0; status == HEAN_OK && i < self->strategy_count; i++)
        status = name_strategy(reader, &self->strategies[i]);
    for (size_t i = 0; status == HEAN_OK && i < self->strategy_count; i++)
        status = built_in ? find_embedded(reader, &self->strategies[i])
                          : resolve(reader, &self->strategies[i].file);
    for (size_t i = 0; status == HEAN_OK && !built_in && i < self->venue.paths.count; i++)
        status = resolve(reader, &self->venue.paths.items[i]);
    if (status == HEAN_OK && !built_in)
        status = resolve(reader, &self->state_dir);
    if (status == HEAN_OK && self->venue.credentials_file != NULL)
        status = resolve(reader, &self->venue.credentials_file);
    if (status == HEAN_OK && self->venue.ca_file != NULL)
        status = resolve(reader, &self->venue.ca_file);
    return status == HEAN_OK ? complete_venue(reader) : status;
}

hean_status config_from_json(const hean_allocator *allocator, const char *file, const char *json,
                             size_t bytes, config *out, hean_error *error)
{
    config self = config_defaults(allocator);
    config_reader reader = {allocator, file != NULL ? file : "the built-in configuration", &self,
                            error};
    json_error_t problem;
    json_t *root = json_loadb(json, bytes, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &problem);
    hean_status status = HEAN_OK;

    self.file = copy_text(allocator, reader.file);
    self.state_dir = copy_text(allocator, "var/state");
    if (self.file == NULL || self.state_dir == NULL)
        status = base_fail(error, HEAN_E_NO_MEMORY, "%s: out of memory", reader.file);
    else if (root == NULL)
        status = base_fail(error, HEAN_E_PARSE, "%s: %s", reader.file, problem.text);
    if (status == HEAN_OK)
        status = config_refuse_secrets(&reader, root, "");
    if (status == HEAN_OK)
        status = config_read_object(&reader, root, "", "", &self);
    if (status == HEAN_OK)
        status = complete(&reader, file == NULL);
    json_decref(root);
    if (status != HEAN_OK) {
        config_deinit(&self);
        return status;
    }
    *out = self;
    return HEAN_OK;
}

/* ---- evaluation ---- */

typedef struct evaluation {
    char file[4096]; /* a copy: the child's command line is wiped */
    const char *source;
    size_t bytes;
} evaluation;

static hean_status evaluate(void *context, base_buffer *out, hean_error *error)
{
    const evaluation *self = context;
    return script_config_to_json(self->file, self->source, self->bytes, out, error);
}

static hean_status evaluate_jailed(evaluation *self, volatile int *stop, base_buffer *json,
                                   hean_error *error)
{
    script_jail_call call = {
        .body = evaluate,
        .context = self,
        .enter_jail = true,
        .memory_bytes_max = CONFIG_MEMORY_MAX,
        .deadline_ns = CONFIG_DEADLINE_NS,
        .stop = stop,
    };
    return script_jail_run(&call, json, error);
}

hean_status config_load(const hean_allocator *allocator, const char *path, volatile int *stop,
                        config *out, hean_error *error)
{
    evaluation self = {.source = ""};
    base_buffer source, json;
    hean_status status = HEAN_OK;

    if (allocator == NULL)
        allocator = base_allocator_default();
    base_buffer_init(&source, allocator);
    base_buffer_init(&json, allocator);
    if (path == NULL) {
        const script_embedded *built_in = script_embedded_find(BUILT_IN);
        BASE_ASSERT(built_in != NULL); /* it is in the source tree */
        self.source = built_in->text;
        self.bytes = built_in->bytes;
    } else {
        status = base_buffer_read_file(&source, path, CONFIG_BYTES_MAX, error);
        if (status == HEAN_OK && source.length > 0) {
            self.source = source.data;
            self.bytes = source.length;
        }
    }
    if (!base_text_copy(self.file, sizeof self.file, path != NULL ? path : BUILT_IN))
        status = base_fail(error, HEAN_E_LIMIT, "%.60s...: the path is too long", path);
    if (status == HEAN_OK)
        status = evaluate_jailed(&self, stop, &json, error);
    if (status == HEAN_OK)
        status = config_from_json(allocator, path, json.data, json.length, out, error);
    base_buffer_deinit(&json);
    base_buffer_deinit(&source);
    return status;
}
