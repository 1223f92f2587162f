/*
 * fold.c: see fold.h. The tables are of Unicode 15's decompositions and confusables, as far as
 * they lead to Latin letters.
 */
#include "fold.h"

#include <string.h>

/* Base letters of a block, '.' where there is none. */
typedef struct fold_block {
    uint32_t first;
    const char *letters;
} fold_block;

static const fold_block blocks[] = {
    {0x00C0, "aaaaaaaceeeeiiiidnooooo.ouuuuypsaaaaaaaceeeeiiiidnooooo.ouuuuypy"
             "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkkllllll."
             ".llnnnnnn.nnoooooooorrrrrrssssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs"
             "bbbb...ccdddd...effg...ikkl..nn.oo..pp.....ttttuu.vyyzz........."
             "....dddlllnnnaaiioouuuuuuuuuu.aaaa....ggkkoooo..jdddgg..nnaa...."
             "aaaaeeeeiiiioooorrrruuuusstt..hh.d..zzaaeeooooooooyylntj..acclts"
             "z..bu.eejjqqrryy"},
    {0x0250, "aaabocddee.ee..jgggyyhhhiiilll.m.mnnno...rrrrrrrrrssj..ttuuvvwyyzz......"
             ".b.ghj.lq"},
    {0x1D00, "aa.bcddeeijklmno.o......prrtu...vwz"},
    {0x1D2C, "a.b.de.ghijklmn.o.prtuwa...bde...g.km.o...ptu..v"},
    {0x1E00, "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmm"
             "mmmmnnnnnnnnoooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvv"
             "wwwwwwwwwwxxxxyyzzzzzzhtwy.s....aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee"
             "eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy......"},
    {0x2070, "oi..asbtbg.....noizeasbtbg......aeox.hklmnpst"},
    {0x2100, "aac..cc...ghhhh.iill.nn..pqrrr..stt.z...z.kabc.eef.mo....i.f.........ddeij......"},
    {0x2160, "i...v....x..lcdmi...v....x..lcdm"},
    /* Greek: capitals and small letters differ in what they look like. */
    {0x0370, ".................................ab..ezh.ik.mn.o.p..ty.x..iyaeni.aby.e.n"
             ".ik.uv.o.pcotu.x.wiuouw"},
    {0x0531, "...........l...........n....u.s.....o...........w....q.........h.......n"
             "...nu...g...o"},
    {0x13A0, "drt..i....aje......w...m...h.y..g..z..........s...r.ws...vs...lc..p...kd"
             "...........gb"},
};

/* Cyrillic from U+0430; '.' keeps the letter itself, which no Latin one looks like. */
static const char cyrillic[] = "a.b..e....k.mho.pcty.x";
static const struct {
    uint16_t code_point;
    char letter;
} others[] = {
    {0x03F2, 'c'}, {0x03F3, 'j'}, {0x03F9, 'c'}, {0x0405, 's'}, {0x0406, 'i'},
    {0x0407, 'i'}, {0x0408, 'j'}, {0x0451, 'e'}, {0x0455, 's'}, {0x0456, 'i'},
    {0x0457, 'i'}, {0x0458, 'j'}, {0x045E, 'y'}, {0x0461, 'w'}, {0x0475, 'v'},
    {0x04AF, 'y'}, {0x04BB, 'h'}, {0x04C0, 'i'}, {0x04CF, 'i'}, {0x0501, 'd'},
    {0x051B, 'q'}, {0x051D, 'w'}, {0x2223, 'l'}, {0x00AA, 'a'}, {0x00BA, 'o'},
};

/* What 0 to 9 stand for. */
static const char digits[] = "oizeasbtbg";

size_t fold_next(const char *text, size_t bytes, uint32_t *code_point)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t length;

    if (bytes == 0)
        return 0;
    *code_point = at[0];
    if (at[0] < 0x80)
        return 1;
    length = at[0] >= 0xF0 ? 4 : at[0] >= 0xE0 ? 3 : at[0] >= 0xC2 ? 2 : 0;
    if (length == 0 || length > bytes || at[0] > 0xF4) {
        *code_point = ' ';
        return 1;
    }
    *code_point = at[0] & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xC0) != 0x80) {
            *code_point = ' ';
            return 1;
        }
        *code_point = *code_point << 6 | (at[i] & 0x3Fu);
    }
    return length;
}

static bool within(uint32_t value, uint32_t first, uint32_t last)
{
    return value - first <= last - first;
}

static uint32_t letter_of(char base)
{
    if (base >= '0' && base <= '9')
        base = digits[base - '0'];
    if (base >= 'A' && base <= 'Z')
        base = (char)(base + 32);
    return base == 'l' ? 'i' : (uint32_t)(unsigned char)base;
}

static bool invisible(uint32_t c)
{
    return within(c, 0x0300, 0x036F) || within(c, 0x0483, 0x0489) || within(c, 0x1AB0, 0x1AFF) ||
           within(c, 0x1DC0, 0x1DFF) || within(c, 0x20D0, 0x20FF) || within(c, 0xFE20, 0xFE2F) ||
           within(c, 0x200B, 0x200F) || within(c, 0x2060, 0x2065) || within(c, 0xFE00, 0xFE0F) ||
           within(c, 0x180B, 0x180F) || within(c, 0xE0100, 0xE01EF) || within(c, 1, 8) ||
           within(c, 0xFFF9, 0xFFFB) || c == 0xFEFF || c == 0x00AD || c == 0x034F || c == 0x061C ||
           c == 0x115F || c == 0x1160 || c == 0x3164 || c == 0xFFA0 || c == 0x7F;
}

static uint32_t fold_ascii(uint32_t c)
{
    if (within(c, 'a', 'z') || within(c, 'A', 'Z') || within(c, '0', '9'))
        return letter_of((char)c);
    if (invisible(c))
        return FOLD_NOTHING;
    return c == '.' || c == '!' || c == '?' || c == ';' || c == '\n' ? FOLD_STOP : FOLD_SEPARATOR;
}

/* Mathematical, enclosed and regional letters: alphabets one after the other. 0: none. */
static uint32_t fold_alphabets(uint32_t c)
{
    if (within(c, 0x1D400, 0x1D6A3)) {
        uint32_t at = (c - 0x1D400) % 52;
        return letter_of((char)('a' + at % 26));
    }
    if (within(c, 0x1D7CE, 0x1D7FF))
        return letter_of((char)('0' + (c - 0x1D7CE) % 10));
    if (within(c, 0x249C, 0x24E9))
        return letter_of((char)('a' + (c - 0x249C) % 26));
    if (within(c, 0x1F110, 0x1F129) || within(c, 0x1F130, 0x1F149))
        return letter_of((char)('a' + (c - 0x1F110) % 32));
    if (within(c, 0x1F150, 0x1F169) || within(c, 0x1F170, 0x1F189))
        return letter_of((char)('a' + (c - 0x1F150) % 32));
    if (within(c, 0x1F1E6, 0x1F1FF))
        return letter_of((char)('a' + (c - 0x1F1E6)));
    if (within(c, 0x2460, 0x2468))
        return letter_of((char)('1' + (c - 0x2460)));
    return 0;
}

static uint32_t fold_cyrillic(uint32_t c)
{
    if (within(c, 0x0400, 0x040F))
        c += 0x50;
    else if (within(c, 0x0410, 0x042F))
        c += 0x20;
    if (c == 0x0439) /* short i: the same as its letter with a mark */
        return 0x0438;
    if (c == 0x0450)
        return 'e';
    if (within(c, 0x0430, 0x0430 + (uint32_t)sizeof cyrillic - 2) && cyrillic[c - 0x0430] != '.')
        return letter_of(cyrillic[c - 0x0430]);
    for (size_t i = 0; i < BASE_COUNT(others); i++) {
        if (others[i].code_point == c)
            return letter_of(others[i].letter);
    }
    if (within(c, 0x0460, 0x052F) && (c & 1) == 0)
        return fold_cyrillic(c + 1);
    return c;
}

uint32_t fold_letter(uint32_t c)
{
    uint32_t folded;

    if (within(c, 0xFF01, 0xFF5E))
        c -= 0xFEE0;
    if (c < 0x80)
        return fold_ascii(c);
    if (within(c, 0xE0000, 0xE007F) || within(c, 0x202A, 0x202E) || within(c, 0x2066, 0x2069))
        return FOLD_HIDDEN;
    if (invisible(c))
        return FOLD_NOTHING;
    for (size_t i = 0; i < BASE_COUNT(blocks); i++) {
        size_t at = c - blocks[i].first;
        if (c >= blocks[i].first && at < strlen(blocks[i].letters) && blocks[i].letters[at] != '.')
            return letter_of(blocks[i].letters[at]);
    }
    if (within(c, 0x0400, 0x052F))
        return fold_cyrillic(c);
    folded = fold_alphabets(c);
    for (size_t i = 0; folded == 0 && i < BASE_COUNT(others); i++) {
        if (others[i].code_point == c)
            folded = letter_of(others[i].letter);
    }
    if (folded != 0)
        return folded;
    if (c == 0x3002 || c == 0x2026 || c == 0x2029 || c == 0x2028)
        return FOLD_STOP;
    if (within(c, 0x0080, 0x00BF) || within(c, 0x2000, 0x206F) || within(c, 0x2190, 0x2BFF) ||
        within(c, 0x3000, 0x303F) || within(c, 0xFF5F, 0xFF65) || within(c, 0x1F000, 0x1FAFF) ||
        c == 0x00D7 || c == 0x00F7)
        return FOLD_SEPARATOR;
    return c;
}

uint32_t fold_sign(uint32_t c)
{
    if (within(c, 0xFF01, 0xFF5E))
        c -= 0xFEE0;
    switch (c) {
    case '@':
        return 'a';
    case '$':
        return 's';
    case '!':
    case '|':
        return 'i';
    case '+':
        return 't';
    case 0x20AC: /* euro */
        return 'e';
    case 0x00A2: /* cent */
        return 'c';
    default:
        return 0;
    }
}

bool fold_is_ideograph(uint32_t c)
{
    return within(c, 0x2E80, 0x2FDF) || within(c, 0x3040, 0x30FF) || within(c, 0x3400, 0x9FFF) ||
           within(c, 0xF900, 0xFAFF) || within(c, 0x20000, 0x3FFFF);
}
