package job

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

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
// the value is read as a cell is, so <clear> empties. intendedSettings.NAME=VALUE sets one pair. For assignedTo,
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

// Leavers says who gets the tasks of whom: the old assignee, folded with strings.ToLower, to the new one.
type Leavers map[string]string

// Heir is who gets a task whose assignee leaves. There is one look-up: an heir who leaves as well is not followed.
func (l Leavers) Heir(t *task.Task) (task.Value, bool) {
	heir, ok := l[strings.ToLower(t.Get(task.AssignedTo).String())]
	return task.Text(heir), ok
}

// ParseLeavers reads a file of two columns, old assignee and new assignee, separated by commas, semicolons or tabs as its
// first line is. That line is a header, and skipped, if it is named like one (old and new, from and to), or if it has no "@"
// while every cell below has one. Name is the file's, for errors, which give the line.
func ParseLeavers(name string, data []byte) (Leavers, error) {
	text, err := plainText(name, data)
	if err != nil {
		return nil, err
	}
	records, err := readPairs(name, text)
	if err != nil {
		return nil, err
	}
	if len(records) > 0 && isHeader(records) {
		records = records[1:]
	}
	leavers, lines := Leavers{}, map[string]int{}
	for _, r := range records {
		if err := r.check(name); err != nil {
			return nil, err
		}
		key := strings.ToLower(r.cells[0])
		if heir, ok := leavers[key]; ok && heir != r.cells[1] {
			return nil, fmt.Errorf("%s:%d: %.80q goes to %.80q, but on line %d to %.80q; keep one of them",
				name, r.line, r.cells[0], r.cells[1], lines[key], heir)
		} else if !ok {
			leavers[key], lines[key] = r.cells[1], r.line
		}
	}
	if len(leavers) == 0 {
		return nil, fmt.Errorf("%s names no leaver; write old assignee, new assignee, one pair a line", name)
	}
	return leavers, nil
}

// record is one line of a file of leavers.
type record struct {
	line  int
	cells []string // trimmed
}

func (r record) check(name string) error {
	switch {
	case len(r.cells) != 2:
		return fmt.Errorf("%s:%d: %s where two belong, old assignee and new assignee", name, r.line, task.Plural(len(r.cells), "column"))
	case r.cells[0] == "":
		return fmt.Errorf("%s:%d: the old assignee is blank, and %.80q the new; fill it in or take the line out", name, r.line, r.cells[1])
	case r.cells[1] == "":
		return fmt.Errorf("%s:%d: the new assignee of %.80q is blank; fill it in or take the line out", name, r.line, r.cells[0])
	case task.Mistake(r.cells[0]) != "":
		return fmt.Errorf("%s:%d: the old assignee is %s", name, r.line, task.Mistake(r.cells[0]))
	case task.Mistake(r.cells[1]) != "":
		return fmt.Errorf("%s:%d: the new assignee of %.80q is %s", name, r.line, r.cells[0], task.Mistake(r.cells[1]))
	case strings.EqualFold(r.cells[1], task.Clear):
		return fmt.Errorf("%s:%d: %q is not an assignee; pick the tasks of %.80q and set assignedTo=%s", name, r.line, r.cells[1], r.cells[0], task.Clear)
	case strings.EqualFold(r.cells[0], r.cells[1]):
		return fmt.Errorf("%s:%d: %.80q would hand over to %.80q, who is the same; name another or take the line out", name, r.line, r.cells[0], r.cells[1])
	}
	return nil
}

// readPairs reads the records, without blank lines.
func readPairs(name, text string) ([]record, error) {
	first, _, _ := strings.Cut(strings.TrimLeft(text, " \n"), "\n")
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = separator(first)
	r.FieldsPerRecord = -1
	r.TrimLeadingSpace = r.Comma != '\t' // it would take tabs for space
	var records []record
	for {
		cells, err := r.Read()
		var broken *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return records, nil
		case errors.As(err, &broken):
			return nil, fmt.Errorf("%s:%d: the line is not CSV: %w", name, broken.Line, broken.Err)
		case err != nil:
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if len(cells) == 1 && cells[0] == "" {
			continue
		}
		line, _ := r.FieldPos(0)
		records = append(records, record{line, cells})
	}
}

// separator is the one that cuts the line in two; names have commas more often than semicolons or tabs.
func separator(line string) rune {
	for _, sep := range "\t;" {
		if strings.ContainsRune(line, sep) {
			return sep
		}
	}
	return ','
}

// headers are the names of columns of old and of new assignees, folded.
var headers = [2][]string{
	{"old", "from", "leaver", "oldassignee", "oldassignedto"},
	{"new", "to", "heir", "newassignee", "newassignedto"},
}

func isHeader(records []record) bool {
	first := records[0].cells
	if len(first) != 2 {
		return false
	}
	if slices.Contains(headers[0], task.FoldName(first[0])) && slices.Contains(headers[1], task.FoldName(first[1])) {
		return true
	}
	address := func(cell string) bool { return strings.Contains(cell, "@") }
	if len(records) == 1 || slices.ContainsFunc(first, address) {
		return false
	}
	for _, r := range records[1:] {
		for _, cell := range r.cells {
			if !address(cell) {
				return false
			}
		}
	}
	return true
}

// Edit is one mass edit: what to set on which tasks. Assignments go to every task that Where selects, and Leavers to those
// of them whose assignee is in the map.
type Edit struct {
	Assignments []Assignment
	Leavers     Leavers
	Where       func(*task.Task) (bool, error) // nil selects every task
}

// EditRow is a task and the properties that the edit changes of it, in table order.
type EditRow struct {
	Task        *task.Task
	Assignments []task.Assignment
}

// Properties are those that the edit may change, in table order.
func (e *Edit) Properties() []*task.Property {
	return slices.DeleteFunc(task.All(), func(p *task.Property) bool {
		set := slices.ContainsFunc(e.Assignments, func(a Assignment) bool { return a.Property == p })
		return !set && !(p == task.AssignedTo && len(e.Leavers) > 0)
	})
}

// Check reports an edit that contradicts itself or does nothing.
func (e *Edit) Check() error {
	if len(e.Assignments) == 0 && len(e.Leavers) == 0 {
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
		case a.Property == task.AssignedTo && len(e.Leavers) > 0:
			return errors.New("assignedTo is set, and leavers would set it, too; do one, then the other")
		}
		seen[name] = true
	}
	for i := range e.Assignments {
		if a := &e.Assignments[i]; a.Pair != "" && seen[a.Property.Name] {
			return fmt.Errorf("%s and %s are both set; the first is a part of the second", a.name(), a.Property.Name)
		}
	}
	return nil
}

// Rows applies an edit that Check accepts to the managed tasks, each once, in the order given. Picked is how many tasks it is for:
// those selected, and with nothing but leavers those of them that a leaver has. Rows has the picked tasks that would change,
// with only what differs. An error is one of Where, or of a task that cannot be edited.
func (e *Edit) Rows(tasks []*task.Task) (rows []EditRow, picked int, err error) {
	for _, t := range managedOnce(tasks) {
		if ok, err := e.picks(t); err != nil {
			return nil, 0, err
		} else if !ok {
			continue
		}
		wishes, err := e.wishes(t, picked)
		if err != nil {
			return nil, 0, fmt.Errorf("task %s: %w", t.ID, err)
		}
		picked++
		if len(wishes) > 0 {
			rows = append(rows, EditRow{Task: t, Assignments: wishes})
		}
	}
	return rows, picked, nil
}

func (e *Edit) picks(t *task.Task) (bool, error) {
	if _, ok := e.Leavers.Heir(t); !ok && len(e.Assignments) == 0 {
		return false, nil
	}
	if e.Where == nil {
		return true, nil
	}
	return e.Where(t)
}

// wishes are what the edit changes of a task, which is the n-th picked, from 0.
func (e *Edit) wishes(t *task.Task, n int) ([]task.Assignment, error) {
	after := *t
	for i := range e.Assignments {
		a := &e.Assignments[i]
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
	if heir, ok := e.Leavers.Heir(t); ok {
		after.Set(task.AssignedTo, heir)
	}
	var wishes []task.Assignment // All is in table order
	for _, p := range task.All() {
		if v := after.Get(p); !p.Equal(t.Get(p), v) {
			wishes = append(wishes, task.Assignment{Property: p, Value: v})
		}
	}
	return wishes, nil
}
