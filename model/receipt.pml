/* The life of a receipt (protocol 5), for spin: `make model`.
 *
 * One operation and the receipts for it; two executors, a reconciler, somebody who revokes, a clock, a provider whose
 * answers get lost, and a stranger who publishes under the same name. A step of one may fall between any two steps of
 * another. What mirrors a module names it. README.md says what is assumed and what is left out.
 *
 * `#ifdef BUG_...` are mutants, one mistake each: tools/model.py shows that every one of them breaks a property.
 * WRITES_ONCE and SLEEPERS choose the world, FAIR ends bad luck where something must happen in the end.
 */

#ifndef RECEIPTS
#define RECEIPTS 2
#endif
#define SIZE 3 /* attempts count from 1; 0 stands for none */

/* ---- The ledger (protocol 7). A change commits only where what it was decided on still stands, so that decision
 *      and commit are one step, durable when it is over (core/decide.py). ---- */

mtype:state = { none, issued, reserved, executed, failed, indeterminate, conflict, revoked };

mtype:state state[SIZE] = none;
byte revision[SIZE]; /* of the receipt's row; that of its reservation is the fence */
byte newest; /* the operation's row: its newest attempt */

/* ---- Time. Of two clocks one may be past an instant that the other has yet to reach. ---- */

#define IN_TIME 0 /* before the deadline, by every clock */
#define SOME_LATE 1 /* past it by the fastest */
#define ALL_LATE 2 /* past it by every clock */
#define SETTLED 3 /* past deadline and settle time, by every clock */

byte phase[SIZE]; /* where each reservation is */
bool expired[SIZE]; /* by the ledger's time, behind which nobody's is (core/authorize.py) */

/* ---- The world, and the requests on their way in it. ---- */

mtype:there = { nothing, ours, theirs };
mtype:answer = { no_answer, refused, not_now };
mtype:finding = { same, other, absent, unknown };

mtype:there stands = nothing;
byte effects; /* how often ours was made */
byte permitted[SIZE]; /* requests that have been permitted and have neither arrived nor got lost */
byte wire[SIZE]; /* of these, the ones that were sent */
byte sent[SIZE]; /* requests of which the provider has not said that it did not act */
mtype:answer answer[SIZE] = no_answer;
bool put_off; /* the provider said once that we should ask later (429) */

#ifdef FAIR
byte deaths = 1, blindness = 1;
#define DIES atomic { deaths > 0 -> deaths-- ; goto dead }
#define BLIND blindness > 0 -> blindness--
#else
#define DIES true -> goto dead
#define BLIND true
#endif

/* ---- Writing, and what holds of every write. ---- */

/* domain/authorization/life.py: nothing returns to `issued`, nothing leaves it twice. */
#define MAY_BECOME(from, to) \
    ((from == none && to == issued) || (from == issued && (to == reserved || to == revoked)) || \
     (from == reserved && (to == executed || to == failed || to == indeterminate)) || \
     (from == indeterminate && (to == executed || to == failed || to == conflict)) || \
     (from == failed && (to == executed || to == conflict)))

inline write(which, to) {
    assert(MAY_BECOME(state[which], to));
    assert(to != executed || stands == ours); /* what is recorded as done was done */
    assert(to != conflict || stands == theirs);
    state[which] = to;
    revision[which] = to; /* a life has no circles: the state says how often it was written, but for look-ups */
    expired[which] = false
}
#define LOOKED_UP 100 /* one more revision of an indeterminate receipt: a look-up was counted */

/* core/settle.py `_settle`: the fence is compared in the commit, and no later attempt may have begun. */
inline settle(which, to, fence) {
    if
#ifdef BUG_OUTCOME_WITHOUT_FENCE
    :: true -> write(which, to)
#else
    :: revision[which] == fence && newest == which -> write(which, to)
    :: else
#endif
    fi
}

/* core/doubts.py `clear_up`: finds out by looking, never by sending. Uses the caller's rev, settled and found. */
inline clear_up(which) {
    atomic {
        if
#ifdef BUG_TAKEN_OVER_EARLY
        :: state[which] == reserved -> settle(which, indeterminate, revision[which])
#elif !defined(BUG_NEVER_TAKEN_OVER)
        :: state[which] == reserved && phase[which] >= SOME_LATE -> settle(which, indeterminate, revision[which])
#endif
        :: else
        fi;
        if
        :: state[which] == indeterminate -> rev = revision[which]
#ifndef BUG_FAILURE_NEVER_CORRECTED
        :: state[which] == failed -> rev = revision[which]
#endif
        :: else -> goto cleared
        fi;
        settled = phase[which] == SETTLED /* the clock is read first: what counts is when we began to look */
    }
    atomic {
        if
        :: stands == ours -> found = same
        :: stands == theirs -> found = other
        :: stands == nothing -> found = absent
        :: BLIND -> found = unknown
        fi
    }
#ifdef BUG_CLOCK_READ_AFTER_LOOKING
    settled = phase[which] == SETTLED;
#endif
#ifdef BUG_RECONCILER_SENDS_AGAIN
    atomic {
        if
        :: found == absent && state[which] == indeterminate -> permitted[which]++; send(which)
        :: else
        fi
    }
#endif
    atomic {
        if
        :: found == same -> settle(which, executed, rev)
        :: found == other -> settle(which, conflict, rev)
#ifdef BUG_ABSENCE_BELIEVED_EARLY
        :: found == absent && state[which] == indeterminate -> settle(which, failed, rev)
#else
        :: found == absent && state[which] == indeterminate && settled -> settle(which, failed, rev)
#endif
        :: else ->
            if
            :: state[which] == indeterminate && revision[which] == rev -> revision[which] = LOOKED_UP
            :: else
            fi
        fi
    }
cleared:
    atomic { rev = 0; settled = false; found = unknown }
}

inline send(which) {
    assert(state[which] != none && state[which] != issued); /* its reservation is durable */
    sent[which]++;
    assert(sent[which] == 1); /* nothing is sent again that may have been acted on */
    wire[which]++;
    answer[which] = no_answer
}

/* ---- Who acts. ---- */

/* core/execute.py `execute_operation`, for ever; and whoever holds an old receipt, who presents it again. Dying where
 * nothing is held is the same as beginning again, and is not drawn. */
active [2] proctype Executor() {
    byte which, fence;
    bool permit;
    mtype:state outcome = none;

again:
    atomic { /* core/mint.py `standing_receipt`, `next_attempt` */
        if
        :: newest >= 1 -> which = 1 /* any receipt that was ever issued, spent ones too */
        :: newest >= 2 -> which = 2
        :: newest < RECEIPTS && (newest == 0 || state[newest] == failed || state[newest] == revoked ||
#ifdef BUG_SECOND_RECEIPT_IN_DOUBT
                                 state[newest] == indeterminate ||
#endif
                                 (state[newest] == issued && expired[newest])) ->
            newest++; which = newest; write(which, issued)
        fi
    }

    /* core/reserve.py: checks 6 and 7 hold in the commit that consumes the receipt. */
#ifdef BUG_READ_AND_SET_APART
    if
    :: state[which] == issued && !expired[which]
    :: else -> goto dead
    fi;
#endif
    atomic {
        if
#ifdef BUG_READ_AND_SET_APART
        :: true -> write(which, reserved)
#elif defined(BUG_EXPIRY_UNCHECKED)
        :: state[which] == issued -> write(which, reserved)
#elif defined(BUG_RESERVED_AFTER_THE_EFFECT)
        :: state[which] == issued && !expired[which]
#else
        :: state[which] == issued && !expired[which] -> write(which, reserved)
#endif
        :: else -> goto dead
        fi;
        fence = revision[which]
    }

sending: /* adapters/live/permit.py, last thing before the first byte; whatever may happen between the two is below */
    if
    :: DIES
    :: atomic {
        skip; /* or the `else` below would be that of both choices */
        if
#ifndef BUG_NO_FENCE
        :: revision[which] != fence -> outcome = failed
#endif
#ifndef BUG_NO_DEADLINE
        :: phase[which] >= ALL_LATE -> outcome = failed
#endif
        :: else ->
#ifndef BUG_RESERVED_AFTER_THE_EFFECT
            assert(state[which] == reserved); /* only who holds the fence may act */
#endif
            permit = true; permitted[which]++
        fi
       }
    fi;

    if
    :: outcome == failed
    :: outcome == none ->
        if
        :: DIES
        :: atomic { permit = false; send(which) }
        fi;

        if
        :: DIES
        :: atomic { /* adapters/npm/executor.py: what is told is built from the answer, and from what is read back */
            if
            :: answer[which] == not_now -> answer[which] = no_answer; sent[which]--; goto sending
            :: answer[which] == refused -> answer[which] = no_answer; outcome = failed
#if defined(BUG_SILENCE_IS_SUCCESS)
            :: answer[which] == no_answer -> outcome = executed
#elif defined(BUG_SILENCE_IS_FAILURE)
            :: answer[which] == no_answer -> outcome = failed
#else
            :: stands == ours -> outcome = executed
            :: stands == theirs -> outcome = conflict
#ifdef BUG_SENDER_SENDS_AGAIN
            :: answer[which] == no_answer -> goto sending
#endif
            :: answer[which] == no_answer -> outcome = indeterminate /* by the deadline, or because it was lost */
#endif
            fi
           }
        fi
    fi;

#ifdef BUG_RESERVED_AFTER_THE_EFFECT
    atomic { write(which, reserved); fence = revision[which] }
#endif
    /* core/settle.py: only the fence's holder records; a conflict is a doubt first. */
    if
    :: DIES
    :: atomic {
        assert(revision[which] == fence || phase[which] >= SOME_LATE); /* who is in time is not overtaken */
        if
        :: outcome == conflict -> settle(which, indeterminate, fence); fence = indeterminate
        :: else
        fi
       }
    fi;
    if
    :: DIES
    :: atomic { skip; settle(which, outcome, fence) }
    fi;

dead:
    atomic {
        if
        :: permit -> permitted[which]--
        :: else
        fi;
        permit = false; which = 0; fence = 0; outcome = none;
        goto again
    }
}

/* usecases/reconcile.py, and `execute_operation`, which looks before it goes on: whoever looks, looks like this. It keeps
 * nothing: its death is the same as its beginning again. */
active proctype Reconciler() {
    byte rev;
    bool settled;
    mtype:finding found = unknown;

again:
    (state[newest] == reserved || state[newest] == indeterminate || state[newest] == failed);
    clear_up(newest);
    goto again
}

/* usecases/revoke_receipt.py */
active proctype Revoker() {
    do
    :: atomic { state[newest] == issued -> write(newest, revoked) }
#ifdef BUG_USED_RECEIPT_REVOKED
    :: atomic { state[newest] == reserved -> write(newest, revoked) }
#endif
    od
}

/* What was permitted arrives or is lost before the settle time is over. Of sleepers, who stop between their last look
 * and their first byte, that is not true; then only a provider that writes a name once is left to rely on. */
#ifdef SLEEPERS
#define HAS_ARRIVED(which) true
#else
#define HAS_ARRIVED(which) (permitted[which] == 0)
#endif

#define IN_DOUBT(which) (state[which] == reserved || state[which] == indeterminate)

inline pass(which) {
    if
    :: state[which] == issued && !expired[which] -> expired[which] = true
    :: IN_DOUBT(which) && phase[which] < ALL_LATE -> phase[which]++
    :: IN_DOUBT(which) && phase[which] == ALL_LATE && HAS_ARRIVED(which) -> phase[which] = SETTLED
    fi
}

active proctype Clock() {
    do
    :: atomic { pass(1) }
    :: atomic { pass(2) }
    od
}

/* With WRITES_ONCE a name is taken once, as a registry takes a version; without, whatever arrives is done. */
inline arrive(which) {
    wire[which] > 0 -> wire[which]--; permitted[which]--;
    if
    :: true /* lost on its way */
    :: true -> answer[which] = refused
#ifdef WRITES_ONCE
    :: stands != nothing
    :: stands == nothing -> stands = ours; effects++
#else
#ifndef FAIR
    :: !put_off -> put_off = true; answer[which] = not_now /* once is enough, in one world */
#endif
    :: true -> stands = ours; effects++
#endif
    fi;
    assert(effects <= 1)
}

active proctype Provider() {
    do
    :: atomic { arrive(1) }
    :: atomic { arrive(2) }
    od
}

#ifdef WRITES_ONCE
active proctype Stranger() {
    atomic { stands == nothing -> stands = theirs }
}
#endif

/* ---- What must happen in the end. ---- */

ltl no_receipt_is_stuck { [] (IN_DOUBT(1) -> <> !IN_DOUBT(1)) }
ltl what_was_done_is_recorded { [] (stands == ours -> <> (state[1] == executed || state[2] == executed)) }
