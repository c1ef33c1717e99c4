package edit

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"taskrecon/internal/task"
)

// Reassignments maps assignees, folded with strings.ToLower, to those who replace them.
type Reassignments map[string]string

// NewAssignee returns who replaces the assignee of a task, and whether anyone does. A new assignee who is replaced too is not
// followed.
func (r Reassignments) NewAssignee(t *task.Task) (task.Value, bool) {
	assignee, ok := r[strings.ToLower(t.Get(task.AssignedTo).String())]
	return task.Text(assignee), ok
}

// ParseReassignments reads a file of two columns, old assignee and new assignee, separated by commas, semicolons or tabs as its
// first line is. That line is a header, and skipped, if it is named like one (old and new, from and to), or if it has no "@"
// while every cell below has one. Name is the file's, for errors, which give the line.
func ParseReassignments(name string, data []byte) (Reassignments, error) {
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
	pairs, lines := Reassignments{}, map[string]int{}
	for _, r := range records {
		if err := r.check(name); err != nil {
			return nil, err
		}
		key := strings.ToLower(r.cells[0])
		if assignee, ok := pairs[key]; ok && assignee != r.cells[1] {
			return nil, fmt.Errorf("%s:%d: %.80q goes to %.80q, but on line %d to %.80q; keep one of them",
				name, r.line, r.cells[0], r.cells[1], lines[key], assignee)
		} else if !ok {
			pairs[key], lines[key] = r.cells[1], r.line
		}
	}
	if len(pairs) == 0 {
		return nil, fmt.Errorf("%s names no leaver; write old assignee, new assignee, one pair a line", name)
	}
	return pairs, nil
}

// record is one line of a file of reassignments.
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
