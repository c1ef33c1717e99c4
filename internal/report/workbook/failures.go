package workbook

import (
	"fmt"
	"slices"
	"strings"

	"taskrecon/internal/base"
	"taskrecon/internal/report"
	"taskrecon/internal/task"
)

// failures is the sheet of the rows that did not come out as wanted: what became of each, its task's name and id, and the user's other
// columns, so that it can be corrected and fed back.
type failures struct {
	*table
	own  []string // the user's columns
	id   int      // of own, the column of the id
	tie  int      // the column that ties rows to the base, from 0; -1 where there is none
	base *failuresBase
}

func (b *book) beginFailures() error {
	held, err := b.failuresBase()
	if err != nil {
		return err
	}
	t := &failures{own: b.run.Ledger.Header.Input.Columns, base: held}
	b.failures = t
	t.id = max(0, slices.IndexFunc(t.own, isID))
	columns := t.ours([]column{{"Outcome", 12, verdict}, {"Reason", 46, prose}, {"Name", 30, prose}})
	for i, name := range t.own {
		if c := (column{name, ownWidth(name), kept}); i == t.id {
			columns = slices.Insert(columns, namedColumns, c)
		} else {
			columns = append(columns, c)
		}
	}
	columns = append(columns, t.ours([]column{{"HTTP status", 9, number}, {"Error code", 18, prose}, {"Request ID", 35, word}})...)
	t.tie = slices.IndexFunc(columns, func(c column) bool { return task.FoldName(c.header) == task.FoldName(base.Name) })
	if t.tie < 0 && held.id != "" {
		t.tie, columns = len(columns), append(columns, column{base.Name, 18, word})
	}
	if t.table, err = b.table(&table{name: report.FailuresSheet, tab: "D55E00", columns: columns, filter: true, prints: true}); err != nil {
		return err
	}
	return held.begin(b)
}

// namedColumns is how many of our columns are before the id.
const namedColumns = 3

func isID(name string) bool { return slices.Contains([]string{"id", "taskid"}, task.FoldName(name)) }

// ours are columns of ours under names that none of the user's has, as the input matches names.
func (t *failures) ours(columns []column) []column {
	for i := range columns {
		name := columns[i].header
		for n := 1; slices.ContainsFunc(t.own, func(o string) bool { return task.FoldName(o) == task.FoldName(columns[i].header) }); n++ {
			columns[i].header = name + " (taskrecon)"
			if n > 1 {
				columns[i].header = fmt.Sprintf("%s (taskrecon %d)", name, n)
			}
		}
	}
	return columns
}

// ownWidth is wide for the columns that hold ids and long texts.
func ownWidth(name string) float64 {
	switch task.FoldName(name) {
	case "id", "taskid":
		return 38
	case "displayname", "description", "creatornotes", "insights", "intendedsettings":
		return 34
	}
	return 22
}

// add writes the row's cells as the input had them. A text that a cell cannot hold exactly is left
// out, and the reason says so: a blank asks for nothing when the sheet is fed back, a cut text would ask
// for something that was never wanted.
func (t *failures) add(row *report.Row, at spot) error {
	why, name := row.Why(), row.DisplayName.String()
	values := []any{leading(row.Outcome, at), "", ""}
	var left []string
	for i, column := range t.own {
		text := ""
		if i < len(row.Cells) {
			text = row.Cells[i]
		}
		if _, unfit := report.Fit(text); unfit != (report.Unfit{}) {
			left = append(left, fmt.Sprintf("%q", column))
			text = ""
		}
		if name == "" && task.Named(column) == task.DisplayName {
			name = text
		}
		if i == t.id {
			values = slices.Insert(values, namedColumns, any(text))
		} else {
			values = append(values, text)
		}
	}
	if len(left) > 0 {
		t.book.left += len(left)
		why = strings.TrimSuffix("left out here, since a cell cannot hold it: "+strings.Join(left, ", ")+"; "+why, "; ")
	}
	values[1], values[2] = why, name
	values = append(values, row.Status(), row.Sent.Code, row.Sent.RequestID)
	id, err := t.base.add(row)
	if err != nil {
		return err
	}
	if t.tie == len(values) {
		values = append(values, id)
	} else if t.tie >= 0 {
		values[t.tie] = id
	}
	return t.table.add(values...)
}
