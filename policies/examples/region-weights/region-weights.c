/* What share of the players each region gets: the weights of the open regions sum to 1, and each of those has room.

       regions:
         eu: {weight: 0.6, capacity: 4000}
         us: {weight: 0.4, capacity: 3000}
         ap: {weight: 0.5, capacity: 0, open: false}    # closed: not looked at */

#include "configedge_policy.h"

#define TOLERANCE 1e-6

typedef struct {
    double sum;
    int open, unclear;
} tally;

static void deny(ce_value name, const char *member, const char *message, const char *hint) {
    ce_deny(ce_text("regions.%s%s", ce_str(name), member), message, hint);
}

static void check_region(ce_value name, ce_value region, tally *all) {
    ce_value weight = {0}, capacity = {0}, open = {0};
    if (ce_kind(region) != CE_OBJECT) {
        deny(name, "", ce_text("this is %s, not a region", ce_kind_name(region)), "give it weight and capacity");
        all->unclear++;
        return;
    }
    for (ce_each e = ce_each_of(region); ce_next(&e);) {
        if (ce_is(e.key, "weight")) weight = e.value;
        else if (ce_is(e.key, "capacity")) capacity = e.value;
        else if (ce_is(e.key, "open")) open = e.value;
    }

    int is_open = 1;
    if (ce_kind(open) && !ce_bool(open, &is_open)) {
        deny(name, ".open", ce_text("open is %s, not true or false", ce_kind_name(open)),
             "write true or false, or leave it out for true");
        all->unclear++;
        return;
    }
    if (!is_open) return;
    all->open++;

    double share;
    if (!ce_number(weight, &share)) {
        deny(name, ".weight", ce_text("%s is open, and its weight is %s", ce_str(name), ce_kind_name(weight)),
             "write a number from 0 to 1, or close the region with open: false");
        all->unclear++;
    } else {
        if (share < 0)
            deny(name, ".weight", ce_text("%s has a weight of %g, below 0", ce_str(name), share),
                 "write a number from 0 to 1");
        all->sum += share;
    }

    int64_t room;
    if (!ce_kind(capacity))
        deny(name, ".capacity", ce_text("%s is open and has no capacity", ce_str(name)),
             "write how many players fit, or close the region with open: false");
    else if (!ce_int(capacity, &room))
        deny(name, ".capacity", ce_text("the capacity of %s is %s", ce_str(name),
                                        ce_kind(capacity) == CE_NUMBER ? "no whole number" : ce_kind_name(capacity)),
             "write how many players fit, a whole number such as 2000");
    else if (room <= 0)
        deny(name, ".capacity", ce_text("%s is open with a capacity of %lld", ce_str(name), (long long)room),
             "raise it above 0, or close the region with open: false");
}

static void check(ce_value values) {
    ce_value regions = ce_get(values, "regions");
    tally all = {0, 0, 0};
    if (!ce_kind(regions)) return;
    if (ce_kind(regions) != CE_OBJECT) {
        ce_deny("regions", ce_text("regions is %s, not an object", ce_kind_name(regions)),
                "write each region by its name");
        return;
    }
    for (ce_each e = ce_each_of(regions); ce_next(&e) && !ce_enough();) check_region(e.key, e.value, &all);

    /* The sum says something only when every weight is known. */
    if (all.unclear || ce_enough()) return;
    double off = all.sum - 1;
    if (!all.open)
        ce_deny("regions", "no region is open", "open at least one; a single open region has a weight of 1");
    else if (!(off <= TOLERANCE && off >= -TOLERANCE))
        ce_deny("regions", ce_text("the weights of the %d open regions sum to %g, not to 1", all.open, all.sum),
                off > 0 ? ce_text("lower them by %g in all, or close a region", off)
                        : ce_text("raise them by %g in all, or open a region", -off));
}

CONFIGEDGE_CHECK(check)
