/*
 * instrument.h: what a price and a quantity of an instrument are worth.
 *
 * Invariants
 *   I1  value_e8 is exact or rounded half-even once; overflow is an error, never a wrong number.
 *   I2  a market_instrument is checked when it is made, and never changes after.
 */
#ifndef MARKET_INSTRUMENT_H
#define MARKET_INSTRUMENT_H

#include <base/base.h>

/* Instruments in one host or one data file. */
#define MARKET_INSTRUMENTS_MAX 1024

typedef struct market_instrument {
    hean_instrument spec;
    /* value_e8 = price * qty * value_numerator / value_denominator (linear, spot), or
     *          = qty * value_numerator / (price * value_denominator) (inverse) */
    int64_t value_numerator;
    int64_t value_denominator;
} market_instrument;

/* Checks the spec (symbol present and printable, tick and lot positive, limits ordered) and
 * derives the rest. The message of the error names the field and what was expected. */
hean_status market_instrument_init(market_instrument *instrument, const hean_instrument *spec,
                                   hean_error *error) HEAN_WARN_UNUSED;

/* The value of qty_lots (its size, sign dropped) at a price, in e8 of the settlement currency.
 * HEAN_E_INVALID for price_ticks <= 0, HEAN_E_RANGE on overflow. */
hean_status market_value_e8(const market_instrument *instrument, int64_t price_ticks,
                            int64_t qty_lots, int64_t *out) HEAN_WARN_UNUSED;

/* value_e8 * rate_e8 / 1e8, half-even. */
hean_status market_fee_e8(int64_t value_e8, int64_t rate_e8, int64_t *out) HEAN_WARN_UNUSED;

/* The currency that profit, fees and funding are in, by the symbol's spelling: the quote currency
 * it ends with (before a '-': "ETHUSDT", "SIMUSDT-SPOT"), USDC for "...PERP"; for inverse contracts
 * the base coin before "USD". A symbol that says nothing gives "QUOTE" or "COIN". */
#define MARKET_CURRENCY_BYTES 16
void market_settlement(const hean_instrument *spec, char out[MARKET_CURRENCY_BYTES]);

/* Reads "tick=0.01,lot=0.001[,symbol=S][,kind=linear|spot|inverse][,min_qty=][,max_qty=]
 * [,min_price=][,max_price=][,min_notional=][,max_notional=][,maker_bps=][,taker_bps=]" over what
 * `spec` already holds; `fields` gets the bit of every key that was given (see below). */
hean_status market_instrument_parse(const char *text, hean_instrument *spec, uint32_t *fields,
                                    hean_error *error) HEAN_WARN_UNUSED;
#define MARKET_FIELD_SYMBOL 0x001u
#define MARKET_FIELD_KIND   0x002u
#define MARKET_FIELD_TICK   0x004u
#define MARKET_FIELD_LOT    0x008u
#define MARKET_FIELD_LIMITS 0x010u
#define MARKET_FIELD_MAKER  0x020u
#define MARKET_FIELD_TAKER  0x040u

#endif
