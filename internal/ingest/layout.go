package ingest

import (
	"errors"
	"fmt"
	"sort"
	"strconv"

	"taskrecon/internal/xlsx"
)

// checkHiddenRows says what became of the rows with data that the sheet does not show.
func (b *builder) checkHiddenRows() error {
	if len(b.unseen) == 0 {
		return nil
	}
	where := rowList(b.unseen)
	what := fmt.Sprintf("%d hidden or filtered-out rows that hold data: %s", len(b.unseen), where)
	if len(b.unseen) == 1 {
		what = "a hidden or filtered-out row that holds data: " + where
	}
	switch b.hidden {
	case HiddenSkip:
		b.notice("left out, as --hidden skip says: " + what)
	case HiddenInclude:
		b.notice("read like the others, as --hidden include says: " + what)
	default:
		return fmt.Errorf("has in sheet %q %s; show all rows, or say --hidden skip to leave these out or --hidden include to read them", b.in.Sheet, what)
	}
	return nil
}

// noticeOddRows names the rows that were left out as totals, and those that were read though they are struck through.
func (b *builder) noticeOddRows() {
	if len(b.totaled) > 0 {
		b.notice("left out, since the sheet says that it is the totals row of a table: " + rowList(b.totaled))
	}
	if len(b.struck) > 0 {
		b.notice("struck through, and read like the others; delete them if they are not meant: " + rowList(b.struck))
	}
}

func rowList(rows []int) string {
	names := make([]string, len(rows))
	for i, row := range rows {
		names[i] = strconv.Itoa(row)
	}
	return list(names)
}

// noticeHiddenColumns names the columns of the task that the sheet does not show: they count all the same.
func (b *builder) noticeHiddenColumns() {
	var names []string
	for i, m := range b.header.columns {
		if b.layout != nil && b.layout.HidesColumn(i+1) && m.known() && b.used[i] {
			names = append(names, fmt.Sprintf("%s (%s)", xlsx.ColumnName(i+1), m.name()))
		}
	}
	if len(names) > 0 {
		b.notice("these columns are hidden, and are read all the same: " + list(names))
	}
}

// checkMerges makes every row that a merged cell reaches in a column of the task a problem: whether the
// cell is for one row or for all that it covers, only the user knows.
func (b *builder) checkMerges() error {
	if b.layout == nil {
		return nil
	}
	visits := 0
	for _, a := range b.layout.Merges {
		column := b.firstKnown(a)
		if column == 0 || a.Single() {
			continue
		}
		if a.Top <= b.in.Header && b.in.Header <= a.Bottom {
			b.headerProblem(b.in.Header, column, fmt.Sprintf("the header is merged over %s; unmerge it, so that each column has its own", a))
			b.in.MergedHeader = true
		}
		rows := b.in.Rows
		for i := sort.Search(len(rows), func(i int) bool { return rows[i].Desired.Origin().Row >= a.Top }); i < len(rows) && rows[i].Desired.Origin().Row <= a.Bottom; i++ {
			if visits++; visits > maxCells {
				return errors.New("has merged cells that cover each other")
			}
			b.markMerged(&rows[i], a, column)
		}
	}
	return nil
}

// firstKnown is the first column of the task in an area, or 0.
func (b *builder) firstKnown(a xlsx.Area) int {
	for i := a.Left; i <= min(a.Right, len(b.header.columns)); i++ {
		if b.header.columns[i-1].known() {
			return i
		}
	}
	return 0
}

func (b *builder) markMerged(row *Row, a xlsx.Area, column int) {
	at := row.Desired.Origin().Row
	message := fmt.Sprintf("the cell is one of the merged cells %s, of which only the first holds a value; unmerge them and give every row its own", a)
	for i := column; i <= min(a.Right, len(b.in.Columns)); i++ {
		if text := row.Desired.Cell(i - 1); b.header.at(i-1).known() && !blank(text) && (at != a.Top || i != a.Left) {
			column, message = i, fmt.Sprintf("%q lies hidden under the merged cells %s; unmerge them and give every row its own value", clip(text), a)
			break
		}
	}
	p := b.problem(at, column, message)
	p.Unseen = true
	row.Problems = append(row.Problems, p)
}
