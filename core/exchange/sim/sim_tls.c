/*
 * sim_tls.c: TLS by OpenSSL over memory. See sim_tls.h.
 */
#include "sim_tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

struct sim_tls_context {
    const hean_allocator *allocator;
    SSL_CTX *ssl;
};

struct sim_tls {
    const hean_allocator *allocator;
    SSL *ssl;
    BIO *in, *out; /* the SSL's */
};

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_bytes,
                           const unsigned char *in, unsigned in_bytes, void *context)
{
    static const unsigned char offered[] = "\x08http/1.1";
    unsigned char *chosen;
    (void)ssl;
    (void)context;
    if (SSL_select_next_proto(&chosen, out_bytes, offered, sizeof offered - 1, in, in_bytes) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

hean_status sim_tls_context_open(const hean_allocator *allocator, const char *cert_file,
                                 const char *key_file, sim_tls_context **out, hean_error *error)
{
    sim_tls_context *context = base_alloc(allocator, sizeof *context);
    if (context == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "TLS");
    context->allocator = allocator;
    context->ssl = SSL_CTX_new(TLS_server_method());
    hean_status status = HEAN_OK;
    if (context->ssl == NULL)
        status = base_fail(error, HEAN_E_NO_MEMORY, "TLS");
    else if (SSL_CTX_use_certificate_chain_file(context->ssl, cert_file) != 1)
        status = base_fail(error, HEAN_E_INVALID, "%s: not a certificate in PEM", cert_file);
    else if (SSL_CTX_use_PrivateKey_file(context->ssl, key_file, SSL_FILETYPE_PEM) != 1 ||
             SSL_CTX_check_private_key(context->ssl) != 1)
        status = base_fail(error, HEAN_E_INVALID,
                           "%s: not a private key in PEM that fits the certificate", key_file);
    ERR_clear_error();
    if (status != HEAN_OK) {
        sim_tls_context_close(context);
        return status;
    }
    SSL_CTX_set_alpn_select_cb(context->ssl, choose_protocol, NULL);
    *out = context;
    return HEAN_OK;
}

void sim_tls_context_close(sim_tls_context *context)
{
    if (context == NULL)
        return;
    SSL_CTX_free(context->ssl);
    base_free(context->allocator, context);
}

hean_status sim_tls_open(sim_tls_context *context, sim_tls **out)
{
    sim_tls *tls = base_alloc(context->allocator, sizeof *tls);
    if (tls == NULL)
        return HEAN_E_NO_MEMORY;
    tls->allocator = context->allocator;
    tls->ssl = SSL_new(context->ssl);
    tls->in = BIO_new(BIO_s_mem());
    tls->out = BIO_new(BIO_s_mem());
    if (tls->ssl == NULL || tls->in == NULL || tls->out == NULL) {
        BIO_free(tls->in);
        BIO_free(tls->out);
        SSL_free(tls->ssl);
        base_free(tls->allocator, tls);
        return HEAN_E_NO_MEMORY;
    }
    SSL_set_bio(tls->ssl, tls->in, tls->out);
    SSL_set_accept_state(tls->ssl);
    *out = tls;
    return HEAN_OK;
}

void sim_tls_close(sim_tls *tls)
{
    if (tls == NULL)
        return;
    SSL_free(tls->ssl);
    base_free(tls->allocator, tls);
}

static hean_status take_wire(sim_tls *tls, base_buffer *wire)
{
    char *data;
    long bytes = BIO_get_mem_data(tls->out, &data);
    if (bytes > 0)
        base_buffer_append(wire, data, (size_t)bytes);
    (void)BIO_reset(tls->out);
    return wire->failed ? HEAN_E_NO_MEMORY : HEAN_OK;
}

/* An SSL call that did not get on: does it only wait for more? */
static bool waits(sim_tls *tls, int result)
{
    int why = SSL_get_error(tls->ssl, result);
    ERR_clear_error();
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
}

hean_status sim_tls_read(sim_tls *tls, const void *data, size_t bytes, base_buffer *plain,
                         base_buffer *wire)
{
    char chunk[16384];
    bool good = bytes <= INT32_MAX && BIO_write(tls->in, data, (int)bytes) == (int)bytes;
    while (good) {
        int result = SSL_read(tls->ssl, chunk, sizeof chunk);
        if (result <= 0) {
            good = waits(tls, result);
            break;
        }
        base_buffer_append(plain, chunk, (size_t)result);
    }
    hean_status status = take_wire(tls, wire); /* also the alert of a failure */
    if (status == HEAN_OK && plain->failed)
        status = HEAN_E_NO_MEMORY;
    return status == HEAN_OK && !good ? HEAN_E_CORRUPT : status;
}

hean_status sim_tls_write(sim_tls *tls, const void *data, size_t bytes, base_buffer *wire)
{
    const char *at = data;
    while (bytes > 0) {
        int part = bytes > 1 << 20 ? 1 << 20 : (int)bytes;
        int result = SSL_write(tls->ssl, at, part);
        if (result <= 0) {
            ERR_clear_error();
            return HEAN_E_CORRUPT;
        }
        at += result;
        bytes -= (size_t)result;
    }
    return take_wire(tls, wire);
}
