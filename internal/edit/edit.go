package edit

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"taskrecon/internal/export"
	"taskrecon/internal/task"
)

// Assignment is one property that a mass edit sets. With one value every task gets it; several are dealt in turn to the
// tasks picked, in their order, so that the shares differ by at most one and the same tasks always get the same deal.
type Assignment struct {
	Property *task.Property
	Values   []task.Value
	Pair     string // the one pair of intendedSettings that is set, as task.ParsePair reads it; the others stay as they are
}

// name is what the assignment sets, as the command line has it.
func (a *Assignment) name() string {
	if a.Pair != "" {
		return a.Property.Name + "." + a.Pair
	}
	return a.Property.Name
}

// ParseAssignment reads PROPERTY=VALUE, split at the first "=". The property matches as a header of a file does, and
// the value is read as a cell is, so <clear> empties. note=TEXT is the note that goes to the service with the status. intendedSettings.NAME=VALUE sets one pair. For assignedTo,
// @FILE takes the assignees from a file, read by readFile: one a line, without blank lines and those that
// start with "#"; @@ is a value that starts with "@".
func ParseAssignment(text string, f task.Format, readFile func(string) ([]byte, error)) (Assignment, error) {
	name, value, found := strings.Cut(text, "=")
	if !found {
		return Assignment{}, fmt.Errorf("%.80q is not PROPERTY=VALUE; write it such as status=completed", text)
	}
	a, err := target(strings.TrimSpace(name))
	if err != nil {
		return a, err
	}
	if strings.TrimSpace(value) == "" {
		return a, fmt.Errorf("%.80q has no value; write %s=%s to empty it", text, a.name(), task.Clear)
	}
	if a.Pair != "" {
		w, err := task.ParsePair(a.Pair, value)
		a.Values = []task.Value{w.Value}
		return a, err
	}
	if rest, ok := strings.CutPrefix(value, "@"); ok && a.Property == task.AssignedTo {
		if !strings.HasPrefix(rest, "@") {
			a.Values, err = readRoster(rest, readFile)
			return a, err
		}
		value = rest
	}
	v, err := a.Property.ParseCell(value, f)
	a.Values = []task.Value{v}
	return a, err
}

// target finds what is to be set.
func target(name string) (Assignment, error) {
	folded := task.FoldName(name)
	if folded == task.Note.Name {
		return Assignment{Property: task.Note}, nil
	}
	if head, pair, ok := strings.Cut(name, "."); ok && task.FoldName(head) == task.FoldName(task.IntendedSettings.Name) {
		pair = strings.TrimSpace(pair)
		if pair == "" {
			return Assignment{}, fmt.Errorf("%.80q names no pair; write it such as %s.NAME=VALUE", name, task.IntendedSettings.Name)
		}
		return Assignment{Property: task.IntendedSettings, Pair: pair}, nil
	}
	if folded == task.IDName {
		return Assignment{}, errors.New("id says which task it is and cannot be set; pick tasks by it instead")
	}
	if p := task.Named(name); p != nil {
		if !p.Writable {
			return Assignment{}, fmt.Errorf("%s %w; it cannot be set", p.Name, task.ErrReadOnly)
		}
		return Assignment{Property: p}, nil
	}
	var settable []string
	for _, p := range task.All() {
		if p.Writable {
			settable = append(settable, p.Name)
		}
	}
	if near, ok := task.Nearest(name, settable); ok {
		return Assignment{}, fmt.Errorf("there is no property %.80q; did you mean %s?", name, near)
	}
	return Assignment{}, fmt.Errorf("there is no property %.80q; there are %s", name, strings.Join(settable, ", "))
}

// readRoster reads a file of assignees.
func readRoster(file string, readFile func(string) ([]byte, error)) ([]task.Value, error) {
	if file == "" {
		return nil, errors.New("assignedTo=@ names no file; write assignedTo=@FILE, or @@ for a value that starts with @")
	}
	data, err := readFile(file)
	if err != nil {
		return nil, err
	}
	text, err := plainText(file, data)
	if err != nil {
		return nil, err
	}
	var values []task.Value
	seen := map[string]int{}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if what := task.Mistake(line); what != "" {
			return nil, fmt.Errorf("%s:%d: the assignee is %s", file, i+1, what)
		}
		if strings.EqualFold(line, task.Clear) {
			return nil, fmt.Errorf("%s:%d: %q is not an assignee; take the line out, or write assignedTo=%s to empty every task's", file, i+1, line, task.Clear)
		}
		key := strings.ToLower(line)
		if first := seen[key]; first > 0 {
			return nil, fmt.Errorf("%s:%d: %.80q is on line %d, too; name each assignee once", file, i+1, line, first)
		}
		seen[key] = i + 1
		values = append(values, task.Text(line))
	}
	if len(values) == 0 {
		return nil, fmt.Errorf("%s names no assignee; write one a line", file)
	}
	return values, nil
}

// plainText is the text of a file without a byte order mark, with the line ends of Unix.
func plainText(file string, data []byte) (string, error) {
	if !utf8.Valid(data) || slices.Contains(data, 0) {
		return "", fmt.Errorf("%s is not UTF-8 text; save it as UTF-8", file)
	}
	return strings.ReplaceAll(strings.TrimPrefix(string(data), "\ufeff"), "\r\n", "\n"), nil
}

// Edit is one mass edit: what to set on the tasks that were picked. Assignments go to every task, Reassignments to those
// whose assignee is replaced.
type Edit struct {
	Assignments   []Assignment
	Reassignments Reassignments
}

// Properties are those that the edit may change, in table order.
func (e *Edit) Properties() []*task.Property {
	return slices.DeleteFunc(task.All(), func(p *task.Property) bool {
		set := slices.ContainsFunc(e.Assignments, func(a Assignment) bool { return a.Property == p })
		return !set && !(p == task.AssignedTo && len(e.Reassignments) > 0)
	})
}

// Check reports an edit that contradicts itself or does nothing.
func (e *Edit) Check() error {
	if len(e.Assignments) == 0 && len(e.Reassignments) == 0 {
		return errors.New("there is nothing to set; write PROPERTY=VALUE, or name a file of leavers")
	}
	seen := map[string]bool{}
	for i := range e.Assignments {
		a := &e.Assignments[i]
		name := a.name()
		switch {
		case seen[name]:
			return fmt.Errorf("%s is set twice; set it once", name)
		case len(a.Values) == 0:
			return fmt.Errorf("%s is set to no value", name)
		case a.Property == task.AssignedTo && len(e.Reassignments) > 0:
			return errors.New("assignedTo is set, and leavers would set it, too; do one, then the other")
		}
		seen[name] = true
	}
	if seen[task.Note.Name] && !seen[task.Status.Name] {
		return errors.New("the note goes to the service with a status; set status, too")
	}
	for i := range e.Assignments {
		if a := &e.Assignments[i]; a.Pair != "" && seen[a.Property.Name] {
			return fmt.Errorf("%s and %s are both set; the first is a part of the second", a.name(), a.Property.Name)
		}
	}
	return nil
}

// Replaced lists the assignees that the edit replaces, in lower case, in order.
func (e *Edit) Replaced() []string { return slices.Sorted(maps.Keys(e.Reassignments)) }

// Rows applies an edit that Check accepts to managed tasks, in the order given. Picked is how many tasks the edit is for: all of
// them, or, without Assignments, those whose assignee is replaced. Rows has those that would change, with only what differs. An
// error is that of a task that cannot be edited.
func (e *Edit) Rows(tasks []*task.Task) (rows []export.Row, picked int, err error) {
	for _, t := range tasks {
		if _, ok := e.Reassignments.NewAssignee(t); !ok && len(e.Assignments) == 0 {
			continue
		}
		for _, a := range e.Assignments {
			if a.Property != task.Note && !t.Kind().Has(a.Property) {
				return nil, 0, fmt.Errorf("task %s is of the kind %s, which has no %s; pick tasks by --kind", t.ID, t.Kind().Name, a.Property.Name)
			}
		}
		changes, err := e.changes(t, picked)
		if err != nil {
			return nil, 0, fmt.Errorf("task %s: %w", t.ID, err)
		}
		picked++
		if len(changes) == 0 {
			continue
		}
		row := export.Row{Base: task.BaseOf(t), Kind: t.Kind(), Assignments: changes}
		if slices.ContainsFunc(changes, func(a task.Assignment) bool { return a.Property == task.Status }) {
			row.Note = e.note()
		}
		rows = append(rows, row)
	}
	return rows, picked, nil
}

// note goes to the service with each status that the edit sets.
func (e *Edit) note() string {
	for _, a := range e.Assignments {
		if a.Property == task.Note {
			return a.Values[0].String()
		}
	}
	return ""
}

// changes is what the edit changes of a task, which is the n-th picked, from 0.
func (e *Edit) changes(t *task.Task, n int) ([]task.Assignment, error) {
	after := *t
	for i := range e.Assignments {
		a := &e.Assignments[i]
		if a.Property == task.Note {
			continue
		}
		v := a.Values[n%len(a.Values)]
		if a.Pair != "" {
			var err error
			v, err = task.WithPair(after.Get(a.Property), task.Assignment{Property: a.Property, Value: v, Pair: a.Pair})
			if err != nil {
				return nil, err
			}
		}
		after.Set(a.Property, v)
	}
	if assignee, ok := e.Reassignments.NewAssignee(t); ok {
		after.Set(task.AssignedTo, assignee)
	}
	var changes []task.Assignment // All is in table order
	for _, p := range task.All() {
		if v := after.Get(p); !p.Equal(t.Get(p), v) {
			changes = append(changes, task.Assignment{Property: p, Value: v})
		}
	}
	return changes, nil
}
