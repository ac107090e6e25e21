/* Write a ConfigEdge policy in C: this header is all there is, no library, nothing to link. ABI version 1.

   The whole of a policy that wants at least two seats in a match:

       #include "configedge_policy.h"

       static void check(ce_value values) {
           ce_value match = ce_get(values, "match");
           int64_t seats;
           if (!ce_kind(match)) return; // no such section: nothing to say
           if (!ce_int(ce_get(match, "seats"), &seats))
               ce_deny("match.seats", "seats is no whole number", "write 2 or more");
           else if (seats < 2)
               ce_deny("match.seats", ce_text("nobody plays a match of %lld", (long long)seats), "write 2 or more");
       }
       CONFIGEDGE_CHECK(check)

   clang --target=wasm32 -nostdlib -Os -mbulk-memory -Wl,--no-entry,--strip-all,--stack-first seats.c -o seats.wasm

   To derive values as well, write one object; writing nothing derives nothing:

       static void derive(ce_value values) {
           ce_put_object(), ce_put_key("match"), ce_put_object();
           ce_put_key("teams"), ce_put_int(2);
           ce_end(), ce_end();
       }
       CONFIGEDGE_DERIVE(derive)

   A value is a place in the input and is read where it lies, so looking up a member takes time in what stands before
   it: go through a large object once, with ce_each. What is not there is CE_MISSING, and every function takes that.
   Where the input is no JSON, loops end and the policy refuses the bundle; what nobody looks at is not checked.

   The linker gives 64 KiB of stack, of which each ce_text and ce_str of a function takes CE_TEXT. The host counts
   instructions, in a piece of code also those of branches not taken: hence tables where comparisons would do, eight
   bytes at once in strings, and functions that are not inlined. Include this in one file of a policy only. */
#ifndef CONFIGEDGE_POLICY_H
#define CONFIGEDGE_POLICY_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#define CE_MEMORY (4u << 20)  /* most memory the host allows */
#define CE_ANSWER (64u << 10) /* longest answer of a check that the host reads */
#define CE_MESSAGES 50        /* most messages that the host tells */
#define CE_DEPTH 128          /* deepest JSON */
#define CE_TEXT 256           /* room of a ce_text or ce_str; the host tells 160 characters */
#define CE_FN static __attribute__((unused, noinline))

enum { CE_MISSING, CE_NULL, CE_BOOL, CE_NUMBER, CE_STRING, CE_ARRAY, CE_OBJECT };

/* A JSON value: where it begins. Eight NULs behind the input end every walk, so that no end need be known. */
typedef struct { const char *at; } ce_value;

static ce_value ce_input; /* all of it: ce_get(ce_input, "name") and "namespace" say whose values they are */
static int ce_broken;     /* something that was read is no JSON */

/* ---- memory: taken and never given back, for an instance lives for one bundle ---- */

extern unsigned char __heap_base;
static uintptr_t ce_top;

/* Room for `len` bytes, or NULL. */
CE_FN void *ce_alloc(uint32_t len) {
    uintptr_t at = ((ce_top ? ce_top : (uintptr_t)&__heap_base) + 15) & ~(uintptr_t)15;
    if (at > CE_MEMORY || len > CE_MEMORY - at) return NULL;
    uintptr_t pages = (at + len + 65535) >> 16, have = __builtin_wasm_memory_size(0);
    if (pages > have && __builtin_wasm_memory_grow(0, pages - have) == (uintptr_t)-1) return NULL;
    ce_top = at + len;
    return (void *)at;
}

/* The compiler may call these on its own. */
__attribute__((weak, no_builtin)) void *memcpy(void *to, const void *from, size_t len) {
    for (size_t i = 0; i < len; i++) ((char *)to)[i] = ((const char *)from)[i];
    return to;
}

__attribute__((weak, no_builtin)) void *memset(void *to, int byte, size_t len) {
    for (size_t i = 0; i < len; i++) ((char *)to)[i] = (char)byte;
    return to;
}

/* ---- reading ---- */

CE_FN int ce_malformed(void) {
    ce_broken = 1;
    return 0;
}

/* What ends a walk through brackets (1), what ends a word or number (2). */
static const unsigned char ce_ends[256] = {
    [0] = 3, ['"'] = 1, ['{'] = 1, ['['] = 1, ['}'] = 3, [']'] = 3,
    [','] = 2, [' '] = 2, ['\n'] = 2, ['\r'] = 2, ['\t'] = 2,
};

CE_FN const char *ce_walk(const char *p, int end) {
    while (!(ce_ends[(unsigned char)*p] & end)) p++;
    return p;
}

#define CE_ALL(byte) (0x0101010101010101u * (byte))
/* Has the high bit of the first byte that is zero, and of none before that. */
#define CE_ZEROS(word) (((word) - CE_ALL(1)) & ~(word))

/* The first quotation mark, backslash or NUL at or behind p. */
CE_FN const char *ce_walk_string(const char *p) {
    uint64_t word, ends;
    do {
        __builtin_memcpy(&word, p, 8);
        ends = (CE_ZEROS(word ^ CE_ALL('"')) | CE_ZEROS(word ^ CE_ALL('\\')) | CE_ZEROS(word)) & CE_ALL(0x80);
        p += 8;
    } while (!ends);
    return p - 8 + (__builtin_ctzll(ends) >> 3);
}

static inline const char *ce_space(const char *p) {
    while (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t') p++;
    return p;
}

/* Behind the string that begins at p. */
CE_FN const char *ce_skip_string(const char *p) {
    while (*(p = ce_walk_string(p + 1)) != '"')
        if (!*p || !*++p) return ce_malformed(), NULL;
    return p + 1;
}

/* Behind the value that begins at p. Inside of it, only strings and brackets are looked at. */
CE_FN const char *ce_skip(const char *p) {
    char open[CE_DEPTH];
    unsigned depth = 0;
    if (*p == '"') return ce_skip_string(p);
    if (*p != '{' && *p != '[') return ce_walk(p, 2);
    for (;;) {
        while (*(p = ce_walk(p, 1)) == '"')
            if (!(p = ce_skip_string(p))) return NULL;
        char c = *p++;
        if (c == '{' || c == '[') {
            if (depth == CE_DEPTH) break;
            open[depth++] = c;
        } else {
            if (!c || open[--depth] != c - 2) break;
            if (!depth) return p;
        }
    }
    return ce_malformed(), NULL;
}

static inline int ce_kind(ce_value v) {
    static const unsigned char kinds[256] = {
        ['n'] = CE_NULL, ['t'] = CE_BOOL, ['f'] = CE_BOOL, ['"'] = CE_STRING, ['['] = CE_ARRAY, ['{'] = CE_OBJECT,
        ['-'] = CE_NUMBER, ['0'] = CE_NUMBER, ['1'] = CE_NUMBER, ['2'] = CE_NUMBER, ['3'] = CE_NUMBER,
        ['4'] = CE_NUMBER, ['5'] = CE_NUMBER, ['6'] = CE_NUMBER, ['7'] = CE_NUMBER, ['8'] = CE_NUMBER,
        ['9'] = CE_NUMBER,
    };
    return v.at ? kinds[(unsigned char)*v.at] : CE_MISSING;
}

/* For messages: "a string". */
CE_FN const char *ce_kind_name(ce_value v) {
    static const char names[][10] = {"missing", "null", "a boolean", "a number", "a string", "a list", "an object"};
    return names[ce_kind(v)];
}

/* The members of an object or the items of an array, in their order; of anything else none:
   for (ce_each e = ce_each_of(v); ce_next(&e);) ... e.key (of a member), e.value */
typedef struct { ce_value key, value; char close, begun; } ce_each;

CE_FN ce_each ce_each_of(ce_value v) {
    int kind = ce_kind(v);
    return (ce_each){{NULL}, v, kind == CE_OBJECT ? '}' : kind == CE_ARRAY ? ']' : 0, 0};
}

CE_FN int ce_next(ce_each *e) {
    const char *p = e->value.at;
    if (!e->close) return 0;
    if ((p = e->begun ? ce_skip(p) : p + 1)) {
        p = ce_space(p);
        if (*p == e->close) return e->close = 0;
        if (e->begun) p = *p == ',' ? ce_space(p + 1) : "";
        if (e->close == '}') {
            e->key.at = p;
            p = *p == '"' ? ce_skip_string(p) : NULL;
            if (p) p = ce_space(p);
            p = p && *p == ':' ? ce_space(p + 1) : NULL;
        }
        e->value.at = p, e->begun = 1;
        if (ce_kind(e->value)) return 1;
    }
    return e->close = 0, ce_malformed();
}

/* The four hexadecimal digits at p, or -1. */
CE_FN int32_t ce_hex(const char *p) {
    int32_t unit = 0;
    for (int i = 0; i < 4; i++) {
        int c = p[i], lower = c | 32;
        if (c >= '0' && c <= '9') unit = unit << 4 | (c - '0');
        else if (lower >= 'a' && lower <= 'f') unit = unit << 4 | (lower - 'a' + 10);
        else return -1;
    }
    return unit;
}

/* Reads 1 to 4 bytes of a string's text, escapes resolved; 0 at its end. U+0000 and half a pair become U+FFFD. */
CE_FN int ce_char(const char **at, char to[4]) {
    static const char plain[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
    const char *p = *at;
    if ((unsigned char)*p < ' ') return ce_malformed();
    if (*p == '"') return 0;
    *at = p + 1, to[0] = *p;
    if (*p != '\\') return 1;
    *at = p + 2;
    for (const char *c = plain; *c; c += 2)
        if (p[1] == *c) return to[0] = c[1], 1;
    int32_t code = p[1] == 'u' ? ce_hex(p + 2) : -1;
    if (code < 0) return ce_malformed();
    *at = p + 6;
    if (code >> 10 == 0x36 && p[6] == '\\' && p[7] == 'u') {
        int32_t low = ce_hex(p + 8);
        if (low >> 10 == 0x37) code = 0x10000 + ((code & 1023) << 10 | (low & 1023)), *at = p + 12;
    }
    if (!code || code >> 11 == 0x1b) code = 0xfffd;
    int more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    to[0] = (char)(more ? (0xf0 << (3 - more) & 0xff) | code >> 6 * more : code);
    for (int i = 1; i <= more; i++) to[i] = (char)(0x80 | (code >> 6 * (more - i) & 63));
    return more + 1;
}

/* Whether v is the string `text`. */
CE_FN int ce_is(ce_value v, const char *text) {
    char bytes[4];
    if (ce_kind(v) != CE_STRING) return 0;
    const char *p = v.at + 1;
    for (; *p == *text && *p != '\\' && *p != '"' && *p; p++) text++;
    if (*p != '\\') return *p == '"' && !*text;
    for (int n; (n = ce_char(&p, bytes));)
        for (int i = 0; i < n; i++)
            if (bytes[i] != *text++) return 0;
    return !*text && !ce_broken;
}

/* Ends the text at `len` bytes, or before a character that was cut there. */
CE_FN char *ce_close(char *to, size_t len, int cut) {
    while (cut && len && (to[len - 1] & 0xc0) == 0x80) len--;
    if (cut && len && (to[len - 1] & 0x80)) len--;
    to[len] = 0;
    return to;
}

/* The string v, escapes resolved, in the `size` bytes at `to`, cut to what fits; "" if it is none. */
CE_FN char *ce_copy(ce_value v, char *to, size_t size) {
    char bytes[4];
    size_t len = 0;
    if (ce_kind(v) != CE_STRING) return ce_close(to, 0, 0);
    const char *p = v.at + 1;
    for (int n; (n = ce_char(&p, bytes));) {
        if (len + (size_t)n >= size) return ce_close(to, len, 1);
        for (int i = 0; i < n; i++) to[len++] = bytes[i];
    }
    return ce_close(to, len, 0);
}

/* The string v as C text, until the end of the block. */
#define ce_str(v) ce_copy(v, (char[CE_TEXT]){0}, CE_TEXT)

/* The member of that name. */
CE_FN ce_value ce_get(ce_value v, const char *name) {
    if (ce_kind(v) == CE_OBJECT)
        for (ce_each e = ce_each_of(v); ce_next(&e);)
            if (ce_is(e.key, name)) return e.value;
    return (ce_value){NULL};
}

/* Whether v is a boolean; `to` says which. */
CE_FN int ce_bool(ce_value v, int *to) {
    if (ce_kind(v) != CE_BOOL) return 0;
    const char *p = v.at, *word = *p == 't' ? "true" : "false";
    *to = *p == 't';
    for (; *word; p++, word++)
        if (*p != *word) return ce_malformed();
    return 1;
}

/* x times ten to the power of e. */
CE_FN double ce_scale(double x, int64_t e) {
    double power = 1;
    e = e > 400 ? 400 : e < -400 ? -400 : e;
    for (; e >= 22; e -= 22) x *= 1e22;
    for (; e <= -22; e += 22) x /= 1e22;
    for (int64_t i = e < 0 ? -e : e; i; i--) power *= 10;
    return e < 0 ? x / power : x * power;
}

static inline int ce_digit(const char *p) { return *p >= '0' && *p <= '9'; }

/* 0 if v is no number, 1 if it is, 2 if it is an int64_t, too. */
CE_FN int ce_read(ce_value v, double *number, int64_t *whole) {
    const char *p = v.at;
    uint64_t m = 0;
    int64_t scale = 0, e = 0;
    if (ce_kind(v) != CE_NUMBER) return 0;
    int minus = *p == '-', integer = 1;
    p += minus;
    if (!ce_digit(p) || (*p == '0' && ce_digit(p + 1))) return ce_malformed();
    for (int fraction = 0;; fraction = 1) {
        for (; ce_digit(p); p++) {
            int fits = m < 1000000000000000000u; /* with one more digit, too */
            if (fits) m = m * 10 + (uint64_t)(*p - '0');
            scale += !fits - fraction;
        }
        if (fraction || *p != '.') break;
        integer = 0;
        if (!ce_digit(++p)) return ce_malformed();
    }
    if ((*p | 32) == 'e') {
        int below = *++p == '-';
        if (*p == '-' || *p == '+') p++;
        if (!ce_digit(p)) return ce_malformed();
        for (; ce_digit(p); p++) e = e < 100000000 ? e * 10 + (*p - '0') : e;
        scale += below ? -e : e, integer = 0;
    }
    if (!(ce_ends[(unsigned char)*p] & 2)) return ce_malformed();
    double size = ce_scale((double)m, scale);
    if (size - size != 0) size = 1.7976931348623157e308; /* the largest there is: an infinity would spoil sums */
    *number = minus ? -size : size;
    *whole = (int64_t)(minus ? -m : m);
    return integer && !scale && m <= (uint64_t)INT64_MAX + (uint64_t)minus ? 2 : 1;
}

/* Whether v is a number; `to` gets it, right to 15 digits. */
CE_FN int ce_number(ce_value v, double *to) {
    int64_t whole;
    return ce_read(v, to, &whole) > 0;
}

/* Whether v is an integer that fits, written without fraction and exponent. */
CE_FN int ce_int(ce_value v, int64_t *to) {
    double number;
    int64_t whole;
    if (ce_read(v, &number, &whole) < 2) return 0;
    *to = whole;
    return 1;
}

/* ---- text ---- */

CE_FN char *ce_int_text(char to[32], int64_t i) {
    char *p = to + 31;
    uint64_t m = i < 0 ? -(uint64_t)i : (uint64_t)i;
    *p = 0;
    do *--p = (char)('0' + m % 10);
    while (m /= 10);
    if (i < 0) *--p = '-';
    return p;
}

/* In up to 15 digits, as JSON writes it; "null" for what JSON has no number for. */
CE_FN const char *ce_number_text(char to[32], double x) {
    union { double number; uint64_t bits; } raw = {x};
    int64_t binary = (int64_t)(raw.bits >> 52 & 2047) - 1023, ten = binary * 315653 >> 20, count = 15, len = 0;
    char room[32], *digits = room;
    if (binary == 1024) return "null";
    if (x == 0) return "0";
    if (x < 0) to[len++] = '-', x = -x;
    double scaled = ce_scale(x, 14 - ten);
    while (scaled < 1e14) scaled = ce_scale(x, 14 - --ten);
    uint64_t m = (uint64_t)(scaled + 0.5);
    while (m >= 1000000000000000u) m = (m + 5) / 10, ten++;
    for (; m % 10 == 0; m /= 10) count--;
    digits = ce_int_text(room, (int64_t)m);
    int plain = ten >= -7 && ten <= 15;
    int64_t unit = plain ? ten : 0; /* the digit before the point */
    for (int64_t i = unit < 0 ? unit : 0; i < count || i <= unit; i++) {
        to[len++] = i < 0 || i >= count ? '0' : digits[i];
        if (i == unit && i + 1 < count) to[len++] = '.';
    }
    if (!plain) to[len++] = 'e';
    for (digits = ce_int_text(room, ten); !plain && *digits;) to[len++] = *digits++;
    to[len] = 0;
    return to;
}

__attribute__((format(printf, 3, 4))) CE_FN char *ce_format(char *to, size_t size, const char *format, ...) {
    char number[32];
    size_t len = 0;
    va_list arguments;
    va_start(arguments, format);
    for (; *format; format++) {
        char one[2] = {*format, 0};
        const char *piece = one;
        if (*format == '%' && format[1]) switch (*++format) {
            case 's': piece = va_arg(arguments, const char *); break;
            case 'd': piece = ce_int_text(number, va_arg(arguments, int)); break;
            case 'l': piece = ce_int_text(number, va_arg(arguments, long long)), format += 2; break;
            case 'g': piece = ce_number_text(number, va_arg(arguments, double)); break;
            }
        for (; *piece; to[len++] = *piece++)
            if (len + 1 == size) return va_end(arguments), ce_close(to, len, 1);
    }
    return va_end(arguments), ce_close(to, len, 0);
}

/* Text with %s, %d, %lld, %g and %% filled in, until the end of the block; cut to CE_TEXT. */
#define ce_text(...) ce_format((char[CE_TEXT]){0}, CE_TEXT, __VA_ARGS__)

/* ---- writing: one JSON document, which check fills with its messages and derive with what you put ---- */

static struct {
    char *at;
    uint32_t len, room;
    int comma, denied, depth, said, unsaid;
    char open[CE_DEPTH];
} ce_out;

CE_FN void ce_byte(char byte) {
    if (ce_out.len == ce_out.room) {
        int last = ce_out.at && (uintptr_t)ce_out.at + ce_out.room == ce_top; /* then it grows where it is */
        char *to = ce_alloc(4096 + (last ? 0 : ce_out.room));
        if (!to) __builtin_trap();
        if (!last && ce_out.len) memcpy(to, ce_out.at, ce_out.len);
        if (!last) ce_out.at = to;
        ce_out.room += 4096;
    }
    ce_out.at[ce_out.len++] = byte;
}

CE_FN void ce_put(const char *json) {
    if (ce_out.comma) ce_byte(',');
    for (ce_out.comma = 1; *json; json++) ce_byte(*json);
}

CE_FN void ce_put_open(const char *bracket) {
    if (ce_out.depth == CE_DEPTH) __builtin_trap();
    ce_put(bracket);
    ce_out.open[ce_out.depth++] = (char)(*bracket + 2);
    ce_out.comma = 0;
}

CE_FN void ce_put_object(void) { ce_put_open("{"); }
CE_FN void ce_put_array(void) { ce_put_open("["); }
CE_FN void ce_put_null(void) { ce_put("null"); }
CE_FN void ce_put_bool(int yes) { ce_put(yes ? "true" : "false"); }
CE_FN void ce_put_int(int64_t i) { ce_put(ce_int_text((char[32]){0}, i)); }
CE_FN void ce_put_number(double x) { ce_put(ce_number_text((char[32]){0}, x)); }

/* Ends the innermost object or array. */
CE_FN void ce_end(void) {
    if (!ce_out.depth) __builtin_trap();
    ce_byte(ce_out.open[--ce_out.depth]);
    ce_out.comma = 1;
}

CE_FN void ce_put_string(const char *text) {
    ce_put("\"");
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < ' ') {
            for (const char *escape = "\\u00"; *escape; escape++) ce_byte(*escape);
            ce_byte((char)('0' + (c >> 4)));
            c = (unsigned char)"0123456789abcdef"[c & 15];
        } else if (c == '"' || c == '\\') {
            ce_byte('\\');
        }
        ce_byte((char)c);
    }
    ce_byte('"');
}

CE_FN void ce_put_key(const char *key) {
    ce_put_string(key);
    ce_byte(':');
    ce_out.comma = 0;
}

/* A value of the input, as it stands there. */
CE_FN void ce_put_value(ce_value v) {
    const char *end = ce_kind(v) ? ce_skip(v.at) : NULL;
    ce_put(end ? "" : "null");
    for (; v.at < end; v.at++) ce_byte(*v.at);
}

CE_FN void ce_message(const char *key, const char *message, const char *hint) {
    ce_put_object();
    ce_put_key("key"), ce_put_string(key);
    ce_put_key("message"), ce_put_string(message);
    ce_put_key("hint"), ce_put_string(hint);
    ce_end();
}

CE_FN void ce_reset(void) { ce_out.len = 0, ce_out.comma = ce_out.depth = ce_out.said = ce_out.unsaid = 0; }

CE_FN void ce_say(int denies, const char *key, const char *message, const char *hint) {
    /* All messages of a refusal are taken for its reasons, so warnings go. */
    if (denies && !ce_out.denied) ce_reset(), ce_out.denied = 1;
    if (ce_out.denied && !denies) return;
    if (!ce_out.len) ce_put_object(), ce_put_key("messages"), ce_put_array();
    uint32_t len = ce_out.len;
    if (ce_out.said + 1 < CE_MESSAGES) {
        ce_message(key, message, hint);
        if (ce_out.len < CE_ANSWER - 256) { ce_out.said++; return; }
    }
    ce_out.len = len, ce_out.comma = ce_out.said > 0, ce_out.unsaid++;
}

/* Refuses the bundle. `key` is the dotted path of what is wrong, below the values; "" means all of them. */
CE_FN void ce_deny(const char *key, const char *message, const char *hint) { ce_say(1, key, message, hint); }

/* Says something to whoever wrote the bundle, and accepts it. */
CE_FN void ce_warn(const char *key, const char *message, const char *hint) { ce_say(0, key, message, hint); }

/* Whether messages are left out by now: then a loop over much may end. */
CE_FN int ce_enough(void) { return ce_out.unsaid; }

/* ---- what the host calls ---- */

__attribute__((export_name("configedge_abi"))) int32_t configedge_abi(void) { return 1; }
__attribute__((export_name("configedge_alloc"))) void *configedge_alloc(uint32_t len) {
    char *at = len < CE_MEMORY ? ce_alloc(len + 8) : NULL;
    for (uint32_t i = 0; at && i < 8; i++) at[len + i] = 0;
    return at;
}

CE_FN ce_value ce_begin(const char *input) {
    ce_out.at = NULL, ce_out.room = 0, ce_out.denied = 0, ce_reset();
    ce_input.at = ce_space(input);
    if (ce_kind(ce_input) != CE_OBJECT) ce_malformed();
    return ce_get(ce_input, "values");
}

CE_FN int64_t ce_answer(void) {
    return ce_out.len ? (int64_t)((uint64_t)(uintptr_t)ce_out.at << 32 | ce_out.len) : 0;
}

CE_FN int64_t ce_verdict(void) {
    if (ce_broken) {
        ce_reset(), ce_out.denied = 0;
        ce_deny("", "the policy cannot read the values: no JSON, or too deep", "report this to whoever runs the relay");
    }
    if (!ce_out.len) return 0;
    if (ce_out.unsaid) ce_message("", "there is more, which is left out here", "begin with what is named");
    ce_end();
    ce_put_key("accept"), ce_put_bool(!ce_out.denied);
    ce_end();
    return ce_answer();
}

CE_FN int64_t ce_derived(void) {
    if (ce_broken) __builtin_trap();
    return ce_answer();
}

#define CONFIGEDGE_CHECK(function) \
    __attribute__((export_name("configedge_check"))) int64_t configedge_check(const char *input, uint32_t len) { \
        (void)len; \
        return function(ce_begin(input)), ce_verdict(); \
    }

#define CONFIGEDGE_DERIVE(function) \
    __attribute__((export_name("configedge_derive"))) int64_t configedge_derive(const char *input, uint32_t len) { \
        (void)len; \
        return function(ce_begin(input)), ce_derived(); \
    }

#endif
