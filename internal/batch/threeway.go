package batch

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"taskrecon/internal/diff"
	"taskrecon/internal/task"
)

// OnConflict says what to do with a change whose task someone else has changed since the base.
type OnConflict string

// The values of --on-conflict.
const (
	SkipConflict OnConflict = "skip"      // leave the task as it is
	Overwrite    OnConflict = "overwrite" // send what was wanted all the same
	Abort        OnConflict = "abort"     // leave it, and send nothing more
)

// ErrConflict stops a run under Abort.
var ErrConflict = errors.New("a task was changed by someone else since the plan was made")

// Overwrote begins the reason of an applied change that took the place of someone else's.
const Overwrote = "overwrote what someone else had changed: "

// Meeting is how a change stands against the task as it was found just before sending.
type Meeting struct {
	Left      []diff.Edit // edits still to be made, with the found value as their Before
	Conflicts []string    // in words, the properties of which base, found and wanted are three different values
	against   []clash     // the same
}

// clash is an edit as it was planned and as it stands against what was found.
type clash struct{ planned, left diff.Edit }

// Meet compares base, found and wanted for each edit of a change.
//
//	found equals          the edit
//	wanted                is made already
//	base                  is still to be made
//	neither               is a conflict, and still to be made where it is to be overwritten
func Meet(c *diff.Change, found *task.Task) Meeting {
	var m Meeting
	for _, e := range c.Edits {
		v := found.Get(e.Property)
		if e.Property.Equal(v, e.Wanted) {
			continue
		}
		left := diff.Edit{Property: e.Property, Before: v, Wanted: e.Wanted, Pairs: e.Pairs}
		m.Left = append(m.Left, left)
		if !e.Property.Equal(v, e.Before) {
			m.against = append(m.against, clash{e, left})
			m.Conflicts = append(m.Conflicts, diff.ConflictOf(e.Property.Name, e.Before, v, e.Wanted))
		}
	}
	return m
}

// Words names the conflicts, as the reason of a row that is left alone.
func (m Meeting) Words() string { return diff.ConflictWords(m.Conflicts) }

// meet decides on a change whose task was read just before sending.
func (s *sender) meet(it *item, found *task.Task) {
	m := Meet(it.change, found)
	it.see(found)
	switch {
	case len(m.Left) == 0 && !it.doubtful:
		s.settle(it, diff.Unchanged, "already as wanted when it was read again before sending")
	case len(m.Left) == 0:
		s.settle(it, diff.Applied, "found as wanted when it was read again: "+it.result.Reason)
	case s.conflicts(it, m):
	default:
		it.halfway(m.Left)
		it.left = m.Left
		switch it.looks++; {
		case s.stopped:
			s.abandon(it)
		case it.looks > mostLooks:
			it.result.Temporary = true
			s.settle(it, diff.NotSent, fmt.Sprintf("not sent: within %s of reading the task the limits never let it go", s.o.RereadAfter))
		default:
			s.ready = append(s.ready, it)
		}
	}
}

// conflicts settles a change that met another's, unless that is to be overwritten.
func (s *sender) conflicts(it *item, m Meeting) bool {
	if len(m.Conflicts) == 0 {
		return false
	}
	why := m.Words()
	if s.o.OnConflict == Overwrite {
		kept := s.kept(m.against)
		if kept == "" {
			it.note = Overwrote + strings.Join(m.Conflicts, "; ")
			return false
		}
		why += "; not overwritten: " + kept
	}
	if it.doubtful {
		why += "; the change was sent before"
		if placed := placed(it.change.Edits, m.Left); len(placed) > 0 {
			why += ", and of it " + strings.Join(placed, ", ") + " is in place"
		}
	}
	s.settle(it, diff.Conflict, why)
	if s.o.OnConflict == Abort {
		s.stop(ErrConflict)
	}
	return true
}

// placed names the properties of a change that are not left to be sent.
func placed(edits, left []diff.Edit) (names []string) {
	for _, e := range edits {
		if !slices.ContainsFunc(left, func(l diff.Edit) bool { return l.Property == e.Property }) {
			names = append(names, e.Property.Name)
		}
	}
	return names
}

// kept says what is not overwritten although conflicts are: what was not asked for, and what its own limit guards; "" is nothing.
func (s *sender) kept(against []clash) string {
	for _, c := range against {
		switch {
		case s.o.NoReopen && c.left.Reopens():
			return "that would reopen the task, which --allow-reopen permits"
		case c.left.Pairs && otherPairs(c.planned, c.left.Before):
			return "the row asks for single settings, and others were changed"
		}
	}
	return ""
}

// otherPairs reports whether found differs from what the plan was made upon in pairs that the edit does not change.
func otherPairs(planned diff.Edit, found task.Value) bool {
	var values [3]map[string][]string
	for i, v := range []task.Value{planned.Before, planned.Wanted, found} {
		pairs, err := task.PairsOf(v)
		if err != nil {
			return true
		}
		values[i] = task.ValuesByName(pairs)
	}
	before, wanted, now := values[0], values[1], values[2]
	for _, names := range []map[string][]string{before, now} {
		for name := range names {
			if !slices.Equal(now[name], before[name]) && slices.Equal(wanted[name], before[name]) {
				return true
			}
		}
	}
	return false
}

// A task that became too old to write upon so often, each time just after it was read, would be read for ever.
const mostLooks = 10

// abandon ends a change that a stopped run will not send. One that never left has no result: it counts as not sent.
func (s *sender) abandon(it *item) {
	if !it.doubtful {
		return
	}
	why := "the run ended before it could be sent again; it has not taken effect"
	if len(it.left) < len(it.change.Edits) {
		var names []string
		for _, e := range it.left {
			names = append(names, e.Property.Name)
		}
		why = "the run ended before " + strings.Join(names, ", ") + " could be sent; the rest of the change is in place"
	}
	if it.result.Reason != "" {
		why += ": " + it.result.Reason
	}
	it.result.Temporary = true
	s.settle(it, diff.NotSent, why)
}
