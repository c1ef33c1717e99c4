package ledger

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"os"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/task"
)

// Resume opens a ledger, verified as Open verifies it, to go on with its run, or to begin with a saved plan. A last line
// that is not whole is cut off, and nothing else ever is: what a whole line says was recorded. The Writer continues the
// chain; its first line is to be Resumed. The Reader shows the ledger as it was found, Torn included, and does not see
// what is appended. The caller closes both, and sees to it that no other run writes the same ledger.
func Resume(path string) (*Writer, *Reader, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("resuming the ledger: %w", err)
	}
	r, err := Open(path)
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	if err := r.cutTorn(f); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("resuming the ledger %s: %w", path, err), r.Close(), f.Close())
	}
	return &Writer{file: f, buf: bufio.NewWriterSize(f, 64<<10), prev: r.Final}, r, nil
}

// cutTorn ends the file behind its last whole line, provided that it is the file that was read, and still as it was.
func (r *Reader) cutTorn(f *os.File) error {
	now, err := f.Stat()
	if err != nil {
		return err
	}
	read, err := r.file.Stat()
	if err != nil {
		return err
	}
	if !os.SameFile(now, read) || now.Size() != r.size {
		return errors.New("it changed while it was read: another program writes it")
	}
	if !r.Torn {
		return nil
	}
	if err := os.Truncate(f.Name(), r.whole); err != nil { // Windows refuses it to a file that is open for appending
		return err
	}
	return f.Sync()
}

// exitLimit is the exit code of a run that a safety limit stopped. What it did not send is blocked, for good: the plan
// is not to be carried out.
const exitLimit = 6

func (r *Reader) blocked() bool { return r.End != nil && r.End.ExitCode == exitLimit }

// Finished reports whether the run ended and left nothing to be resumed: it has an end line, and no change is without a
// result, in doubt, or has a result that is notSent, unknown or temporary. A run that a safety limit stopped is finished.
func (r *Reader) Finished() bool {
	if r.End == nil {
		return false
	}
	for i := range r.changes {
		if r.left(i) {
			return false
		}
	}
	return true
}

// left reports whether a change is for a resumed run to send or to settle.
func (r *Reader) left(index int) bool {
	s := &r.changes[index]
	return s.pending && (s.length == 0 || s.doubt || s.again) && !r.blocked()
}

// Left is a change that a resumed run is to send or to settle.
type Left struct {
	// Change is the planned change, rebuilt: Desired without its wishes, and of Current the id, the name, and the values
	// that the edits found.
	Change diff.Change
	Sent   bool // it was put on the wire, and what became of its last write is to be seen
	// Part says that the first of its two writes is applied; Sent is then about the second.
	Part bool
	// Answered is when the last answer came or was given up, as far as the ledger knows; else when the envelope was announced.
	Answered  time.Time
	Overwrote []diff.Overwritten // what earlier legs found and set out to overwrite
}

// Pending returns what is left for a resumed run, in plan order: every change that is to be sent and is not settled for
// good. It is empty for a ledger that is finished.
func (r *Reader) Pending() ([]Left, error) {
	var all []Left
	lines := newLineReader(r)
	err := lines.eachChange(r.left, func(c Change) error {
		change, err := r.rebuild(c)
		if err != nil {
			return err
		}
		s := &r.changes[c.Index]
		l := Left{Change: change, Part: s.part, Answered: time.UnixMilli(s.answered())}
		l.Sent = s.doubt || s.onWire && !s.part || s.part && s.length > 0 && s.again && r.resultOf(s) != diff.NotSent
		for _, v := range r.over[c.Index] {
			if p := task.Lookup(v.Property); p != nil {
				l.Overwrote = append(l.Overwrote, diff.Overwritten{Property: p, Value: v.Value})
			}
		}
		all = append(all, l)
		return nil
	})
	return all, err
}

// Settled counts, by outcome, the rows that Pending leaves out; under diff.Pending those that share the outcome of one that it has.
func (r *Reader) Settled() map[diff.Outcome]int {
	counts := map[diff.Outcome]int{}
	for i := range r.changes {
		s := &r.changes[i]
		switch {
		case r.left(i):
		case s.shares && r.left(int(s.offset)):
			counts[diff.Pending]++
		default:
			counts[r.resultOf(r.of(i))]++
		}
	}
	return counts
}

// answered is when the last answer to a write of the change came, or was given up, or else when that was announced.
func (s *state) answered() int64 {
	if s.doubt {
		return s.sentAt
	}
	return max(s.sentAt, s.settled-s.after)
}

func (r *Reader) resultOf(s *state) diff.Outcome { return diff.Outcomes()[s.outcome] }

// rebuild makes the planner's change of the plan's line.
func (r *Reader) rebuild(line Change) (diff.Change, error) {
	in := &r.Header.Input
	current := &task.Task{ID: line.ID, Type: cmp.Or(line.Type, task.ODataType)}
	current.Set(task.DisplayName, line.DisplayName)
	c := diff.Change{
		Index: line.Index, SameAs: -1, Current: current,
		Desired: task.NewDesired(task.Origin{File: in.File, Sheet: in.Sheet, Row: line.Row}, line.ID, line.Cells),
		Note:    line.Note, StatusVia: line.StatusVia, BaseRead: line.BaseRead, NotBefore: line.NotBefore,
	}
	for _, e := range line.Edits {
		p := task.Lookup(e.Property)
		if p == nil || !p.Writable || !current.Kind().Has(p) {
			return c, fmt.Errorf("change %d of the ledger's plan: %q is no property that this version writes", line.Index, e.Property)
		}
		current.Set(p, e.Before)
		c.Edits = append(c.Edits, diff.Edit{Property: p, Before: e.Before, Wanted: e.Wanted, Pairs: e.Pairs, Overwrites: e.Overwrites})
	}
	return c, nil
}
