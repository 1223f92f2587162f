/*
 * replies_test.c: recorded replies of language models, good and bad: tests/factory/replies holds
 * one a file, named by the code it must get; those that begin with answer_ are whole answers, the
 * others are what the model said. And definitions changed at random: what the gate accepts, the
 * registry keeps and the runner runs.
 */
#include <support.h>

#include <base/json.h>
#include <dirent.h>
#include <factory/chat.h>
#include <factory/quality.h>
#include <factory/runner.h>
#include <jansson.h>
#include <stdlib.h>
#include <store/records.h>
#include <string.h>

#define FOLDER TEST_SOURCE_DIR "/tests/factory/replies"

static bool is_builtin(void *context, const char *id)
{
    (void)context;
    return strcmp(id, "funding_monitor") == 0;
}

static const char *judge(factory_safety *safety, const char *text, size_t bytes)
{
    static factory_problem problem;
    factory_policy policy = factory_policy_default();
    factory_definition *definition = NULL;
    factory_quality quality;

    policy.id_taken = is_builtin;
    if (factory_admit(safety, base_allocator_default(), text, bytes, &policy, &definition, &quality,
                      &problem) == HEAN_OK)
        factory_definition_close(definition);
    else
        assert_true(problem.path[0] == '$' && problem.text[0] != 0);
    return factory_code_text(problem.code);
}

/* A reply as a server would send it. */
static void wrap(const base_buffer *content, base_json *json)
{
    base_json_init(json, base_allocator_default());
    base_json_object(json, NULL);
    base_json_array(json, "choices");
    base_json_object(json, NULL);
    base_json_text(json, "finish_reason", "stop");
    base_json_object(json, "message");
    base_json_text(json, "content", content->data);
    base_json_object_end(json);
    base_json_object_end(json);
    base_json_array_end(json);
    base_json_object_end(json);
}

static const char *code_of(factory_safety *safety, const char *name, const base_buffer *text)
{
    const char *code;
    chat_answer answer;
    base_json json;

    if (strncmp(name, "answer_", 7) == 0) {
        assert_int_equal(chat_read(base_allocator_default(), text->data, text->length, &answer),
                         HEAN_E_INVALID);
        code = chat_code_text(answer.code);
    } else {
        code = judge(safety, text->data, text->length);
        wrap(text, &json);
        assert_int_equal(
            chat_read(base_allocator_default(), json.buffer.data, json.buffer.length, &answer),
            HEAN_OK);
        /* In its envelope it is the same, unless it is no text that an envelope can hold. */
        if (answer.content.length == text->length &&
            memcmp(answer.content.data, text->data, text->length) == 0)
            assert_string_equal(judge(safety, answer.content.data, answer.content.length), code);
        base_buffer_deinit(&json.buffer);
    }
    chat_answer_deinit(&answer);
    return code;
}

static void every_recorded_reply_gets_the_code_of_its_name(void **state)
{
    DIR *folder = opendir(FOLDER);
    size_t good = 0, bad = 0, wrong = 0;
    factory_safety *safety = NULL;
    struct dirent *entry;

    (void)state;
    assert_non_null(folder);
    assert_int_equal(factory_safety_open(base_allocator_default(), &safety), HEAN_OK);
    while ((entry = readdir(folder)) != NULL) {
        size_t length = strcspn(entry->d_name, ".");
        base_buffer text;
        hean_error error;
        const char *code;
        char path[600];
        if (length == 0) /* the folder itself */
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", FOLDER, entry->d_name);
        base_buffer_init(&text, base_allocator_default());
        assert_status(base_buffer_read_file(&text, path, 1u << 20, &error), HEAN_OK, &error);
        code = code_of(safety, entry->d_name, &text);
        if (strlen(code) != length || strncmp(code, entry->d_name, length) != 0) {
            print_error("%s: %s\n", entry->d_name, code);
            wrong++;
        }
        *(strcmp(code, "accepted") == 0 ? &good : &bad) += 1;
        base_buffer_deinit(&text);
    }
    (void)closedir(folder);
    factory_safety_close(safety);
    print_message("%zu accepted, %zu refused\n", good, bad);
    assert_int_equal(wrong, 0);
    assert_true(good >= 40 && good + bad >= 150);
}

/* ---- what is accepted can be kept and run ---- */

static int64_t now_ns(void *context)
{
    (void)context;
    return 0;
}

static hean_status give(void *context, const factory_step *step, int64_t deadline_ns,
                        base_buffer *out, hean_error *error)
{
    (void)context, (void)step, (void)deadline_ns, (void)error;
    base_buffer_append(out, "{}", 2);
    return HEAN_OK;
}

static hean_status compute(void *context, const factory_step *step, const char *input,
                           size_t input_bytes, int64_t deadline_ns, base_buffer *out,
                           hean_error *error)
{
    (void)input, (void)input_bytes;
    return give(context, step, deadline_ns, out, error);
}

static hean_status pass_time(void *context, int64_t nanoseconds, hean_error *error)
{
    (void)context, (void)nanoseconds, (void)error;
    return HEAN_OK;
}

static hean_status ask(void *context, const factory_step *step, bool *answered, base_buffer *answer,
                       hean_error *error)
{
    (void)context, (void)step, (void)error;
    *answered = true;
    base_buffer_append(answer, "{}", 2);
    return HEAN_OK;
}

static void run_and_keep(store *kept, const factory_definition *definition)
{
    const runner_ops ops = {
        .now_ns = now_ns, .api_call = give, .compute = compute, .wait = pass_time, .ask = ask};
    const store_process row = {.id = definition->id,
                               .definition = definition->json,
                               .source = "generated",
                               .state = "NEW"};
    runner_result result;
    hean_error error;
    hean_status status = store_process_add(kept, &row, &error);

    assert_true(status == HEAN_OK || status == HEAN_E_EXISTS);
    assert_status(
        runner_run(base_allocator_default(), definition, "{}", NULL, &ops, &result, &error),
        HEAN_OK, &error);
    assert_int_equal(result.status, RUNNER_COMPLETED);
    runner_result_deinit(base_allocator_default(), &result);
}

static json_t *member_at(base_random *random, json_t *value)
{
    for (int depth = 0; depth < 6; depth++) {
        size_t size = json_is_object(value) ? json_object_size(value) : json_array_size(value);
        json_t *next = NULL;
        if (size == 0 || base_random_below(random, 4) == 0)
            break;
        if (json_is_array(value)) {
            next = json_array_get(value, base_random_below(random, size));
        } else {
            void *at = json_object_iter(value);
            for (uint64_t i = base_random_below(random, size); i > 0; i--)
                at = json_object_iter_next(value, at);
            next = json_object_iter_value(at);
        }
        if (!json_is_object(next) && !json_is_array(next))
            break;
        value = next;
    }
    return value;
}

static json_t *random_value(base_random *random)
{
    static const char *const texts[] = {"",
                                        "a",
                                        "choose",
                                        "look",
                                        "WAIT",
                                        "COMPUTE",
                                        "<",
                                        "roi",
                                        "/v5/market/time",
                                        "capital_parking",
                                        "proportional"};

    switch (base_random_below(random, 6)) {
    case 0:
        return json_integer((json_int_t)base_random_below(random, 30) - 2);
    case 1:
        return json_real(base_random_unit(random) * 100);
    case 2:
        return json_true();
    case 3:
        return json_object();
    case 4:
        return json_array();
    default:
        return json_string(texts[base_random_below(random, BASE_COUNT(texts))]);
    }
}

static void change(base_random *random, json_t *root)
{
    json_t *at = member_at(random, root);

    if (json_is_array(at)) {
        if (base_random_below(random, 2) == 0 || json_array_size(at) == 0)
            (void)json_array_append_new(at, random_value(random));
        else if (base_random_below(random, 2) == 0)
            (void)json_array_append_new(at, json_deep_copy(json_array_get(at, 0)));
        else
            (void)json_array_remove(at, base_random_below(random, json_array_size(at)));
    } else if (json_object_size(at) > 0) {
        void *member = json_object_iter(at);
        for (uint64_t i = base_random_below(random, json_object_size(at)); i > 0; i--)
            member = json_object_iter_next(at, member);
        if (base_random_below(random, 3) == 0)
            (void)json_object_del(at, json_object_iter_key(member));
        else
            (void)json_object_iter_set_new(at, member, random_value(random));
    }
}

static void what_is_accepted_is_kept_and_run(void **state)
{
    static const char *const seeds[] = {"accepted.plain", "accepted.diamond",
                                        "accepted.scale_rules", "accepted.api_calls",
                                        "accepted.five_people"};
    factory_policy policy = factory_policy_default();
    factory_safety *safety = NULL;
    size_t accepted = 0;
    base_random random;
    store *kept = NULL;
    hean_error error;
    char path[600];

    (void)state;
    base_random_init(&random, test_seed());
    (void)snprintf(path, sizeof path, "%s/kept.db", test_folder("replies"));
    assert_status(store_open(NULL, path, STORE_WRITE, &kept, &error), HEAN_OK, &error);
    assert_int_equal(factory_safety_open(base_allocator_default(), &safety), HEAN_OK);
    for (int round = 0; round < 2000; round++) {
        factory_definition *definition = NULL;
        factory_quality quality;
        factory_problem problem;
        json_t *root;
        char *text;
        (void)snprintf(path, sizeof path, "%s/%s.txt", FOLDER, seeds[round % BASE_COUNT(seeds)]);
        root = json_load_file(path, 0, NULL);
        assert_non_null(root);
        for (uint64_t i = base_random_below(&random, 3) + 1; i > 0; i--)
            change(&random, root);
        text = json_dumps(root, JSON_COMPACT);
        json_decref(root);
        if (factory_admit(safety, base_allocator_default(), text, strlen(text), &policy,
                          &definition, &quality, &problem) == HEAN_OK) {
            accepted++;
            run_and_keep(kept, definition);
            factory_definition_close(definition);
        }
        free(text);
    }
    print_message("%zu of 2000 changed definitions accepted\n", accepted);
    assert_true(accepted > 50 && accepted < 1950);
    factory_safety_close(safety);
    store_close(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_recorded_reply_gets_the_code_of_its_name),
        cmocka_unit_test(what_is_accepted_is_kept_and_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
