package verify

import (
	"slices"
	"strings"

	"taskrecon/internal/report"
	"taskrecon/internal/xlsx"
)

// laterColumns are those that earlier reports have not, by sheet.
var laterColumns = map[string][]string{
	report.ResultsSheet: {"Settled after", "Overwrote", "Note sent"},
	report.ChangesSheet: {"Overwrote"},
}

// later are columns of a sheet as it is rendered now that a report of an earlier version has not.
type later struct {
	places  map[int]int // of the other columns, in the report
	missing xlsx.Cell   // the first header of those that are missing
	instead xlsx.Cell   // what the report has in its place; zero where there is nothing
}

// passOver makes a sheet as it is rendered now pass over the columns that came later, if their lack is all in which the header of the
// report differs.
func (s *sheet) passOver(header xlsx.Row, name string) {
	table, _, _ := strings.Cut(name, " ")
	names, report := laterColumns[table], header.Cells
	l := later{places: map[int]int{}}
	at := 0
	for _, c := range s.row.Cells {
		switch {
		case at < len(report) && report[at].Column != at+1:
			return // a header is blank
		case at < len(report) && report[at].Text == c.Text && report[at].Kind == c.Kind:
			l.places[c.Column] = report[at].Column
			at++
		case !slices.Contains(names, c.Text):
			return
		case l.missing.Text == "":
			if l.missing = c; at < len(report) {
				l.instead = report[at]
			}
		}
	}
	if at == len(report) && l.missing.Text != "" && header.Number == 1 && s.row.Number == 1 {
		s.later = &l
	}
}

// paired is the row at hand with its cells in the columns in which the report has them. Headers of columns that came later are passed
// over; where the ledger has something for such a column, lacks says so: the report would have had it.
func (s *sheet) paired() (row xlsx.Row, lacks bool) {
	if s.later == nil {
		return s.row, false
	}
	row = xlsx.Row{Number: s.row.Number}
	for _, c := range s.row.Cells {
		place, known := s.later.places[c.Column]
		if !known && row.Number > 1 {
			return row, true
		}
		if c.Column = place; known {
			row.Cells = append(row.Cells, c)
		}
	}
	return row, false
}

// difference names the column that is missing.
func (l *later) difference() string {
	if l.instead.Text == "" {
		return different(&l.missing, nil, 1)
	}
	return different(&l.missing, &l.instead, 1)
}
