package workbook

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
	"taskrecon/internal/report"
	"taskrecon/internal/xlsx"
)

// sheetBytes is where a table goes on on another sheet: a sheet's part must stay under 4 GiB unpacked, since beyond it the zip
// needs headers that Excel accepts only in a form that Go does not write.
const sheetBytes = 2 << 30

// book is the workbook being written.
type book struct {
	file    *excelize.File
	run     *report.Run
	options report.Options
	styles  *xlsx.Styles
	queue   *xlsx.Queue
	tables  []*table
	first   map[diff.Outcome]spots
	facts   map[string]spot // on Run, by name

	results, changes *table
	failures         *failures

	// Cells whose text a cell cannot hold as it is, by what was done about it.
	escaped, cut, left, turned int

	unlinked int // cells that have nowhere to lead to, since their sheet has its fill of links
}

// spots are the first rows that an outcome has.
type spots struct{ results, changes, failures spot }

// Write writes the workbook of a ledger to w. Memory does not grow with the rows: the system's temporary directory takes the sheets until
// they are packed. past must not be used by others meanwhile.
func Write(w io.Writer, past *ledger.Reader, o report.Options) (err error) {
	o.SheetRows = cmp.Or(o.SheetRows, excelize.TotalRows)
	b := &book{
		file: excelize.NewFile(), run: report.New(past), options: o,
		first: map[diff.Outcome]spots{}, facts: map[string]spot{},
	}
	b.styles = xlsx.NewStyles(b.file)
	defer func() { err = errors.Join(err, b.file.Close()) }()
	if err := errors.Join(b.file.SetSheetName("Sheet1", report.SummarySheet), b.file.SetDefaultFont(font)); err != nil {
		return err
	}
	if err := b.fill(); err != nil {
		return err
	}
	if err := b.order(); err != nil {
		return err
	}
	for _, t := range b.tables {
		if err := t.finish(); err != nil {
			return err
		}
	}
	if err := errors.Join(b.summary(), b.styles.Err()); err != nil {
		return fmt.Errorf("sheet %q: %w", report.SummarySheet, err)
	}
	return xlsx.Write(w, b.file, b.properties())
}

// fill writes the rows of all tables.
func (b *book) fill() (err error) {
	b.queue = xlsx.NewQueue()
	defer func() { err = errors.Join(err, b.queue.Close()) }()
	for _, begin := range []func() error{b.beginResults, b.beginChanges, b.beginFailures} {
		if err := begin(); err != nil {
			return err
		}
	}
	if err := b.run.Each(b.row); err != nil {
		return err
	}
	return errors.Join(b.unmanaged(), b.runSheet())
}

// row writes the rows of a row of the input, each of which leads to the others.
func (b *book) row(row report.Row) (err error) {
	var at spots
	if at.results, err = b.results.room(); err != nil {
		return err
	}
	if len(row.Edits) > 0 {
		if at.changes, err = b.changes.room(); err != nil {
			return err
		}
	}
	if row.Failed() {
		if at.failures, err = b.failures.room(); err != nil {
			return err
		}
	}
	if _, known := b.first[row.Shown]; !known {
		b.first[row.Shown] = at
	}
	err = errors.Join(b.addResult(&row, at), b.addChanges(&row, at.results))
	if row.Failed() {
		err = errors.Join(err, b.failures.add(&row, at.results))
	}
	return err
}

// order puts the sheets that continue a table behind it, which is before the next table.
func (b *book) order() error {
	for i, t := range b.tables[:len(b.tables)-1] {
		for _, p := range t.parts[1:] {
			if err := b.file.MoveSheet(p.sheet, b.tables[i+1].parts[0].sheet); err != nil {
				return err
			}
		}
	}
	return nil
}

// printArea says which columns and rows of a sheet are printed.
func (b *book) printArea(sheet string, first, last, rows int) error {
	return b.file.SetDefinedName(&excelize.DefinedName{
		Name: "_xlnm.Print_Area", RefersTo: fmt.Sprintf("'%s'!$%s$1:$%s$%d", sheet, xlsx.ColumnName(first), xlsx.ColumnName(last), rows), Scope: sheet,
	})
}

// printed sets a sheet up for A4, fitted to the width of so many pages, its pages numbered. The Summary is one upright page.
func (b *book) printed(sheet string, across int) error {
	inch := func(mm float64) *float64 { return new(mm / 25.4) }
	orientation, tall := "landscape", 0 // as many pages as it takes
	if sheet == report.SummarySheet {
		orientation, tall = "portrait", 1
	}
	title := clean(report.Title(&b.run.Ledger.Header))
	return errors.Join(
		b.file.SetPageLayout(sheet, &excelize.PageLayoutOptions{
			Size: new(9), Orientation: &orientation, FitToWidth: &across, FitToHeight: &tall,
		}),
		b.file.SetPageMargins(sheet, &excelize.PageLayoutMarginsOptions{
			Left: inch(12), Right: inch(12), Top: inch(14), Bottom: inch(16), Header: inch(7), Footer: inch(8), Horizontally: new(true),
		}),
		b.file.SetHeaderFooter(sheet, &excelize.HeaderFooterOptions{
			OddFooter: "&L" + strings.ReplaceAll(title, "&", "&&") + "&C&A&RPage &P of &N",
		}),
	)
}
