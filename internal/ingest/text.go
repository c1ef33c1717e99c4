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

// errorTexts are the error values of spreadsheets; in CSV, or pasted as values, they are plain text.
var errorTexts = map[string]bool{
	"#N/A": true, "#REF!": true, "#VALUE!": true, "#DIV/0!": true, "#NAME?": true, "#NULL!": true, "#NUM!": true,
	"#SPILL!": true, "#CALC!": true, "#GETTING_DATA": true, "#BLOCKED!": true, "#BUSY!": true, "#CONNECT!": true,
	"#FIELD!": true, "#UNKNOWN!": true, "#EXTERNAL!": true, "#PYTHON!": true, "#TIMEOUT!": true, "#ERROR!": true,
}

// notValue says why a cell of the named column is no value at all: an error, a boolean, a formula
// that was never calculated.
func notValue(c cell, name string) error {
	switch {
	case c.kind == xlsx.NoResult:
		return fmt.Errorf("%s is a formula whose result the file does not hold; open the file in Excel, let it calculate, and save it", name)
	case c.kind == xlsx.Error || strings.Contains(c.text, "#") && errorTexts[strings.TrimSpace(c.text)]:
		return fmt.Errorf("%s is the error %s, not a value", name, clip(strings.TrimSpace(c.text)))
	case c.kind == xlsx.Bool:
		return fmt.Errorf("%s is a logical value (TRUE or FALSE); enter it as text", name)
	}
	return nil
}

// checkText refuses what no text in a column of the task can mean to hold.
func checkText(s, name string) error {
	if plainASCII(s) {
		return nil
	}
	for _, r := range s {
		if unicode.IsControl(r) && r != '\t' && r != '\n' && r != '\r' {
			return fmt.Errorf("%s holds the control character %U; remove it", name, r)
		}
	}
	return nil
}

// plainASCII reports whether a text holds only what a typewriter has, from space to tilde.
func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i]-' ' > '~'-' ' {
			return false
		}
	}
	return true
}

var rounded = regexp.MustCompile(`^[+-]?\d+([.,]\d*)?[eE][+-]?\d+$`)

// mangled reports whether a text looks like a number that a spreadsheet has rounded, such as 1.2E+15.
func mangled(s string) bool {
	const longest = 32 // no spreadsheet writes a longer number
	return s != "" && s[0] <= '9' && len(s) <= longest && rounded.MatchString(s)
}

// checkID refuses what cannot be the id of a task: an id stands in the address of a request.
func checkID(id string) error {
	if mangled(id) {
		return fmt.Errorf("the id %q is a number that a spreadsheet has rounded; take the id from its source and enter it as text", clip(id))
	}
	if strings.EqualFold(id, task.Clear) {
		return errors.New("the id cannot be cleared: it says which task the row is about")
	}
	if plainID(id) {
		return nil
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
		}
	}
	return nil
}

// plainID reports whether an id holds only letters, digits and "-", as nearly all do.
func plainID(id string) bool {
	for i := range len(id) {
		if c := id[i]; c-'0' > 9 && (c|0x20)-'a' > 'z'-'a' && c != '-' {
			return false
		}
	}
	return true
}
