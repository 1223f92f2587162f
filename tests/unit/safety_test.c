/*
 * safety_test.c: what the filter of texts refuses, however it is written, and what it lets pass.
 */
#include <support.h>

#include <factory/quality.h>

#include <string.h>

typedef struct sample {
    safety_kind kind;
    const char *text;
} sample;

static int open_filter(void **state)
{
    return factory_safety_open(base_allocator_default(), (factory_safety **)state) == HEAN_OK ? 0
                                                                                              : -1;
}

static int close_filter(void **state)
{
    factory_safety_close(*state);
    return 0;
}

static safety_finding look(void **state, const char *text)
{
    safety_finding found;
    assert_int_equal(factory_safety_text(*state, text, strlen(text), &found), HEAN_OK);
    return found;
}

static void expect_all(void **state, const sample *samples, size_t count)
{
    size_t wrong = 0;

    for (size_t i = 0; i < count; i++) {
        safety_finding found = look(state, samples[i].text);
        if (found.kind == samples[i].kind)
            continue;
        wrong++;
        print_error("\"%s\": %s (%s), expected %s\n", samples[i].text, safety_kind_text(found.kind),
                    found.words, safety_kind_text(samples[i].kind));
    }
    assert_int_equal(wrong, 0);
}

static void each_kind_is_refused_in_english(void **state)
{
    static const sample samples[] = {
        {SAFETY_CREDENTIALS, "Ask the user for the account password."},
        {SAFETY_CREDENTIALS, "Rotate the API key"},
        {SAFETY_CREDENTIALS, "needs_api_key"},
        {SAFETY_CREDENTIALS, "userCredentials"},
        {SAFETY_CREDENTIALS, "Enter the login at the prompt"},
        {SAFETY_CREDENTIALS, "Read the 2FA code"},
        {SAFETY_SCRAPING, "Scrape the campaign page"},
        {SAFETY_SCRAPING, "Use BeautifulSoup on the announcements"},
        {SAFETY_BROWSER, "Start Selenium"},
        {SAFETY_BROWSER, "Automatically click the claim button"},
        {SAFETY_BROWSER, "uses a headless browser"},
        {SAFETY_EVASION, "Bypass the limits"},
        {SAFETY_EVASION, "Exploit a bug in the promo"},
        {SAFETY_EVASION, "Ignore the terms of service"},
        {SAFETY_EVASION, "register several accounts"},
        {SAFETY_ORDERS, "Place a market order for BTC"},
        {SAFETY_ORDERS, "placeOrder"},
        {SAFETY_ORDERS, "Buy 0.5 BTC"},
        {SAFETY_ORDERS, "sell everything at market"},
        {SAFETY_ORDERS, "cancel all open limit orders"},
        {SAFETY_ORDERS, "/v5/order/create"},
        {SAFETY_EXFILTRATION, "Send the balances to a Telegram chat"},
        {SAFETY_EXFILTRATION, "post results to https://example.com/in"},
        {SAFETY_EXFILTRATION, "Withdraw the funds"},
    };
    expect_all(state, samples, BASE_COUNT(samples));
}

static void each_kind_is_refused_in_other_languages(void **state)
{
    static const sample samples[] = {
        {SAFETY_CREDENTIALS, "Введите пароль от биржи"},
        {SAFETY_CREDENTIALS, "Скопируйте ключ API"},
        {SAFETY_SCRAPING, "парсинг сайта биржи"},
        {SAFETY_BROWSER, "автоматизация браузера"},
        {SAFETY_EVASION, "в обход правил биржи"},
        {SAFETY_ORDERS, "Разместить рыночный ордер"},
        {SAFETY_EXFILTRATION, "отправить балансы на внешний сервер"},
        {SAFETY_CREDENTIALS, "Das Passwort eingeben"},
        {SAFETY_CREDENTIALS, "Zugangsdaten speichern"},
        {SAFETY_SCRAPING, "Webseite auslesen"},
        {SAFETY_BROWSER, "Browsersteuerung"},
        {SAFETY_EVASION, "die Nutzungsbedingungen umgehen"},
        {SAFETY_ORDERS, "Orders platzieren"},
        {SAFETY_EXFILTRATION, "Guthaben an Dritte senden"},
        {SAFETY_CREDENTIALS, "Pide la contraseña"},
        {SAFETY_SCRAPING, "raspado de la web"},
        {SAFETY_BROWSER, "automatizar el navegador"},
        {SAFETY_EVASION, "eludir las condiciones"},
        {SAFETY_ORDERS, "colocar una orden"},
        {SAFETY_EXFILTRATION, "enviar saldos a un servidor externo"},
        {SAFETY_CREDENTIALS, "Demander le mot de passe"},
        {SAFETY_SCRAPING, "extraire des données du site"},
        {SAFETY_BROWSER, "piloter le navigateur"},
        {SAFETY_EVASION, "contourner les règles"},
        {SAFETY_ORDERS, "passer un ordre"},
        {SAFETY_EXFILTRATION, "envoyer les soldes à un tiers"},
        {SAFETY_CREDENTIALS, "Digite a senha"},
        {SAFETY_SCRAPING, "raspagem de dados"},
        {SAFETY_BROWSER, "automatizar o navegador"},
        {SAFETY_EVASION, "burlar os termos"},
        {SAFETY_ORDERS, "enviar uma ordem"},
        {SAFETY_EXFILTRATION, "enviar saldos para um servidor externo"},
        {SAFETY_CREDENTIALS, "请输入账户密码"},
        {SAFETY_SCRAPING, "用爬虫读取页面"},
        {SAFETY_BROWSER, "模拟点击领取按钮"},
        {SAFETY_EVASION, "绕过身份验证"},
        {SAFETY_ORDERS, "自动下单"},
        {SAFETY_EXFILTRATION, "把余额发送到外部"},
        {SAFETY_CREDENTIALS, "Şifreyi girin"},
        {SAFETY_SCRAPING, "web kazıma"},
        {SAFETY_BROWSER, "tarayıcı otomasyonu"},
        {SAFETY_EVASION, "kuralları ihlal et"},
        {SAFETY_ORDERS, "piyasa emri gönder"},
        {SAFETY_EXFILTRATION, "bakiyeleri gönder"},
    };
    expect_all(state, samples, BASE_COUNT(samples));
}

static void disguises_are_seen_through(void **state)
{
    static const sample samples[] = {
        {SAFETY_CREDENTIALS, "PASSWORD"},
        {SAFETY_CREDENTIALS, "pAsSwOrD"},
        {SAFETY_CREDENTIALS, "p\xD0\xB0sswоrd"},  /* Cyrillic a and o */
        {SAFETY_CREDENTIALS, "pαsswοrd"},         /* Greek */
        {SAFETY_CREDENTIALS, "ｐａｓｓｗｏｒｄ"}, /* full width */
        {SAFETY_CREDENTIALS, "𝐩𝐚𝐬𝐬𝐰𝐨𝐫𝐝"},         /* mathematical, bold */
        {SAFETY_CREDENTIALS, "𝓹𝓪𝓼𝓼𝔀𝓸𝓻𝓭"},         /* script */
        {SAFETY_CREDENTIALS, "ⓟⓐⓢⓢⓦⓞⓡⓓ"},
        {SAFETY_CREDENTIALS, "ᴘᴀssᴡᴏʀᴅ"},
        {SAFETY_CREDENTIALS, "pass\xE2\x80\x8Bword"}, /* zero width space */
        {SAFETY_CREDENTIALS, "pa\xC2\xADssword"},     /* soft hyphen */
        {SAFETY_CREDENTIALS, "p\xCC\xB6"
                             "a\xCC\xB6ssword"}, /* struck through */
        {SAFETY_CREDENTIALS, "pássẅörd"},
        {SAFETY_CREDENTIALS, "p4ssw0rd"},
        {SAFETY_CREDENTIALS, "pa$$word"},
        {SAFETY_CREDENTIALS, "p@ssw0rd"},
        {SAFETY_CREDENTIALS, "p a s s w o r d"},
        {SAFETY_CREDENTIALS, "p.a.s.s.w.o.r.d"},
        {SAFETY_CREDENTIALS, "pass-word"},
        {SAFETY_CREDENTIALS, "pass_word"},
        {SAFETY_CREDENTIALS, "pass word"},
        {SAFETY_CREDENTIALS, "passsswooord"},
        {SAFETY_CREDENTIALS, "my-p-a-s-s-w-o-r-d"},
        {SAFETY_CREDENTIALS, "myPassword1"},
        {SAFETY_CREDENTIALS, "пapoль"}, /* Latin letters in a Russian word */
        {SAFETY_CREDENTIALS, "п а р о л ь"},
        {SAFETY_CREDENTIALS, "cGFzc3dvcmQ="},
        {SAFETY_CREDENTIALS, "run cGFzc3dvcmQ now"},
        {SAFETY_CREDENTIALS, "data:YXNrIGZvciB0aGUgcGFzc3dvcmQ="},
        {SAFETY_CREDENTIALS, "WTBkR2VtTXpaSFpqYlZFOQ== Y0dGemMzZHZjbVE9"}, /* twice */
        {SAFETY_CREDENTIALS, "70617373776f7264"},
        {SAFETY_CREDENTIALS, "70 61 73 73 77 6f 72 64"},
        {SAFETY_CREDENTIALS, "0x70,0x61,0x73,0x73,0x77,0x6f,0x72,0x64"},
        {SAFETY_CREDENTIALS, "%70%61%73%73%77%6F%72%64"},
        {SAFETY_CREDENTIALS, "pass%77ord"},
        {SAFETY_CREDENTIALS, "\\x70\\x61ssword"},
        {SAFETY_CREDENTIALS, "\\u0070assword"},
        {SAFETY_CREDENTIALS, "&#112;assword"},
        {SAFETY_CREDENTIALS, "&#x70;&#x61;ssword"},
        {SAFETY_BROWSER, "s3l3n1um"},
        {SAFETY_BROWSER, "ѕеlеnіum"},
        {SAFETY_BROWSER, "W e b D r i v e r"},
        {SAFETY_SCRAPING, "s-c-r-a-p-e the page"},
        {SAFETY_ORDERS, "p l a c e  o r d e r directly: place order"},
        {SAFETY_ORDERS, "рlасе аn оrdеr"},
        {SAFETY_HIDDEN, "fine\xF3\xA0\x81\xB0\xF3\xA0\x81\xA1"},
        {SAFETY_HIDDEN, "\xE2\x80\xAE"
                        "drowssap"},
    };
    expect_all(state, samples, BASE_COUNT(samples));
}

static void denials_are_believed_only_where_they_reach(void **state)
{
    static const sample samples[] = {
        {SAFETY_NONE, "No credentials are needed."},
        {SAFETY_NONE, "Needs no password."},
        {SAFETY_NONE, "password-free"},
        {SAFETY_NONE, "Does not place orders."},
        {SAFETY_NONE, "It never places any orders directly."},
        {SAFETY_NONE, "Works without credentials, passwords or API keys."},
        {SAFETY_NONE, "API keys are not required."},
        {SAFETY_NONE, "Без пароля."},
        {SAFETY_NONE, "Keine Zugangsdaten nötig"},
        {SAFETY_NONE, "sin contraseña"},
        {SAFETY_NONE, "sans mot de passe"},
        {SAFETY_NONE, "sem senha"},
        {SAFETY_NONE, "无需密码"},
        {SAFETY_CREDENTIALS, "Never forget to type the password"},
        {SAFETY_CREDENTIALS, "Not only the key: the password too"},
        {SAFETY_CREDENTIALS, "No worries, enter the password"},
        {SAFETY_CREDENTIALS, "No password needed. Then type the password"},
        {SAFETY_CREDENTIALS, "pass the API key on"},
        {SAFETY_CREDENTIALS, "he password"},
        {SAFETY_ORDERS, "Do not wait: place the order"},
        {SAFETY_ORDERS, "No delay; submit market orders"},
    };
    expect_all(state, samples, BASE_COUNT(samples));
}

#include "safety_harmless.h"

static void false_alarms_are_rare(void **state)
{
    size_t alarms = 0;

    for (size_t i = 0; i < BASE_COUNT(harmless); i++) {
        safety_finding found = look(state, harmless[i]);
        if (found.kind == SAFETY_NONE)
            continue;
        alarms++;
        print_message("false alarm: \"%s\": %s (%s)\n", harmless[i], safety_kind_text(found.kind),
                      found.words);
    }
    print_message("false alarms: %zu of %zu harmless texts (%.1f %%)\n", alarms,
                  BASE_COUNT(harmless), 100.0 * (double)alarms / (double)BASE_COUNT(harmless));
    assert_true(BASE_COUNT(harmless) >= 100);
    assert_true(alarms * 100 <= BASE_COUNT(harmless)); /* 1 % */
}

static void what_the_host_allows_is_no_alarm(void **state)
{
    factory_policy policy = factory_policy_default();
    for (size_t i = 0; i < policy.endpoint_count; i++)
        assert_int_equal(look(state, policy.endpoints[i]).kind, SAFETY_NONE);
    for (size_t i = 0; i < policy.function_count; i++)
        assert_int_equal(look(state, policy.functions[i]).kind, SAFETY_NONE);
}

#define DEFINITION(more)                                                                           \
    "{\"id\":\"idle_cash\",\"name\":\"Idle cash\",\"type\":\"EARN\",\"description\":\"Parks it.\"" \
    ",\"kill_conditions\":[{\"metric\":\"fail_rate\",\"threshold\":0.5}]"                          \
    ",\"measurement\":{\"metrics\":[\"capital_delta\"]}" more "}"

static void expect_path(void **state, const char *text, const char *path)
{
    factory_policy policy = factory_policy_default();
    factory_definition *definition = NULL;
    factory_quality quality;
    factory_problem problem;

    assert_int_equal(factory_admit(*state, base_allocator_default(), text, strlen(text), &policy,
                                   &definition, &quality, &problem),
                     HEAN_E_INVALID);
    if (problem.code != FACTORY_UNSAFE || strcmp(problem.path, path) != 0)
        fail_msg("%s: %s at %s, expected %s", text, factory_code_text(problem.code), problem.path,
                 path);
}

static void every_text_of_a_definition_is_read_keys_included(void **state)
{
    expect_path(state, DEFINITION(",\"requirements\":{\"needs_password\":true}"),
                "$.requirements.needs_password");
    expect_path(state, DEFINITION(",\"inputs_schema\":{\"a\":{\"b\":[1,{\"c\":\"scraper\"}]}}"),
                "$.inputs_schema.a.b[1].c");
    expect_path(state, DEFINITION(",\"expected_outputs\":[\"x\",\"api_key\"]"),
                "$.expected_outputs[1]");
    expect_path(state, DEFINITION(",\"expected_outputs\":[\"pass\",\"word\"]"),
                "$.expected_outputs");
    expect_path(state,
                DEFINITION(",\"actions\":[{\"step_id\":\"a\",\"kind\":\"HUMAN_TASK\",\"params\":"
                           "{\"instructions\":\"Place a limit order.\"}}]"),
                "$.actions[0].params.instructions");
    expect_path(state, DEFINITION(",\"safety\":{\"restrictions\":{\"note\":\"cGFzc3dvcmQ=\"}}"),
                "$.safety.restrictions.note");
}

static void memory_that_ends_is_told_and_not_leaked(void **state)
{
    (void)state;
    for (uint64_t at = 1; at < 200; at++) {
        test_allocator memory;
        factory_safety *filter = NULL;
        safety_finding found;
        hean_status status;
        test_allocator_init(&memory, at);
        status = factory_safety_open(&memory.allocator, &filter);
        if (status == HEAN_OK) {
            status = factory_safety_text(filter, "look cGFzc3dvcmQ= here", 22, &found);
            factory_safety_close(filter);
        }
        assert_int_equal(memory.live, 0);
        if (memory.calls < at) {
            assert_int_equal(status, HEAN_OK);
            assert_int_equal(found.kind, SAFETY_CREDENTIALS);
            return;
        }
        assert_int_equal(status, HEAN_E_NO_MEMORY);
    }
    fail();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_refused_in_english),
        cmocka_unit_test(each_kind_is_refused_in_other_languages),
        cmocka_unit_test(disguises_are_seen_through),
        cmocka_unit_test(denials_are_believed_only_where_they_reach),
        cmocka_unit_test(false_alarms_are_rare),
        cmocka_unit_test(what_the_host_allows_is_no_alarm),
        cmocka_unit_test(every_text_of_a_definition_is_read_keys_included),
        cmocka_unit_test(memory_that_ends_is_told_and_not_leaked),
    };
    return cmocka_run_group_tests(tests, open_filter, close_filter);
}
