package diff

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"taskrecon/internal/task"
)

// Edit is one property that differs: what the tenant held when the plan was made, and what is wanted.
// The two differ in canonical form.
type Edit struct {
	Property *task.Property
	Before   task.Value
	Wanted   task.Value
	// Pairs says that single pairs of the collection are asked for: those by which Wanted differs from Before.
	Pairs bool
	// Overwrites says that Before is neither the value of the row's base nor the wanted one, and is overwritten all the same.
	Overwrites bool
}

// Reopens reports whether the edit takes a task from completed or rejected back to pending or active.
func (e Edit) Reopens() bool {
	is := func(v task.Value, members ...string) bool {
		return slices.ContainsFunc(members, func(m string) bool { return strings.EqualFold(v.String(), m) })
	}
	return e.Property == task.Status && is(e.Before, "completed", "rejected") && is(e.Wanted, "pending", "active")
}

// Row is one input row as the planner takes it: what it asks for, or why it could not be understood.
type Row struct {
	Desired task.Desired
	Invalid string // the problems of the row in words; empty when it was understood
	SameAs  int    // index of the earlier row with the same id and equal wishes, or -1
	// Overwrite sends what the row asks for although somebody else has changed it since the row's base.
	Overwrite bool
	// Young says that the row's base is younger than the settling window. A listed value that is not the base's may then be older
	// than the base, so the edits are those from the base, and a later look at the task decides.
	Young bool
	// Unread says why the task could not be read, where the list lacks it and a look by its id had no answer.
	Unread string
	// StatusVia is by which way the status goes: ViaPatch, as is "", ViaAction, or ViaAuto.
	StatusVia Via
}

// Change is the planner's verdict on one input row.
type Change struct {
	Index   int // place in the plan, which is the place of the row in the input
	Desired task.Desired
	Current *task.Task // nil where the tenant has no such task, or the row is invalid
	Edits   []Edit     // in table order; empty unless Outcome is Pending
	Outcome Outcome    // Pending when a PATCH is to be sent, else the row's outcome
	Reason  string     // why, for an outcome that needs words
	SameAs  int        // index of the change whose outcome this row shares, or -1

	Note      string    // that goes with the status; only where StatusVia is ViaAction
	StatusVia Via       // by which way the status goes; "" where the change sets no status
	BaseRead  time.Time // when the base was read; zero is when the plan's list was
	NotBefore time.Time // before which nothing is sent: an undo waits for what it takes back to settle; zero is at once
}

// Pending reports whether the change is to be sent.
func (c *Change) Pending() bool { return c.Outcome == Pending && c.SameAs < 0 }

// ID is the task's id in the tenant's spelling where the task was found, else as the row gives it.
func (c *Change) ID() string {
	if c.Current != nil {
		return c.Current.ID
	}
	return c.Desired.ID
}

// Plan is what a run will do: a change for every input row, in input order.
type Plan struct {
	Changes   []Change
	Unmanaged []*task.Task // that no row names, of kinds that are known, in the order of the tenant's list
	Tenant    int          // tasks in the tenant, of kinds that are known
	// Settled counts the rows that have no change here, since a run that goes on has nothing left to do for them; under Pending those
	// that share the outcome of a change here.
	Settled map[Outcome]int
}

// Pending returns the changes that are to be sent, in plan order.
func (p *Plan) Pending() []*Change {
	var pending []*Change
	for i := range p.Changes {
		if p.Changes[i].Pending() {
			pending = append(pending, &p.Changes[i])
		}
	}
	return pending
}

// Actions counts the changes that set the status by the action, and the notes that go with it.
func (p *Plan) Actions() (actions, notes int) {
	for _, c := range p.Pending() {
		if c.StatusVia == ViaAction {
			actions++
		}
		if c.Note != "" {
			notes++
		}
	}
	return actions, notes
}

// Make computes the plan. Its verdict on a row is the first that holds:
//
//	row                                     outcome
//	not understood                          invalid
//	same id and wishes as an earlier row    that row's (SameAs)
//	id not among current, and not read      notSent
//	id not among current                    notFound
//	the task held the access token          failed
//	a wish, and the task is of a kind that
//	  is not known or lacks the property    wrongType
//	no wish differs                         unchanged
//	a wish differs from its base, too       conflict, unless the row overwrites
//	else                                    pending, with an edit for each wish that differs
//
// Ids are compared without regard to case. A task that current holds twice counts once, as first seen.
func Make(rows []Row, current []*task.Task) *Plan {
	place := make(map[string]int, len(current)) // in current, of the first task with this key
	again := make([]bool, len(current))
	for i, t := range current {
		key := task.Key(t.ID)
		if _, again[i] = place[key]; !again[i] {
			place[key] = i
		}
	}
	plan := &Plan{Changes: make([]Change, len(rows))}
	named := make([]bool, len(current))
	for i := range rows {
		var found *task.Task
		if at, ok := place[task.Key(rows[i].Desired.ID)]; ok {
			found, named[at] = current[at], true
		}
		plan.Changes[i] = verdict(i, &rows[i], found)
	}
	for i, t := range current {
		if !t.Managed() || again[i] {
			continue
		}
		plan.Tenant++
		if !named[i] {
			plan.Unmanaged = append(plan.Unmanaged, t)
		}
	}
	return plan
}

func verdict(index int, row *Row, found *task.Task) Change {
	c := Change{Index: index, Desired: row.Desired, SameAs: -1}
	if b := row.Desired.Base; b != nil {
		c.BaseRead, c.NotBefore = b.Read, b.Closes
	}
	switch {
	case row.Invalid != "":
		c.Outcome, c.Reason = Invalid, row.Invalid
	case found == nil && row.Unread != "":
		c.Outcome, c.Reason = NotSent, "not sent, because the task could not be read: "+row.Unread
	case found == nil:
		c.Outcome, c.Reason = NotFound, fmt.Sprintf("the tenant has no task %q", row.Desired.ID)
	case found.Withheld():
		c.Outcome, c.Reason = Failed, task.Withheld
	default:
		c.Current = found
		if alien := alienTo(found, &row.Desired); alien != "" {
			c.Outcome, c.Reason = WrongType, alien
			break
		}
		c.plan(row)
	}
	if row.SameAs >= 0 && c.Outcome == Pending {
		c.SameAs, c.Edits = row.SameAs, nil
	}
	return c
}

// alienTo says why a task is not one for what a row asks; "" where it is, as any task is for a row that asks for nothing.
func alienTo(t *task.Task, d *task.Desired) string {
	lacks := Lacks(t, d)
	switch {
	case lacks == nil:
		return ""
	case !t.Managed():
		return "the task is " + TypeName(t.Type) + ", of a kind that this program does not know"
	}
	names := make([]string, len(lacks))
	for i, p := range lacks {
		names[i] = p.Name
	}
	return "the task is " + TypeName(t.Type) + ", which has no " + strings.Join(names, ", ")
}

// Lacks are the properties that a row sets and that the task's kind does not have: all of them, where the kind is not known.
func Lacks(t *task.Task, d *task.Desired) (lacks []*task.Property) {
	kind := t.Kind()
	for w := range d.Assignments() {
		if !kind.Has(w.Property) {
			lacks = append(lacks, w.Property)
		}
	}
	return lacks
}

// plan computes the edits of a row whose task was found, or the outcome of a row that needs none.
func (c *Change) plan(row *Row) {
	from := c.Current
	if row.Young {
		from = rebased(c.Current, row.Desired.Base)
	}
	c.Edits = Edits(&row.Desired, from)
	if len(c.Edits) == 0 {
		c.Outcome = Unchanged
		return
	}
	if conflicts := Conflicts(&row.Desired, from); len(conflicts) > 0 && !row.Overwrite {
		c.Edits, c.Outcome, c.Reason = nil, Conflict, ConflictWords(conflicts)
		return
	}
	for i := range c.Edits {
		e := &c.Edits[i]
		base, known := row.Desired.Base.Get(e.Property)
		e.Overwrites = known && !e.Pairs && !e.Property.Equal(base, e.Before)
		if e.Property == task.Status {
			c.StatusVia = ViaPatch
			if row.StatusVia == ViaAction || row.StatusVia == ViaAuto && row.Desired.Note != "" {
				c.StatusVia, c.Note = ViaAction, row.Desired.Note
			}
		}
	}
}

// rebased is a task as the base remembers it.
func rebased(t *task.Task, b *task.Base) *task.Task {
	was := *t
	for _, p := range task.All() {
		if v, known := b.Get(p); known {
			was.Set(p, v)
		}
	}
	return &was
}

// Edits returns the wishes that the task does not already meet, as edits in the order of the wishes.
// Assignments for single pairs, which follow each other, become one edit of the whole collection.
func Edits(d *task.Desired, current *task.Task) []Edit {
	var edits []Edit
	var last Edit // of the property whose wishes are being met
	add := func() {
		if p := last.Property; p != nil && !p.Equal(last.Before, last.Wanted) {
			edits = append(edits, last)
		}
	}
	for w := range d.Assignments() {
		if w.Property != last.Property {
			add()
			v := current.Get(w.Property)
			last = Edit{Property: w.Property, Before: v, Wanted: v}
		}
		last.Wanted, last.Pairs = meet(last.Wanted, w), w.Pair != ""
	}
	add()
	return edits
}

// meet is the value that meets a wish, starting from one that may not.
func meet(v task.Value, w task.Assignment) task.Value {
	if w.Pair == "" {
		return w.Value
	}
	with, err := task.WithPair(v, w)
	if err != nil { // no task that was read holds settings of another form
		return v
	}
	return with
}

// TypeName makes an @odata.type readable: "#microsoft.graph.appVulnerabilityTask" is "an appVulnerabilityTask".
func TypeName(odataType string) string {
	name := strings.TrimPrefix(odataType, "#microsoft.graph.")
	if name == "" {
		return "of no stated type"
	}
	if strings.ContainsAny(name[:1], "aeiouAEIOU") {
		return "an " + name
	}
	return "a " + name
}
