package report

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

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
type limits struct {
	rows  int
	bytes int64
}

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
	first  map[diff.Outcome]spots
	facts  map[string]spot // on Run, by name

	// Cells whose text a cell cannot hold as it is, by what was done about it.
	escaped, cut, left, turned int

	unlinked int // cells that have nowhere to lead to, since their sheet has its fill of links
}

// spots are the first rows that an outcome has.
type spots struct{ results, changes, failures spot }

// figures are what one pass over the entries counts.
type figures struct {
	rows      int
	outcomes  map[diff.Outcome]int
	saved     bool // a plan that nobody has begun to carry out
	failures  int
	edits     int
	temporary int // rows not as wanted that the same run may settle
}

func newBook(l limits) *book {
	return &book{file: excelize.NewFile(), limits: l, first: map[diff.Outcome]spots{}, facts: map[string]spot{}}
}

// render writes the workbook of the ledger to w.
func (b *book) render(w io.Writer, r *ledger.Reader, o Options) error {
	if err := b.start(r); err != nil {
		return err
	}
	n, err := b.rows(r, o)
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
	return pack(b.file, w, b.below())
}

func (b *book) start(r *ledger.Reader) error {
	f := b.file
	if err := errors.Join(f.SetSheetName("Sheet1", summarySheet), f.SetDefaultFont(font)); err != nil {
		return err
	}
	b.sheets = []string{summarySheet}
	b.footer = clean(title(&r.Header))
	var err error
	b.styles, err = newStyles(f)
	return err
}

// rows writes Results, Changes and Failures in one pass over the ledger.
func (b *book) rows(r *ledger.Reader, o Options) (figures, error) {
	n := newFigures(r)
	s, err := b.rowSheets(r, o)
	if err != nil {
		return n, err
	}
	err = r.Each(func(e ledger.Entry) error {
		n.count(e)
		return s.entry(e)
	})
	return n, err
}

// rowSheets are the sheets that an entry may have rows on.
type rowSheets struct {
	book     *book
	results  results
	changes  changes
	failures failures
	saved    bool
}

func (b *book) rowSheets(r *ledger.Reader, o Options) (s rowSheets, err error) {
	s.book, s.saved = b, r.Planned()
	if s.results, err = b.results(r, o.Zone); err != nil {
		return s, err
	}
	if s.changes, err = b.changes(); err != nil {
		return s, err
	}
	s.failures, err = b.failures(r)
	return s, err
}

// entry writes the entry's rows, each of which leads to the others.
func (s *rowSheets) entry(e ledger.Entry) (err error) {
	var at spots
	if at.results, err = s.results.room(); err != nil {
		return err
	}
	if len(e.Edits) > 0 {
		if at.changes, err = s.changes.room(); err != nil {
			return err
		}
	}
	if failed(e, s.saved) {
		if at.failures, err = s.failures.room(); err != nil {
			return err
		}
	}
	o := outcome(e, s.saved)
	if _, known := s.book.first[o]; !known {
		s.book.first[o] = at
	}
	err = errors.Join(s.results.entry(e, o, at.changes, at.failures), s.changes.entry(e, o, at.results))
	if at.failures.row > 0 {
		err = errors.Join(err, s.failures.entry(e, at.results))
	}
	return err
}

func newFigures(r *ledger.Reader) figures {
	return figures{outcomes: make(map[diff.Outcome]int), saved: r.Planned()}
}

func (n *figures) count(e ledger.Entry) {
	n.rows++
	n.outcomes[outcome(e, n.saved)]++
	n.edits += len(e.Edits)
	if failed(e, n.saved) {
		n.failures++
	}
	if e.Result != nil && e.Result.Temporary && !e.Outcome.Good() {
		n.temporary++
	}
}

// wouldChange is what people read as the outcome of a saved plan's row that waits to be sent.
const wouldChange diff.Outcome = "would change"

// outcome is the entry's as people read it.
func outcome(e ledger.Entry, saved bool) diff.Outcome {
	if waiting(e, saved) {
		return wouldChange
	}
	return e.Outcome
}

// shown are the outcomes that the report lists. A saved plan has applied nothing, and says in that place what it would change.
func (n *figures) shown() []diff.Outcome {
	all := diff.Outcomes()
	if n.saved {
		all[slices.Index(all, diff.Applied)] = wouldChange
	}
	return all
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

// straight is text in which nothing turns the direction of what follows, so that it reads as it is compared.
func (b *book) straight(text string) string {
	shown, changed := unturned(text)
	if changed {
		b.turned++
	}
	return shown
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

// below gives the rows below the header of each table's sheet by the name of its part in the zip.
func (b *book) below() map[string]*rowSpool {
	all := map[string]*rowSpool{}
	for _, t := range b.tables {
		for _, p := range t.parts {
			all[b.partOf(p.sheet)] = p.below
		}
	}
	return all
}

// close removes what was put aside.
func (b *book) close() error {
	errs := b.file.Close()
	for _, rows := range b.below() {
		errs = errors.Join(errs, rows.close())
	}
	return errs
}

func (b *book) partOf(sheet string) string {
	return fmt.Sprintf("xl/worksheets/sheet%d.xml", slices.Index(b.sheets, sheet)+1)
}

// written gives the rows of each sheet by the name of its part in the zip.
func (b *book) written() map[string]int {
	rows := map[string]int{}
	rows[b.partOf(summarySheet)] = b.lines
	for _, t := range b.tables {
		for _, p := range t.parts {
			rows[b.partOf(p.sheet)] = p.rows
		}
	}
	return rows
}

func title(h *ledger.Header) string { return "taskrecon run " + h.RunID }

const (
	portrait  = "portrait"
	landscape = "landscape"
)

// printed sets a sheet up for A4, fitted to the width of so many pages, its pages numbered.
func (b *book) printed(sheet, orientation string, across int) error {
	inch := func(mm float64) *float64 { return new(mm / 25.4) }
	tall := 0 // as many pages as it takes
	if orientation == portrait {
		tall = 1
	}
	return errors.Join(
		b.file.SetPageLayout(sheet, &excelize.PageLayoutOptions{
			Size: new(9), Orientation: &orientation, FitToWidth: &across, FitToHeight: &tall,
		}),
		b.file.SetPageMargins(sheet, &excelize.PageLayoutMarginsOptions{
			Left: inch(12), Right: inch(12), Top: inch(14), Bottom: inch(16), Header: inch(7), Footer: inch(8), Horizontally: new(true),
		}),
		b.file.SetHeaderFooter(sheet, &excelize.HeaderFooterOptions{
			OddFooter: "&L" + strings.ReplaceAll(b.footer, "&", "&&") + "&C&A&RPage &P of &N",
		}),
	)
}
