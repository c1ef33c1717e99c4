package ingest

import (
	"errors"
	"fmt"
)

// headerWithin is how far down a header is looked for, to name it where the first row is none.
const headerWithin = 20

func (b *builder) noHeaderRow() error {
	return fmt.Errorf("has nothing in row %d, which --header-row names as the header", b.headerRow)
}

// lookForHeader notes the first row that has an id among its names, where the header has none.
func (b *builder) lookForHeader(rec record) {
	if b.in.IDColumn > 0 || b.better > 0 || rec.row > headerWithin {
		return
	}
	for _, c := range rec.cells {
		if matchHeader(c.text).id {
			b.better = rec.row
		}
	}
}

// suggestHeader puts the row that looks like the header in the place of all problems that come of
// having taken another for it.
func (b *builder) suggestHeader() {
	b.in.Problems, b.in.HeaderProblems = nil, 0
	for i := range b.in.Rows {
		b.in.Rows[i].Problems = nil
	}
	b.headerProblem(b.in.Header, 0, fmt.Sprintf("the first row is no header, since no column is named id; row %d looks like one: say --header-row %d", b.better, b.better))
}

// finish completes the input when the last record has been added.
func (b *builder) finish() error {
	switch {
	case !b.hasHeader && b.headerRow > 0:
		return b.noHeaderRow()
	case !b.hasHeader && b.in.Sheet != "":
		return fmt.Errorf("has nothing in sheet %q: no header and no rows%s", b.in.Sheet, b.elsewhereHint())
	case !b.hasHeader:
		return errors.New("has nothing in it: no header and no rows")
	}
	if err := b.checkHiddenRows(); err != nil {
		return err
	}
	if b.better > 0 {
		b.suggestHeader()
		return nil
	}
	if b.in.IDColumn > 0 { // else every column has been named in the problem
		b.noticeOwnColumns()
	}
	b.noticeBase()
	b.noticeHiddenColumns()
	b.noticeOddRows()
	b.noticeElsewhere()
	b.noticeRemarks()
	if err := b.checkMerges(); err != nil {
		return err
	}
	b.refuseSilence()
	b.markDuplicates()
	for i := range b.in.Rows {
		b.in.Problems = append(b.in.Problems, b.in.Rows[i].Problems...)
	}
	return nil
}

// refuseSilence makes a problem of a file that cannot ask for anything: it would seem to be carried out.
func (b *builder) refuseSilence() {
	if !b.header.asks && b.in.HeaderProblems == 0 {
		b.headerProblem(b.in.Header, 0, "no column can ask for anything: none but id is named after a property that can be set; columns seen: "+b.seenColumns())
	}
	if len(b.in.Rows) == 0 {
		b.headerProblem(b.in.Header, 0, "no row is below the header, so nothing is asked for")
	}
}
