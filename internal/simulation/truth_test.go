package simulation

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"taskrecon/internal/batch"
	"taskrecon/internal/diff"
)

// wrong says why an outcome of a row, known at a time, is not true; "" where it is.
func (c *campaign) wrong(l *leg, tr *track, o diff.Outcome, at time.Time, n *line) string {
	var sends []*item
	for _, it := range tr.sends {
		if it.ex.leg.n <= l.n && !it.ex.left.After(at) {
			sends = append(sends, it)
		}
	}
	if len(sends) > 0 && o != diff.Applied {
		if look := c.seenWanted(l, tr, sends[0].ex.left, at); look != nil {
			return fmt.Sprintf("a look asked for at %s showed what is wanted", c.world.clock(look.asked))
		}
	}
	switch o {
	case diff.Applied:
		return c.wrongApplied(l, tr, sends, at)
	case diff.Unchanged:
		return c.wrongUnchanged(tr, sends, at)
	case diff.Differs:
		return c.wrongDiffers(tr, sends, at)
	case diff.Failed:
		return c.wrongFailed(l, tr, sends, at, n)
	case diff.Conflict:
		return c.wrongConflict(tr, sends, at, n)
	case diff.NotFound:
		if tr.history.ever(tr.base, at, func(v values) bool { return v == nil }) {
			return ""
		}
		return "the task was there all the time"
	case diff.NotSent:
		return c.wrongNotSent(l, tr, sends, n)
	case diff.Unknown:
		return c.wrongUnknown(l, tr, sends, at)
	case diff.Blocked:
		if slices.ContainsFunc(sends, func(it *item) bool { return it.ex.leg == l }) {
			return "it was sent"
		}
		return ""
	}
	return "no outcome of these rows"
}

// wrongApplied: the tenant held the wanted value between the first sending and the last late effect, or what was looked at.
func (c *campaign) wrongApplied(l *leg, tr *track, sends []*item, at time.Time) string {
	if len(sends) == 0 && !c.announced(l, tr) {
		return "it was never sent"
	}
	until := at
	if e := tr.lastEffect(sends); e.After(until) {
		until = e
	}
	for k, part := range c.parts(tr) {
		from := tr.base
		for _, it := range sends {
			if c.partOf(tr, it) == k {
				from = it.ex.left
				break
			}
		}
		held := func(v values) bool { return holds(part, v) }
		if tr.history.ever(from, until, held) {
			continue
		}
		if tr.history.at(time.Now()) == nil && c.proven(tr, k, sends) {
			branch("deleted before a late write took effect")
			continue
		}
		before := from.Add(-c.world.sc.settle)
		if tr.history.ever(before, from, held) {
			branch("named exception: applied by what another took away")
			continue
		}
		return fmt.Sprintf("from %s to %s the tenant never held %v", c.world.clock(from), c.world.clock(until), part)
	}
	return ""
}

// proven reports whether the answer to a write showed that its part is as wanted.
func (c *campaign) proven(tr *track, part int, sends []*item) bool {
	return slices.ContainsFunc(sends, func(it *item) bool {
		return c.partOf(tr, it) == part && accepted(it) && it.answer.status == 200 && holds(c.parts(tr)[part], it.answer.values)
	})
}

// announced reports whether a leg, up to this one, has a line that says that the row is sent.
func (c *campaign) announced(l *leg, tr *track) bool {
	return slices.ContainsFunc(c.legs, func(earlier *leg) bool {
		return earlier.n <= l.n && slices.ContainsFunc(earlier.own(), func(n line) bool {
			return n.Kind == "sending" && slices.Contains(n.Changes, tr.index)
		})
	})
}

// wrongUnchanged: nothing was sent, and the tenant held what is wanted after the base was read.
func (c *campaign) wrongUnchanged(tr *track, sends []*item, at time.Time) string {
	switch {
	case len(sends) > 0:
		return "it was sent"
	case !tr.guarded && tr.history.ever(tr.began.Add(-c.world.sc.lag), at, tr.wanted): // what the plan reads may lag
		return ""
	case tr.history.ever(tr.base, at, tr.wanted):
		return ""
	}
	return "the tenant never held what is wanted since the base was read"
}

// wrongDiffers: a write was accepted, and after all of them had taken effect the tenant held something else.
func (c *campaign) wrongDiffers(tr *track, sends []*item, at time.Time) string {
	var closes time.Time
	for _, it := range sends {
		if it.answer != nil && it.answer.status/100 == 2 {
			closes = it.ex.back.Add(c.world.sc.settle)
		}
	}
	if last := len(sends) - 1; closes.IsZero() && last >= 0 && c.partOf(tr, sends[last]) == 1 {
		closes = c.closes(sends[last]) // the first write is in place, whatever becomes of the second
	}
	switch {
	case closes.IsZero():
		return "nothing was accepted"
	case at.Before(closes):
		return fmt.Sprintf("the window closes at %s", c.world.clock(closes))
	}
	return c.neverOther(tr, sends, at)
}

// neverOther says that the tenant held what is wanted from the last effect of some writes on, where that is so.
func (c *campaign) neverOther(tr *track, sends []*item, at time.Time) string {
	from := tr.lastEffect(sends)
	if from.IsZero() { // what the tenant holds is not of its making
		return ""
	}
	if tr.history.ever(from, at, func(v values) bool { return !tr.wanted(v) }) {
		return ""
	}
	return fmt.Sprintf("from the last effect at %s on the tenant held what is wanted", c.world.clock(from))
}

// wrongFailed: it was refused for good, or sent as often as is allowed, and did not take effect.
func (c *campaign) wrongFailed(l *leg, tr *track, sends []*item, at time.Time, n *line) string {
	switch {
	case len(sends) == 0 && c.announced(l, tr): // what kept it from leaving is not on record
		return ""
	case len(sends) == 0:
		return "it was never sent"
	}
	last := sends[len(sends)-1]
	switch {
	case n != nil && n.Temporary:
		mine := 0
		for _, it := range tr.tries {
			if it.ex.leg == l && c.partOf(tr, it) == c.partOf(tr, last) && !it.ex.left.After(at) {
				mine++
			}
		}
		closes := c.closes(last)
		seen := slices.ContainsFunc(c.looks(l, tr), func(k look) bool { // and could not be read again before the next write
			return !k.asked.Before(closes) && k.came.Before(at) && !k.absent && !tr.wanted(k.values)
		})
		if mine < c.world.sc.attempts && !seen && l.endsEarly() == "" {
			return fmt.Sprintf("it was sent %d times on this leg, of %d", mine, c.world.sc.attempts)
		}
	case last.ex.leg != l || !refusedForGood(last):
		return "its last write was not refused for good"
	}
	return c.neverOther(tr, sends, at)
}

// wrongConflict: somebody else's value stood there after the base was read and, where it was sent, after that took effect.
func (c *campaign) wrongConflict(tr *track, sends []*item, at time.Time, n *line) string {
	if c.world.sc.overwrite && len(sends) == 0 {
		return "conflicts are overwritten"
	}
	from := tr.base
	if last := len(sends) - 1; last >= 0 {
		if e := tr.lastEffect(sends); e.After(from) && !c.proven(tr, c.partOf(tr, sends[last]), sends) {
			from = e // what was proven is not in question, but the write after it
		}
		if n != nil && n.Attempts == 0 && sends[len(sends)-1].ex.leg.n == c.legOf(n) {
			return "it was sent, and the result counts no attempt"
		}
	}
	if tr.history.ever(from, at, tr.third) {
		return ""
	}
	return fmt.Sprintf("since %s the tenant held nothing but the base's values and the wanted ones", c.world.clock(from))
}

// legOf is the leg that wrote a line.
func (c *campaign) legOf(n *line) int {
	for _, l := range c.legs {
		for _, own := range l.own() {
			if own.begins == n.begins && own.Kind == n.Kind {
				return l.n
			}
		}
	}
	return 0
}

// wrongNotSent: nothing was ever put on the wire, or the first of two writes alone.
func (c *campaign) wrongNotSent(l *leg, tr *track, sends []*item, n *line) string {
	second := len(c.parts(tr)) == 2
	for _, it := range sends {
		if !second || c.partOf(tr, it) == 1 {
			return "it was sent"
		}
	}
	if n != nil && !n.Temporary && l.endsEarly() == "" {
		return "the leg came to its end, and no passing reason is named"
	}
	return ""
}

// wrongUnknown: it was sent, and no look after its window could settle it, or the leg ended before.
func (c *campaign) wrongUnknown(l *leg, tr *track, sends []*item, at time.Time) string {
	switch {
	case len(sends) == 0 && c.announced(l, tr): // what kept it from leaving is not on record
		return ""
	case len(sends) == 0:
		return "it was never sent"
	case l.endsEarly() != "":
		return ""
	}
	closes := c.closes(sends[len(sends)-1])
	for _, k := range c.looks(l, tr) {
		if seen := k.came.Add(c.world.sc.settle); tr.third(k.values) && seen.After(closes) && k.came.Before(at) {
			closes = seen // it is remembered
		}
	}
	for _, k := range c.looks(l, tr) {
		if !k.asked.Before(closes) && k.came.Before(at) && !k.absent {
			return fmt.Sprintf("a look asked for at %s, after the window, could be read", c.world.clock(k.asked))
		}
	}
	return ""
}

// endsEarly says what ended a leg before everything was settled; "" where nothing did.
func (l *leg) endsEarly() string {
	code := l.code()
	switch {
	case l.isDead():
		return "death"
	case !l.signalled.IsZero():
		return "signal"
	case errors.Is(l.err, batch.ErrNoAnswer):
		return "no way to the service"
	case code == 10, code == 8, code == 6, code == 1, code == 130, code == 143:
		return fmt.Sprintf("exit code %d", code)
	}
	return ""
}

// closes is when the settling window of a write closes.
func (c *campaign) closes(it *item) time.Time {
	from := it.ex.back
	if from.IsZero() || it.ex.leg.isDead() && !from.Before(it.ex.leg.died) {
		from = it.ex.left
	}
	return from.Add(c.world.sc.settle)
}
