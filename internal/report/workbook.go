package report

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
)

// The names of the sheets, in their order.
const (
	summarySheet   = "Summary"
	resultsSheet   = "Results"
	changesSheet   = "Changes"
	failuresSheet  = "Failures"
	unmanagedSheet = "Unmanaged"
	runSheet       = "Run"
)

// limits are where a table goes on to another sheet.
type limits struct{ rows, bytes int }

// A sheet holds a little over a million rows. Its part must stay under 4 GiB unpacked: beyond it the zip
// needs headers that Excel accepts only in a form that Go does not write.
const (
	sheetRows  = excelize.TotalRows
	sheetBytes = 2 << 30
)

// book is the workbook being written.
type book struct {
	file   *excelize.File
	styles styles
	limits limits
	footer string // at the left of every printed page
	tables []*table
	sheets []string // in the order of their making, by which their parts are numbered
	lines  int      // rows of the Summary

	// Cells whose text a cell cannot hold as it is, by what was done about it.
	escaped, cut, left int
}

// figures are what one pass over the entries counts.
type figures struct {
	rows      int
	outcomes  map[diff.Outcome]int
	waiting   int // rows of a saved plan that are to be sent
	failures  int
	edits     int
	temporary int // rows not as wanted that the same run may settle
}

func newBook(l limits) *book { return &book{file: excelize.NewFile(), limits: l} }

// render writes the workbook of the ledger to w.
func (b *book) render(w io.Writer, r *ledger.Reader, o Options) error {
	if err := b.start(r); err != nil {
		return err
	}
	n, err := b.rows(r)
	if err != nil {
		return err
	}
	if err := b.unmanaged(r.Header.Unmanaged); err != nil {
		return err
	}
	if err := b.run(r, n); err != nil {
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
	if err := b.summary(r, n, o); err != nil {
		return fmt.Errorf("sheet %q: %w", summarySheet, err)
	}
	return pack(b.file, w)
}

func (b *book) start(r *ledger.Reader) error {
	f := b.file
	if err := errors.Join(f.SetSheetName("Sheet1", summarySheet), f.SetDefaultFont(font)); err != nil {
		return err
	}
	b.sheets = []string{summarySheet}
	b.footer = clean(title(&r.Header))
	made := r.Header.Started
	if r.End != nil {
		made = r.End.At
	}
	stamp := made.UTC().Format(time.RFC3339)
	by := clean("taskrecon " + r.Header.Version)
	err := f.SetDocProps(&excelize.DocProperties{
		Title: clean("taskrecon report of run " + r.Header.RunID), Subject: clean(r.Header.Input.File),
		Creator: by, LastModifiedBy: by, Created: stamp, Modified: stamp, Language: "en",
	})
	if err != nil {
		return err
	}
	b.styles, err = newStyles(f)
	return err
}

// rows writes Results, Changes and Failures in one pass over the ledger.
func (b *book) rows(r *ledger.Reader) (figures, error) {
	n := figures{outcomes: make(map[diff.Outcome]int)}
	results, err := b.results()
	if err != nil {
		return n, err
	}
	changes, err := b.changes()
	if err != nil {
		return n, err
	}
	failures, err := b.failures(r.Header.Input.Columns)
	if err != nil {
		return n, err
	}
	saved := r.Planned()
	err = r.Each(func(e ledger.Entry) error {
		n.count(e, saved)
		err := errors.Join(results.entry(e), changes.entry(e))
		if failed(e, saved) {
			err = errors.Join(err, failures.entry(e))
		}
		return err
	})
	return n, err
}

func (n *figures) count(e ledger.Entry, saved bool) {
	n.rows++
	n.outcomes[e.Outcome]++
	n.edits += len(e.Edits)
	if waiting(e, saved) {
		n.waiting++
	}
	if failed(e, saved) {
		n.failures++
	}
	if e.Result != nil && e.Result.Temporary && !e.Outcome.Good() {
		n.temporary++
	}
}

// waiting reports whether a row of a saved plan is yet to be sent.
func waiting(e ledger.Entry, saved bool) bool {
	return saved && e.Outcome == diff.NotSent && e.Change.Outcome == diff.Pending
}

// failed reports whether a row belongs to Failures: it did not come out as wanted. A row of a saved
// plan that waits for its turn has not failed; it would be sent twice if it were fed back.
func failed(e ledger.Entry, saved bool) bool { return !e.Outcome.Good() && !waiting(e, saved) }

// reason is the entry's reason; of a row that shares another's outcome it says that, too.
func reason(e ledger.Entry) string {
	if e.SameAs == nil || e.Result == nil {
		return e.Reason
	}
	const shared = "sent once, with the earlier row that asks the same of this task"
	if e.Reason == "" {
		return shared
	}
	return e.Reason + "; " + shared
}

// cell is text as a cell can hold it; what could not be held as it is, is counted for the Summary.
func (b *book) cell(text string) string {
	fitted, escaped, cut := fit(text)
	if escaped {
		b.escaped++
	}
	if cut {
		b.cut++
	}
	return fitted
}

// clean is text as a cell can hold it, where it is ours to word and not worth a count.
func clean(text string) string {
	fitted, _, _ := fit(text)
	return fitted
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

// written gives the rows of each sheet by the name of its part in the zip.
func (b *book) written() map[string]int {
	rows := map[string]int{}
	number := func(sheet string) string {
		return fmt.Sprintf("xl/worksheets/sheet%d.xml", slices.Index(b.sheets, sheet)+1)
	}
	rows[number(summarySheet)] = b.lines
	for _, t := range b.tables {
		for _, p := range t.parts {
			rows[number(p.sheet)] = p.rows
		}
	}
	return rows
}

func title(h *ledger.Header) string { return "taskrecon run " + h.RunID }

const (
	portrait  = "portrait"
	landscape = "landscape"
)

// printed sets a sheet up for A4, fitted to the width of a page, its pages numbered.
func (b *book) printed(sheet, orientation string) error {
	inch := func(mm float64) *float64 { return new(mm / 25.4) }
	tall := 0 // as many pages as it takes
	if orientation == portrait {
		tall = 1
	}
	return errors.Join(
		b.file.SetPageLayout(sheet, &excelize.PageLayoutOptions{
			Size: new(9), Orientation: &orientation, FitToWidth: new(1), FitToHeight: &tall,
		}),
		b.file.SetPageMargins(sheet, &excelize.PageLayoutMarginsOptions{
			Left: inch(12), Right: inch(12), Top: inch(14), Bottom: inch(16), Header: inch(7), Footer: inch(8), Horizontally: new(true),
		}),
		b.file.SetHeaderFooter(sheet, &excelize.HeaderFooterOptions{
			OddFooter: "&L" + strings.ReplaceAll(b.footer, "&", "&&") + "&C&A&RPage &P of &N",
		}),
	)
}
