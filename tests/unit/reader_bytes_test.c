/*
 * reader_bytes_test.c: files through gzip and zip, whole, cut and damaged; bytes as lines.
 */
#include "import_fixture.h"

#include "../../core/market/reader_lines.h"

#include <zlib.h>

static char folder[2100];

static int open_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "%s", test_folder("reader_bytes"));
    return 0;
}

static const char *put(const char *name, const void *data, size_t bytes)
{
    static char path[2200];
    hean_error error;
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_status(base_file_replace(path, data, bytes, &error), HEAN_OK, &error);
    return path;
}

/* Reads one part to its end. */
static hean_status read_part(const char *path, const reader_part *part, base_buffer *out,
                             hean_error *error)
{
    reader_bytes *reader;
    char piece[1000];
    size_t got = 1;
    hean_status status = reader_bytes_open(base_allocator_default(), path, part, &reader, error);

    if (status != HEAN_OK)
        return status;
    while (status == HEAN_OK && got > 0) {
        status = reader_bytes_read(reader, piece, sizeof piece, &got, error);
        if (status == HEAN_OK)
            base_buffer_append(out, piece, got);
    }
    reader_bytes_close(reader);
    return status;
}

/* Reads all parts of a file, one after the other, with "NAME:" before each member. */
static hean_status read_file(const char *path, base_buffer *out, hean_error *error)
{
    reader_part *parts;
    size_t count;
    hean_status status = reader_parts_list(base_allocator_default(), path, &parts, &count, error);

    if (status != HEAN_OK)
        return status;
    for (size_t i = 0; i < count && status == HEAN_OK; i++) {
        if (parts[i].member)
            base_buffer_printf(out, "%s:", parts[i].name);
        status = read_part(path, &parts[i], out, error);
    }
    base_free(base_allocator_default(), parts);
    return status;
}

static void expect_text(const char *path, const char *expected, size_t bytes)
{
    base_buffer out;
    hean_error error;
    base_buffer_init(&out, base_allocator_default());
    assert_status(read_file(path, &out, &error), HEAN_OK, &error);
    assert_int_equal(out.length, bytes);
    assert_memory_equal(out.data, expected, bytes);
    base_buffer_deinit(&out);
}

static void expect_error(const char *path, hean_status expected, const char *part)
{
    base_buffer out;
    hean_error error = {HEAN_OK, ""};
    base_buffer_init(&out, base_allocator_default());
    assert_status(read_file(path, &out, &error), expected, &error);
    assert_non_null(strstr(error.message, part));
    assert_non_null(strstr(error.message, path));
    base_buffer_deinit(&out);
}

static void pack(base_buffer *out, const char *text, size_t bytes, int window)
{
    static unsigned char packed[1 << 20];
    z_stream zlib = {0};
    assert_int_equal(deflateInit2(&zlib, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
    zlib.next_in = (unsigned char *)(uintptr_t)text;
    zlib.avail_in = (uInt)bytes;
    zlib.next_out = packed;
    zlib.avail_out = sizeof packed;
    assert_int_equal(deflate(&zlib, Z_FINISH), Z_STREAM_END);
    base_buffer_append(out, packed, zlib.total_out);
    assert_int_equal(deflateEnd(&zlib), Z_OK);
}

/* ---- a small writer of zip archives, with what archives in the wild do ---- */

typedef struct zip_member {
    const char *name;
    const char *text;
    bool stored, descriptor, zip64;
    uint16_t flags;
} zip_member;

static void put_little(base_buffer *out, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        char byte = (char)(value >> (8 * i));
        base_buffer_append(out, &byte, 1);
    }
}

/* The local header and the data; its entry goes to the directory. */
static void put_member(base_buffer *out, base_buffer *directory, const zip_member *member)
{
    size_t bytes = strlen(member->text), name = strlen(member->name), offset = out->length;
    uint32_t crc = (uint32_t)crc32(0, (const unsigned char *)member->text, (uInt)bytes);
    uint32_t flags = member->flags | (member->descriptor ? 8u : 0u);
    base_buffer packed;

    base_buffer_init(&packed, base_allocator_default());
    if (member->stored)
        base_buffer_append(&packed, member->text, bytes);
    else
        pack(&packed, member->text, bytes, -15);
    base_buffer_append(out, "PK\3\4", 4);
    put_little(out, 20, 2);
    put_little(out, flags, 2);
    put_little(out, member->stored ? 0 : 8, 2);
    put_little(out, 0, 4);
    put_little(out, member->descriptor ? 0 : crc, 4);
    put_little(out, member->descriptor ? 0 : packed.length, 4);
    put_little(out, member->descriptor ? 0 : bytes, 4);
    put_little(out, name, 2);
    put_little(out, 4, 2);
    base_buffer_append(out, member->name, name);
    base_buffer_append(out, "xx\0\0", 4); /* an extra field that only the local header has */
    base_buffer_append(out, packed.data, packed.length);
    if (member->descriptor) {
        base_buffer_append(out, "PK\7\10", 4);
        put_little(out, crc, 4);
        put_little(out, packed.length, 4);
        put_little(out, bytes, 4);
    }
    base_buffer_append(directory, "PK\1\2", 4);
    put_little(directory, 45, 2);
    put_little(directory, 45, 2);
    put_little(directory, flags, 2);
    put_little(directory, member->stored ? 0 : 8, 2);
    put_little(directory, 0, 4);
    put_little(directory, crc, 4);
    put_little(directory, member->zip64 ? 0xffffffff : packed.length, 4);
    put_little(directory, member->zip64 ? 0xffffffff : bytes, 4);
    put_little(directory, name, 2);
    put_little(directory, member->zip64 ? 28 : 0, 2);
    put_little(directory, 0, 2);
    put_little(directory, 0, 8);
    put_little(directory, member->zip64 ? 0xffffffff : offset, 4);
    base_buffer_append(directory, member->name, name);
    if (member->zip64) {
        put_little(directory, 1, 2);
        put_little(directory, 24, 2);
        put_little(directory, bytes, 8);
        put_little(directory, packed.length, 8);
        put_little(directory, offset, 8);
    }
    base_buffer_deinit(&packed);
}

static void put_zip(base_buffer *out, const zip_member *members, size_t count, bool end64)
{
    base_buffer directory;
    size_t directory_offset, end_offset;

    base_buffer_init(&directory, base_allocator_default());
    for (size_t i = 0; i < count; i++)
        put_member(out, &directory, &members[i]);
    directory_offset = out->length;
    base_buffer_append(out, directory.data, directory.length);
    end_offset = out->length;
    if (end64) {
        base_buffer_append(out, "PK\6\6", 4);
        put_little(out, 44, 8);
        put_little(out, 45, 2);
        put_little(out, 45, 2);
        put_little(out, 0, 8);
        put_little(out, count, 8);
        put_little(out, count, 8);
        put_little(out, directory.length, 8);
        put_little(out, directory_offset, 8);
        base_buffer_append(out, "PK\6\7", 4);
        put_little(out, 0, 4);
        put_little(out, end_offset, 8);
        put_little(out, 1, 4);
    }
    base_buffer_append(out, "PK\5\6", 4);
    put_little(out, 0, 4);
    put_little(out, end64 ? 0xffff : count, 2);
    put_little(out, end64 ? 0xffff : count, 2);
    put_little(out, end64 ? 0xffffffff : directory.length, 4);
    put_little(out, end64 ? 0xffffffff : directory_offset, 4);
    put_little(out, 7, 2);
    base_buffer_append(out, "comment", 7);
    base_buffer_deinit(&directory);
}

/* ---- tests ---- */

static void plain_file_is_read_as_it_is(void **state)
{
    (void)state;
    expect_text(put("plain", "a,b\n1,2\n", 8), "a,b\n1,2\n", 8);
    expect_text(put("short", "x", 1), "x", 1);
    expect_text(put("none", "", 0), "", 0);
}

static void gzip_members_are_one_stream_and_padding_is_nothing(void **state)
{
    base_buffer packed;
    (void)state;
    base_buffer_init(&packed, base_allocator_default());
    pack(&packed, "first\n", 6, 15 + 16);
    pack(&packed, "", 0, 15 + 16);
    pack(&packed, "second\n", 7, 15 + 16);
    expect_text(put("two.csv", packed.data, packed.length), "first\nsecond\n", 13);
    base_buffer_append(&packed, "\0\0\0", 3);
    expect_text(put("padded.csv", packed.data, packed.length), "first\nsecond\n", 13);
    base_buffer_append(&packed, "junk", 4);
    expect_error(put("junk.csv", packed.data, packed.length), HEAN_E_CORRUPT, "follow the end");
    base_buffer_deinit(&packed);
}

static void gzip_file_that_was_cut_is_truncated_at_every_byte(void **state)
{
    base_buffer packed;
    (void)state;
    base_buffer_init(&packed, base_allocator_default());
    pack(&packed, "timestamp,price\n1,2\n3,4\n", 24, 15 + 16);
    for (size_t bytes = 2; bytes < packed.length; bytes++)
        expect_error(put("cut.csv.gz", packed.data, bytes), HEAN_E_TRUNCATED, "too early");
    base_buffer_deinit(&packed);
}

static void gzip_file_with_a_wrong_byte_is_corrupt(void **state)
{
    base_buffer packed;
    (void)state;
    base_buffer_init(&packed, base_allocator_default());
    pack(&packed, "timestamp,price\n1,2\n3,4\n", 24, 15 + 16);
    packed.data[packed.length - 6] ^= 1; /* in the checksum */
    expect_error(put("wrong.csv.gz", packed.data, packed.length), HEAN_E_CORRUPT, "");
    base_buffer_deinit(&packed);
}

static void zip_members_come_in_the_order_of_their_names(void **state)
{
    static const zip_member members[] = {
        {"b.csv", "second\n", .stored = false},
        {"folder/", "", .stored = true},
        {"a.csv", "first\n", .stored = true},
        {"__MACOSX/a.csv", "fork", .stored = true},
        {"c.csv", "third, with sizes behind the data\n", .descriptor = true},
        {"d.csv", "fourth, with long sizes\n", .zip64 = true}};
    static const char expected[] = "a.csv:first\nb.csv:second\n"
                                   "c.csv:third, with sizes behind the data\n"
                                   "d.csv:fourth, with long sizes\n";
    (void)state;
    for (int end64 = 0; end64 < 2; end64++) {
        base_buffer archive;
        base_buffer_init(&archive, base_allocator_default());
        put_zip(&archive, members, BASE_COUNT(members), end64 != 0);
        expect_text(put("some.zip", archive.data, archive.length), expected, sizeof expected - 1);
        base_buffer_deinit(&archive);
    }
}

static void zip_file_that_was_cut_is_truncated_at_every_byte(void **state)
{
    static const zip_member members[] = {{"b.csv", "some text\n", .stored = false}};
    base_buffer archive;
    (void)state;
    base_buffer_init(&archive, base_allocator_default());
    put_zip(&archive, members, 1, false);
    for (size_t bytes = 4; bytes < archive.length - 7; bytes++)
        expect_error(put("cut.zip", archive.data, bytes), HEAN_E_TRUNCATED, "too early");
    base_buffer_deinit(&archive);
}

static void damaged_zip_archives_are_told(void **state)
{
    static const zip_member member = {"b.csv", "some text\n", .stored = true};
    static const zip_member encrypted = {"b.csv", "some text\n", .stored = true, .flags = 1};
    base_buffer archive;
    size_t text_at;
    (void)state;
    base_buffer_init(&archive, base_allocator_default());
    put_zip(&archive, &member, 1, false);
    text_at = 30 + 5 + 4;
    archive.data[text_at] ^= 1;
    expect_error(put("wrong.zip", archive.data, archive.length), HEAN_E_CORRUPT, "checksum");
    archive.data[text_at] ^= 1;
    archive.data[0] = 'Q'; /* no zip at all by its first bytes: a plain file */
    expect_text(put("plain.zip", archive.data, archive.length), archive.data, archive.length);
    archive.length = 0;
    put_zip(&archive, &encrypted, 1, false);
    expect_error(put("secret.zip", archive.data, archive.length), HEAN_E_FORMAT, "encrypted");
    archive.length = 0;
    put_zip(&archive, NULL, 0, false);
    expect_error(put("nothing.zip", archive.data, archive.length), HEAN_E_FORMAT, "no files");
    base_buffer_deinit(&archive);
}

static void missing_files_and_folders_are_told(void **state)
{
    char path[2200];
    (void)state;
    (void)snprintf(path, sizeof path, "%s/nothere", folder);
    expect_error(path, HEAN_E_NOT_FOUND, "No such file");
    expect_error(folder, HEAN_E_INVALID, "not a regular file");
}

/* ---- lines ---- */

/* "kind:text|" for every line. */
static void expect_lines(const char *data, size_t bytes, const char *expected)
{
    static const char kinds[] = {'t', 'L', 'B'};
    const char *path = put("lines", data, bytes);
    reader_part part = {.packed_bytes = bytes};
    reader_lines lines;
    base_buffer out;
    hean_error error;
    uint64_t count = 0;

    base_buffer_init(&out, base_allocator_default());
    base_buffer_append(&out, "", 0);
    assert_status(reader_lines_open(base_allocator_default(), path, &part, &lines, &error), HEAN_OK,
                  &error);
    for (;;) {
        const char *text;
        size_t length;
        reader_line_kind kind;
        assert_status(reader_lines_next(&lines, &text, &length, &kind, &error), HEAN_OK, &error);
        if (kind == READER_LINE_END)
            break;
        assert_int_equal(lines.line, ++count);
        base_buffer_printf(&out, "%c:", kinds[kind]);
        if (kind == READER_LINE_TEXT)
            base_buffer_append(&out, text, length < 20 ? length : 20);
        base_buffer_append(&out, "|", 1);
    }
    reader_lines_close(&lines);
    assert_string_equal(out.data, expected);
    base_buffer_deinit(&out);
}

static void lines_end_in_any_usual_way(void **state)
{
    (void)state;
    expect_lines("a\nb\n", 4, "t:a|t:b|");
    expect_lines("a\r\nb\r\n", 6, "t:a|t:b|");
    expect_lines("a\nb", 3, "t:a|t:b|");
    expect_lines("a\n\nb\n\n", 6, "t:a|t:|t:b|t:|");
    expect_lines("\xef\xbb\xbfid\n1\n", 8, "t:id|t:1|");
    expect_lines("", 0, "");
    expect_lines("\n", 1, "t:|");
}

static void zero_bytes_make_a_line_binary(void **state)
{
    static const char bytes[] = "ab\n\0cdef\ngh\n";
    (void)state;
    expect_lines(bytes, sizeof bytes - 1, "t:ab|B:|t:gh|");
}

static void line_over_the_limit_is_told_and_the_next_is_read(void **state)
{
    size_t length = READER_LINE_BYTES_MAX;
    char *text = malloc(2 * length + 100);
    (void)state;
    assert_non_null(text);
    memset(text, 'x', 2 * length + 100);
    memcpy(text, "first\n", 6);
    text[6 + length] = '\n'; /* just fits */
    memcpy(text + 6 + length + 1 + length + 50, "\nlast\n", 6);
    expect_lines(text, 6 + length + 1 + length + 50 + 6,
                 "t:first|t:xxxxxxxxxxxxxxxxxxxx|L:|t:last|");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_file_is_read_as_it_is),
        cmocka_unit_test(gzip_members_are_one_stream_and_padding_is_nothing),
        cmocka_unit_test(gzip_file_that_was_cut_is_truncated_at_every_byte),
        cmocka_unit_test(gzip_file_with_a_wrong_byte_is_corrupt),
        cmocka_unit_test(zip_members_come_in_the_order_of_their_names),
        cmocka_unit_test(zip_file_that_was_cut_is_truncated_at_every_byte),
        cmocka_unit_test(damaged_zip_archives_are_told),
        cmocka_unit_test(missing_files_and_folders_are_told),
        cmocka_unit_test(lines_end_in_any_usual_way),
        cmocka_unit_test(zero_bytes_make_a_line_binary),
        cmocka_unit_test(line_over_the_limit_is_told_and_the_next_is_read)};
    return cmocka_run_group_tests(tests, open_folder, NULL);
}
