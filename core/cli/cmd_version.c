/*
 * cmd_version.c: which HEAN this is, and which libraries it runs on.
 */
#include "cli.h"

#include <jansson.h>
#include <luajit.h>
#include <openssl/crypto.h>
#include <seccomp.h>
#include <zlib.h>

int cmd_version(int argc, char **argv)
{
    bool as_json = false;
    const cli_option options[] = {{"--json", CLI_FLAG, &as_json, NULL, "one JSON object"}};
    const cli_command command = {
        "hean version [--json]", "Prints versions.", options, BASE_COUNT(options), 0, 0};
    const struct scmp_version *seccomp = seccomp_version();
    char seccomp_text[32] = "?";
    cli_list none;
    int result = cli_parse(&command, argc, argv, &none);

    if (result >= 0)
        return result;
    if (seccomp != NULL)
        (void)snprintf(seccomp_text, sizeof seccomp_text, "%u.%u.%u", seccomp->major,
                       seccomp->minor, seccomp->micro);
    if (!as_json) {
        printf("hean %s\n%s, OpenSSL %s, zlib %s, libseccomp %s, jansson %s\n", hean_version(),
               LUAJIT_VERSION, OpenSSL_version(OPENSSL_VERSION_STRING), zlibVersion(), seccomp_text,
               JANSSON_VERSION);
        return CLI_EXIT_DONE;
    }
    cli_json json;
    cli_json_init(&json);
    cli_json_object(&json, NULL);
    cli_json_text(&json, "hean", hean_version());
    cli_json_text(&json, "luajit", LUAJIT_VERSION);
    cli_json_text(&json, "openssl", OpenSSL_version(OPENSSL_VERSION_STRING));
    cli_json_text(&json, "zlib", zlibVersion());
    cli_json_text(&json, "libseccomp", seccomp_text);
    cli_json_text(&json, "jansson", JANSSON_VERSION);
    cli_json_object_end(&json);
    return cli_json_print(&json);
}
