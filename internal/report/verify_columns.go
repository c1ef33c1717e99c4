package report

import (
	"slices"
	"strings"
)

// headed is a sheet of which the first row can be looked at before it is read.
type headed struct {
	*sheetValues
	ahead []value // that were looked at, and not read yet
	err   error   // that ended the look
	later *later  // nil where no column is passed over
}

// later are columns of a sheet as it is rendered now that a report of an earlier version has not.
type later struct {
	places  map[int]int // of the other columns, in the report
	missing value       // the first header of those that are missing
	instead value       // what stands in its place in the report; zero where nothing does
}

// header looks at the cells of the first row.
func (h *headed) header() []value {
	for len(h.ahead) == 0 || h.ahead[len(h.ahead)-1].row == 1 {
		v, err := h.sheetValues.next()
		if err != nil {
			h.err = err
			return h.ahead
		}
		h.ahead = append(h.ahead, v)
	}
	return h.ahead[:len(h.ahead)-1]
}

func (h *headed) next() (value, error) {
	if len(h.ahead) > 0 {
		v := h.ahead[0]
		h.ahead = h.ahead[1:]
		return v, nil
	}
	if h.err != nil {
		return value{}, h.err
	}
	return h.sheetValues.next()
}

// passOver makes a sheet as it is rendered now pass over the columns that came later, if their lack is all in which the header of the
// report differs. table is the name of the sheets that the columns belong to.
func (h *headed) passOver(report []value, table string) {
	now, names := h.header(), laterColumns[table]
	l := later{places: map[int]int{}}
	at := 0
	for _, v := range now {
		switch {
		case at < len(report) && report[at].column != at+1:
			return // a header is blank
		case at < len(report) && report[at].text == v.text && report[at].kind == v.kind:
			l.places[v.column] = report[at].column
			at++
		case !slices.Contains(names, v.text):
			return
		case l.missing.blank():
			if l.missing = v; at < len(report) {
				l.instead = report[at]
			}
		}
	}
	if at == len(report) && !l.missing.blank() {
		h.later = &l
	}
}

// paired is the next cell, in the column in which the report has it. Headers of columns that came later are passed over; where the ledger
// has something for such a column, lacks says so: the report would have had it.
func (h *headed) paired() (v value, lacks bool, err error) {
	for {
		if v, err = h.next(); err != nil || h.later == nil {
			return v, false, err
		}
		place, known := h.later.places[v.column]
		if known {
			v.column = place
			return v, false, nil
		}
		if v.row > 1 {
			return v, true, nil
		}
	}
}

// difference names the column that is missing.
func (l *later) difference() string {
	return difference(l.missing, l.instead, false, l.instead.blank())
}

// tableOf is the table that a sheet of this name belongs to.
func tableOf(sheet string) string {
	table, _, _ := strings.Cut(sheet, " ")
	return table
}
