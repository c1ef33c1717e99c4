package ingest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// groupAbove is how many problems of a kind a column may have before they become one line.
const groupAbove = 20

// particulars are what differs between two messages about the same mistake.
var particulars = regexp.MustCompile(`; did you mean "[^"]*"\?|"(?:[^"\\]|\\.)*"|\d+(?: cells?\b)?`)

type mistake struct {
	column int
	shape  string
}

// ProblemLines is the problems as lines for people, in file order. A mistake that runs through a column
// becomes one line, in the place of its first, with where it reaches and a few more examples.
func (in *Input) ProblemLines() []string {
	groups := map[mistake][]int{}
	if len(in.Problems) > groupAbove {
		for i, p := range in.Problems[in.HeaderProblems:] {
			m := mistakeOf(p)
			groups[m] = append(groups[m], in.HeaderProblems+i)
		}
	}
	var lines []string
	for i, p := range in.Problems {
		var same []int
		if i >= in.HeaderProblems && len(groups) > 0 {
			same = groups[mistakeOf(p)]
		}
		switch {
		case len(same) <= groupAbove:
			lines = append(lines, p.String())
		case same[0] == i:
			lines = append(lines, in.groupLine(same))
		}
	}
	return lines
}

func mistakeOf(p Problem) mistake {
	return mistake{p.Column, particulars.ReplaceAllString(p.Message, "")}
}

// groupLine is one line for many problems of a kind.
//
//	desired.xlsx: Tasks!F2:F901 (900 cells): dueDateTime "03/04/2026" is ambiguous; ... (also "05/04/2026", ...)
func (in *Input) groupLine(same []int) string {
	first, last := in.Problems[same[0]], in.Problems[same[len(same)-1]]
	var where string
	switch {
	case first.Sheet == "" && first.Column > 0:
		where = fmt.Sprintf("%s:%d-%d:%d (%d cells)", first.File, first.Row, last.Row, first.Column, len(same))
	case first.Sheet == "":
		where = fmt.Sprintf("%s:%d-%d (%d rows)", first.File, first.Row, last.Row, len(same))
	case first.Cell != "":
		where = fmt.Sprintf("%s: %s!%s:%s (%d cells)", first.File, first.Sheet, first.Cell, last.Cell, len(same))
	default:
		where = fmt.Sprintf("%s: %s rows %d to %d (%d rows)", first.File, first.Sheet, first.Row, last.Row, len(same))
	}
	line := where + ": " + first.Message
	seen := []string{quoted(first.Message)}
	for _, i := range same {
		text := quoted(in.Problems[i].Message)
		if text != "" && !slices.Contains(seen, text) {
			seen = append(seen, text)
		}
		if len(seen) == 4 {
			break
		}
	}
	if len(seen) > 1 {
		line += " (also " + strings.Join(seen[1:], ", ") + ")"
	}
	return line
}

// quoted is the first text in quotes of a message, which is the one that was found in the cell.
func quoted(message string) string {
	for _, text := range particulars.FindAllString(message, 2) {
		if text[0] == '"' {
			return text
		}
	}
	return ""
}
