package batch

import (
	"slices"
	"strings"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/graph"
	"taskrecon/internal/task"
)

// cause is why a row is looked at.
type cause uint8

const (
	unsent   cause = iota // nothing of the write under way was put on the wire
	refused               // refused for now
	accepted              // accepted without proof
	doubted               // whether it took effect is not known
	final                 // refused for good, while an earlier sending may still take effect
)

// row is a change on its way to a result.
type row struct {
	change *diff.Change
	writes []diff.Write
	step   int                // the write under way
	over   []diff.Overwritten // what was found and is overwritten
	found  []diff.Overwritten // of that, what the look shows upon which it may be sent
	wrote  []diff.Overwritten // what the writes that left overwrote
	result diff.Result        // what is known so far
	canary bool

	why       cause
	sent      bool  // a write was put on the wire, in this leg or an earlier one
	announced bool  // the recorder knows of an envelope with it, and of no result since
	attempts  int   // of the write under way in this leg, those whose connection was never made included
	failed    int   // looks in a row that had no answer
	without   bool  // the last look that had an answer showed, after the close, that its sendings are without effect
	looks     int   // since it was last sent
	look      *call // the look upon which it may be sent

	seen     time.Time // when the look came upon which it may be sent; zero is none
	third    time.Time // when a look that showed a third value came last
	unsure   time.Time // from when on a look is believed that shows another value than a young base's; zero is not needed so far
	noTask   time.Time // when the first look came that showed no task, and none has shown it since
	vanishes time.Time // when reading on ends for a task that is gone before it was sent
	answered time.Time // when the last answer to a write came, or was given up
	closes   time.Time // when the windows of all its sendings have closed
	earlier  time.Time // the same of its sendings but the last
	looked   time.Time // when the last look that had an answer was asked for

	gap   time.Duration // between the last two looks that settle it
	due   time.Time     // when it is looked at or queued; only in sender.later
	again bool          // at due it goes to the queue, to be looked at before it is sent
}

func newRow(c *diff.Change) *row { return &row{change: c, writes: c.Writes()} }

// edits are those of the write under way.
func (r *row) edits() []diff.Edit { return r.writes[r.step].Edits }

// lastWrite reports whether no write follows the one under way.
func (r *row) lastWrite() bool { return r.step == len(r.writes)-1 }

// ownOld reports whether a property that the write under way sets is old.
func (r *row) ownOld(st diff.Standing) bool {
	return slices.ContainsFunc(st.Old, func(o diff.Edit) bool {
		return slices.ContainsFunc(r.edits(), func(e diff.Edit) bool { return e.Property == o.Property })
	})
}

// made reports whether a look shows that the write under way needs no sending, or no further one.
func (r *row) made(st diff.Standing) bool {
	if st.Wanted() {
		return true
	}
	return r.why != unsent && !r.lastWrite() && len(st.Third) == 0 && !r.ownOld(st)
}

// overwrite notes what was found in the place of the base's value.
func (r *row) overwrite(third []diff.Edit) {
	for _, e := range third {
		r.over = diff.Overwrite(r.over, diff.Overwritten{Property: e.Property, Value: e.Before})
	}
}

// overwritten is what the write under way overwrites upon a look: the old values that are not the base's.
func (r *row) overwritten(st diff.Standing) (found []diff.Overwritten) {
	for _, e := range st.Old {
		o := diff.Overwritten{Property: e.Property, Value: e.Before}
		if slices.ContainsFunc(r.over, o.Equal) && slices.ContainsFunc(r.edits(), func(e diff.Edit) bool { return e.Property == o.Property }) {
			found = append(found, o)
		}
	}
	return found
}

// overwriteOnly drops, before the first sending, what earlier looks found to be overwritten and this one does not.
func (r *row) overwriteOnly(st diff.Standing) {
	if r.sent {
		return
	}
	r.over = slices.DeleteFunc(r.over, func(o diff.Overwritten) bool {
		return !slices.ContainsFunc(st.Old, func(e diff.Edit) bool { return o.Equal(diff.Overwritten{Property: e.Property, Value: e.Before}) })
	})
}

// see notes what the tenant holds.
func (r *row) see(found *task.Task) {
	r.result.After = make([]task.Value, len(r.change.Edits))
	for i, e := range r.change.Edits {
		r.result.After[i] = found.Get(e.Property).Clone() // the task's texts are one, which a result is not to keep
	}
}

// leave counts a sending of the write under way.
func (r *row) leave(id string, at time.Time) {
	res := &r.result
	res.Attempts++
	res.SentAt, res.ClientRequestID = at, id
	res.Status, res.Code, res.RequestID, res.Reason, res.ServerDate = 0, "", "", "", time.Time{}
	r.sent, r.seen, r.looks = true, time.Time{}, 0
	for _, o := range r.found {
		r.wrote = diff.Overwrite(r.wrote, o)
	}
	r.without = false
	r.attempts++
}

// answer notes when the answer to a sending came, or was given up.
func (r *row) answer(at time.Time, within time.Duration) {
	r.answered, r.earlier = at, r.closes
	r.closes = later(r.closes, at.Add(within))
}

// refuse notes a refusal as the last answer.
func (r *row) refuse(e *graph.Error) {
	res := &r.result
	res.Status, res.Code, res.Reason = e.Status, e.Code, e.Error()
	if e.RequestID != "" {
		res.RequestID = e.RequestID
	}
	if at := graph.ServerDate(e.Date); !at.IsZero() {
		res.ServerDate = at
	}
}

// turn starts to settle the row for another reason, with the first gap.
func (r *row) turn(why cause) { r.why, r.gap, r.failed = why, 0, 0 }

// names lists the properties of edits.
func names(edits []diff.Edit) string {
	all := make([]string, len(edits))
	for i, e := range edits {
		all[i] = e.Property.Name
	}
	return strings.Join(all, ", ")
}

// timetable is a heap of rows by due.
type timetable []*row

func (t timetable) Len() int           { return len(t) }
func (t timetable) Less(i, j int) bool { return t[i].due.Before(t[j].due) }
func (t timetable) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *timetable) Push(x any)        { *t = append(*t, x.(*row)) }
func (t *timetable) Pop() any {
	old := *t
	r := old[len(old)-1]
	*t = old[:len(old)-1]
	return r
}
