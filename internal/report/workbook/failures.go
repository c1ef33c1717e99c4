package workbook

import (
	"fmt"
	"slices"
	"strings"

	"taskrecon/internal/base"
	"taskrecon/internal/report"
	"taskrecon/internal/task"
)

// failures is the sheet of the rows that did not come out as wanted, in the user's own columns, so
// that it can be corrected and fed back.
type failures struct {
	*table
	own  []string // the user's columns
	tie  int      // of own and its successors, the column that ties rows to the base; -1 where there is none
	base *failuresBase
}

func (b *book) beginFailures() error {
	held, err := b.failuresBase()
	if err != nil {
		return err
	}
	t := &failures{own: b.run.Ledger.Header.Input.Columns, base: held}
	b.failures = t
	var columns []column
	for _, name := range t.own {
		columns = append(columns, column{name, ownWidth(name), kept})
	}
	for _, c := range []column{
		{"Outcome", 12, verdict},
		{"Reason", 46, prose},
		{"HTTP status", 9, number},
		{"Error code", 18, prose},
		{"Request ID", 35, word},
	} {
		c.header = unlike(c.header, t.own)
		columns = append(columns, c)
	}
	t.tie = slices.IndexFunc(t.own, func(name string) bool { return task.FoldName(name) == task.FoldName(base.Name) })
	if t.tie < 0 && held.id != "" {
		t.tie, columns = len(columns), append(columns, column{base.Name, 18, word})
	}
	if t.table, err = b.table(&table{name: report.FailuresSheet, tab: "D55E00", columns: columns, filter: true}); err != nil {
		return err
	}
	return held.begin(b)
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

// unlike returns a name for a column of ours that none of the user's has, as the input matches names.
func unlike(name string, own []string) string {
	taken := func(name string) bool {
		return slices.ContainsFunc(own, func(o string) bool { return task.FoldName(o) == task.FoldName(name) })
	}
	free := name
	for n := 1; taken(free); n++ {
		free = name + " (taskrecon)"
		if n > 1 {
			free = fmt.Sprintf("%s (taskrecon %d)", name, n)
		}
	}
	return free
}

// add writes the row's cells as the input had them. A text that a cell cannot hold exactly is left
// out, and the reason says so: a blank asks for nothing when the sheet is fed back, a cut text would ask
// for something that was never wanted.
func (t *failures) add(row *report.Row, at spot) error {
	values := make([]any, 0, len(t.columns))
	var left []string
	for i, name := range t.own {
		text := ""
		if i < len(row.Cells) {
			text = row.Cells[i]
		}
		if _, unfit := report.Fit(text); unfit != (report.Unfit{}) {
			left = append(left, fmt.Sprintf("%q", name))
			text = ""
		}
		values = append(values, text)
	}
	why := row.Why()
	if len(left) > 0 {
		t.book.left += len(left)
		why = strings.TrimSuffix("left out here, since a cell cannot hold it: "+strings.Join(left, ", ")+"; "+why, "; ")
	}
	values = append(values, leading(row.Outcome, at), why, row.Status(), row.Sent.Code, row.Sent.RequestID)
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
