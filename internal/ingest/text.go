package ingest

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"taskrecon/internal/task"
	"taskrecon/internal/xlsx"
)

// notValue says why a cell of the named column is no value at all: an error, a boolean, a formula
// that was never calculated.
func notValue(c cell, name string) error {
	switch {
	case c.kind == xlsx.NoResult:
		return fmt.Errorf("%s is a formula whose result the file does not hold; open the file in Excel, let it calculate, and save it", name)
	case c.kind == xlsx.Error:
		return fmt.Errorf("%s is the error %s, not a value", name, clip(strings.TrimSpace(c.text)))
	case c.kind == xlsx.Bool:
		return fmt.Errorf("%s is a logical value (TRUE or FALSE); enter it as text", name)
	}
	if what := task.Mistake(c.text); what != "" {
		return fmt.Errorf("%s is %s", name, what)
	}
	return nil
}

// checkText refuses what no text in a column of the task can mean to hold.
func checkText(s, name string) error {
	for _, r := range s {
		if unicode.IsControl(r) && r != '\t' && r != '\n' && r != '\r' {
			return fmt.Errorf("%s holds the control character %U; remove it", name, r)
		}
	}
	return nil
}

var rounded = regexp.MustCompile(`^[+-]?\d+([.,]\d*)?[eE][+-]?\d+$`)

// mangled reports whether a text looks like a number that a spreadsheet has rounded, such as 1.2E+15.
func mangled(s string) bool {
	const longest = 32 // no spreadsheet writes a longer number
	return len(s) <= longest && rounded.MatchString(s)
}

// checkID refuses what cannot be the id of a task: an id is part of the address of a request.
func checkID(id string) error {
	if mangled(id) {
		return fmt.Errorf("the id %q is a number that a spreadsheet has rounded; take the id from its source and enter it as text", clip(id))
	}
	if strings.EqualFold(id, task.Clear) {
		return errors.New("the id cannot be cleared: it says which task the row is about")
	}
	for _, r := range id {
		switch {
		case unicode.IsSpace(r):
			return fmt.Errorf("the id %q has white space inside", clip(id))
		case unicode.IsControl(r):
			return fmt.Errorf("the id %q holds the control character %U", clip(id), r)
		case unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar:
			return fmt.Errorf("the id %q holds the invisible or damaged character %U", clip(id), r)
		case strings.ContainsRune(`/\?#%`, r):
			return fmt.Errorf("the id %q holds %q, which no id has", clip(id), string(r))
		case r > unicode.MaxASCII:
			return fmt.Errorf("the id %q holds %q (%U), which only looks like a character of an id; take the id from its source", clip(id), string(r), r)
		}
	}
	return nil
}
