/* Who waits longest: max_wait_s must not fall along mode_order, which lists modes from the least patient to the most.

       mode_order: [casual, ranked, tournament]
       modes:
         casual: {max_wait_s: 20}
         ranked: {max_wait_s: 60}
         tournament: {max_wait_s: 60} */

#include "configedge_policy.h"

#define MODES 64 /* each is looked for among all that are listed, so there must be an end */

typedef struct {
    ce_value name, mode;
} listed;

/* Reads the list; how many modes it has, or -1 if they cannot be compared. */
static int read_order(ce_value order, listed *list) {
    int count = 0;
    if (ce_kind(order) != CE_ARRAY) {
        ce_deny("mode_order", ce_text("mode_order is %s, not a list", ce_kind_name(order)),
                "write [first, second, ...]");
        return -1;
    }
    for (ce_each e = ce_each_of(order); ce_next(&e); count++) {
        if (count == MODES) {
            ce_deny("mode_order", ce_text("mode_order lists more than %d modes", MODES), "list fewer");
            return -1;
        }
        if (ce_kind(e.value) != CE_STRING)
            ce_deny(ce_text("mode_order.%d", count), ce_text("this is %s, not a mode's name", ce_kind_name(e.value)),
                    "write a name that is in modes, or remove this");
        const char *name = ce_str(e.value);
        int i = 0;
        while (i < count && !ce_is(list[i].name, name)) i++;
        if (i < count)
            ce_deny(ce_text("mode_order.%d", count), ce_text("mode_order lists %s twice", name), "remove one of them");
        list[count] = (listed){i < count ? (ce_value){0} : e.value, {0}};
    }
    return count;
}

/* Finds the modes that are listed; whether that worked. */
static int find_modes(ce_value modes, listed *list, int count) {
    int found = 0;
    if (ce_kind(modes) && ce_kind(modes) != CE_OBJECT) {
        ce_deny("modes", ce_text("modes is %s, not an object", ce_kind_name(modes)), "write each mode by its name");
        return 0;
    }
    for (ce_each e = ce_each_of(modes); ce_next(&e); found++) {
        if (found == MODES) {
            ce_deny("modes", ce_text("there are more than %d modes", MODES), "remove some");
            return 0;
        }
        const char *name = ce_str(e.key);
        int i = 0;
        while (i < count && !ce_is(list[i].name, name)) i++;
        if (i < count) list[i].mode = e.value;
        else ce_warn(ce_text("modes.%s", name), ce_text("mode_order lacks %s, so its wait is not compared", name),
                     ce_text("add %s to mode_order", name));
    }
    return 1;
}

/* Whether the mode says how long it waits. */
static int read_wait(const char *name, ce_value mode, double *wait) {
    ce_value given = ce_get(mode, "max_wait_s");
    if (!ce_kind(mode))
        ce_deny("modes", ce_text("mode_order lists %s, and modes has no %s", name, name),
                ce_text("add modes.%s, or take %s out of mode_order", name, name));
    else if (ce_kind(mode) != CE_OBJECT)
        ce_deny(ce_text("modes.%s", name), ce_text("%s is %s, not an object", name, ce_kind_name(mode)),
                "give it max_wait_s");
    else if (!ce_number(given, wait))
        ce_deny(ce_text("modes.%s.max_wait_s", name), ce_text("max_wait_s of %s is %s", name, ce_kind_name(given)),
                "write a number of seconds above 0");
    else if (*wait <= 0)
        ce_deny(ce_text("modes.%s.max_wait_s", name), ce_text("%s waits up to %g s", name, *wait),
                "write a number of seconds above 0");
    else
        return 1;
    return 0;
}

static void check(ce_value values) {
    ce_value order = {0}, modes = {0};
    listed list[MODES];
    /* One way through the values, for both may stand behind much else. */
    for (ce_each e = ce_each_of(values); ce_next(&e) && !(ce_kind(order) && ce_kind(modes));) {
        if (ce_is(e.key, "mode_order")) order = e.value;
        else if (ce_is(e.key, "modes")) modes = e.value;
    }
    if (!ce_kind(order)) return;
    int count = read_order(order, list);
    if (count < 0 || !find_modes(modes, list, count)) return;

    /* Compared with the longest wait so far, not with the last one: else mending one mode brings up the next. */
    int longest = -1;
    double most = 0, wait;
    for (int i = 0; i < count; i++) {
        const char *name = ce_str(list[i].name);
        if (ce_kind(list[i].name) != CE_STRING) continue; /* no name, or a second time: that was said */
        if (!read_wait(name, list[i].mode, &wait)) continue;
        if (wait >= most) {
            longest = i, most = wait;
            continue;
        }
        const char *before = ce_str(list[longest].name);
        ce_deny(ce_text("modes.%s.max_wait_s", name),
                ce_text("%s waits up to %g s, and %s, before it in mode_order, %g s", name, wait, before, most),
                ce_text("raise it to %g or more, lower modes.%s.max_wait_s, or change mode_order", most, before));
    }
}

CONFIGEDGE_CHECK(check)
