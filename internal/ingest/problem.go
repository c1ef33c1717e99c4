package ingest

import (
	"fmt"
	"strings"

	"taskrecon/internal/text"
)

// Problem is one thing in the input that could not be understood, at its place.
type Problem struct {
	File    string // base name
	Sheet   string // "" for CSV
	Cell    string // "F14" in a workbook, "line 14, column 6" in CSV; "" if the whole row or header is meant
	Row     int    // as a spreadsheet shows it, or the line on which the record starts in CSV
	Column  int    // counted from 1; 0 if the whole row or header is meant
	Message string

	Unseen bool // the text of the cell does not show the problem: another cell with this text may be right
}

// String is the problem as one line. In CSV the place is file:line:column, where line is the one on
// which the record starts and column counts fields, not characters.
//
//	desired.xlsx: Tasks!F14: status "Complet" is not a status; did you mean "completed"? (...)
//	desired.csv:14:6: status "Complet" is not a status; did you mean "completed"? (...)
func (p Problem) String() string {
	switch {
	case p.Sheet == "" && p.Column > 0:
		return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Row, p.Column, p.Message)
	case p.Sheet == "":
		return fmt.Sprintf("%s:%d: %s", p.File, p.Row, p.Message)
	case p.Cell != "":
		return fmt.Sprintf("%s: %s!%s: %s", p.File, p.Sheet, p.Cell, p.Message)
	}
	return fmt.Sprintf("%s: %s row %d: %s", p.File, p.Sheet, p.Row, p.Message)
}

// list names at most a few of many, so that a message stays a message.
func list(names []string) string {
	const most = 20
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

// clip is s at the length at which a message quotes it.
func clip(s string) string { return text.Clip(s, 80) }
