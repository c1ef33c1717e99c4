package report

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"taskrecon/internal/ledger"
)

// Verified says how much Verify compared: cells that hold something.
type Verified struct{ Sheets, Cells int }

func (v Verified) String() string { return plural(v.Sheets, "sheet") + ", " + plural(v.Cells, "cell") }

// What Verify finds; its errors wrap one of these, unless the ledger could not be rendered again.
var (
	ErrAltered = errors.New("the report was altered")
	ErrDamaged = errors.New("the report cannot be read")
	ErrEarlier = errors.New("the report was made from an earlier state of this ledger")
)

// alteredError names the sheet or cell, in words of its own.
type alteredError string

func (e alteredError) Error() string        { return string(e) }
func (e alteredError) Is(target error) bool { return target == ErrAltered }

// Verify renders the ledger again and compares what each cell of each sheet of the report at path holds: text, number or
// formula. The error names the first cell that is not as this version of the program would write it, or that is hidden by
// anything but a filter, which shows; then the document's properties are compared, where they are still there. How cells look otherwise, the chart and notes beside
// the cells are not compared, so a report that a spreadsheet program has saved again still passes. Memory does not grow
// with the rows. r must not be used by others meanwhile.
func Verify(path string, r *ledger.Reader) (Verified, error) {
	return verify(path, r, limits{rows: sheetRows, bytes: sheetBytes})
}

func verify(path string, r *ledger.Reader, l limits) (Verified, error) {
	got, err := openWorkbook(path)
	if err != nil {
		return Verified{}, fmt.Errorf("%s: %w: %w", path, ErrDamaged, err)
	}
	defer got.close()
	c, err := got.claims()
	if err != nil {
		return Verified{}, fmt.Errorf("%s: %w: %w", path, ErrDamaged, err)
	}
	if err := c.earlier(path, r); err != nil {
		return Verified{}, err
	}
	dir, err := os.MkdirTemp("", "taskrecon-verify-")
	if err != nil {
		return Verified{}, err
	}
	defer os.RemoveAll(dir)
	again := filepath.Join(dir, "report.xlsx")
	if err := renderAgain(again, r, Options{Zone: c.zone}, l); err != nil {
		return Verified{}, fmt.Errorf("rendering the ledger again: %w", err)
	}
	want, err := openWorkbook(again)
	if err != nil {
		return Verified{}, fmt.Errorf("rendering the ledger again: %w", err)
	}
	defer want.close()
	return compare(want, got, path)
}

func renderAgain(path string, r *ledger.Reader, o Options, l limits) error {
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	b := newBook(l)
	return errors.Join(b.render(out, r, o), b.close(), out.Close())
}

// claims are what a report says of itself that has to be known before it is compared.
type claims struct {
	zone *time.Location
	run  string // the hash on the Run sheet
	note string // the hash on the Summary
}

var (
	momentForm = pattern(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC(?: \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ([+-]\d\d):(\d\d), (.+)\))?$`)
	noteForm   = pattern(` Ledger SHA-256 ([0-9a-f]{64})\.$`)
)

// pattern is a regular expression that is compiled when it is first used: most runs need none of these.
func pattern(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

func (w *workbook) claims() (claims, error) {
	var c claims
	zones := map[string]int{} // how many times name it; "" is UTC
	best := ""
	err := w.each(summarySheet, func(v value) {
		if m := momentForm().FindStringSubmatch(v.text); m != nil {
			if zones[m[3]]++; zones[m[3]] > zones[best] { // one that was altered does not outweigh the rest
				best, c.zone = m[3], zoneNamed(m[3], m[1], m[2])
			}
		}
		if m := noteForm().FindStringSubmatch(v.text); m != nil {
			c.note = m[1]
		}
	})
	if err != nil {
		return c, err
	}
	name := ""
	return c, w.each(runSheet, func(v value) {
		switch {
		case v.column == 2:
			name = v.text
		case v.column == 3 && name == "Final SHA-256":
			c.run = v.text
		}
	})
}

// zoneNamed is the zone as the report names it: one that is known here, or else just the difference from UTC.
func zoneNamed(name, hours, minutes string) *time.Location {
	if name == "" {
		return nil
	}
	if zone, err := time.LoadLocation(name); err == nil {
		return zone
	}
	d, err := time.ParseDuration(hours + "h" + minutes + "m")
	if err != nil {
		return nil
	}
	return time.FixedZone(name, int(d.Seconds()))
}

// each reads a sheet, if there is one of that name.
func (w *workbook) each(sheet string, f func(value)) error {
	for _, s := range w.sheets {
		if s.name != sheet {
			continue
		}
		in, err := w.values(s)
		if err != nil {
			return err
		}
		defer in.in.Close()
		for {
			v, err := in.next()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return fmt.Errorf("sheet %q: %w", sheet, err)
			}
			f(v)
		}
	}
	return nil
}

// earlier reports an error when the ledger went on since the report was made. Both places of the hash must agree: where
// one was altered, the cell will be named.
func (c *claims) earlier(path string, r *ledger.Reader) error {
	if c.run == r.Final || c.run != c.note {
		return nil
	}
	number, lines, err := r.Find(c.run)
	if err != nil || number == 0 {
		return err
	}
	return fmt.Errorf("%s: %w: that ended with line %d, and %s follow; the report cannot be compared with the ledger as it is now",
		path, ErrEarlier, number, plural(lines-number, "line"))
}

func compare(want, got *workbook, path string) (Verified, error) {
	v := Verified{Sheets: len(want.sheets)}
	if words := differentSheets(want, got); words != "" {
		return v, alteredError(path + ": " + words)
	}
	_, texts := sameBytes(want.texts.part, got.texts.part)
	for i := range want.sheets {
		n, same := sameBytes(want.sheets[i].part, got.sheets[i].part)
		if same && texts {
			v.Cells += n
			continue
		}
		n, err := compareSheet(want, got, i, path)
		v.Cells += n
		if err != nil {
			return v, err
		}
	}
	return v, compareProperties(want, got, path)
}

// differentSheets says in what the sheets' names or order differ.
func differentSheets(want, got *workbook) string {
	has := func(w *workbook, name string) bool {
		for _, s := range w.sheets {
			if s.name == name {
				return true
			}
		}
		return false
	}
	for _, s := range want.sheets {
		if !has(got, s.name) {
			return fmt.Sprintf("the sheet %q is missing", s.name)
		}
	}
	for i, s := range got.sheets {
		switch {
		case !has(want, s.name):
			return fmt.Sprintf("the sheet %q was put in", s.name)
		case i >= len(want.sheets) || s.name != want.sheets[i].name:
			return fmt.Sprintf("the sheet %q does not stand where it was written", s.name)
		case s.hidden && !want.sheets[i].hidden:
			return quoteSheet(s.name) + ": the sheet is hidden; the report hides none"
		}
	}
	return ""
}

// compareSheet reads both in step and counts the cells that agree.
func compareSheet(want, got *workbook, sheet int, path string) (int, error) {
	name := got.sheets[sheet].name
	now, err := want.values(want.sheets[sheet])
	if err != nil {
		return 0, err
	}
	defer now.in.Close()
	then, err := got.values(got.sheets[sheet])
	if err != nil {
		return 0, fmt.Errorf("%s: %w: %w", path, ErrDamaged, err)
	}
	defer then.in.Close()
	mine, theirs := &headed{sheetValues: now}, &headed{sheetValues: then}
	mine.passOver(theirs.header(), tableOf(name))
	altered := func(words string) error { return alteredError(fmt.Sprintf("%s: %s%s", path, quoteSheet(name), words)) }
	var unseen error // the first row that is hidden, which a filter may have done
	for n := 0; ; n++ {
		a, lacks, errA := mine.paired()
		if lacks {
			return n, altered("!" + mine.later.difference())
		}
		b, errB := theirs.next()
		switch {
		case errA != nil && errA != io.EOF:
			return n, fmt.Errorf("rendering the ledger again: sheet %q: %w", name, errA)
		case errB != nil && errB != io.EOF:
			return n, fmt.Errorf("%s: %w: sheet %q: %w", path, ErrDamaged, name, errB)
		case errA == io.EOF && errB == io.EOF && theirs.filtered:
			return n, nil
		case errA == io.EOF && errB == io.EOF:
			return n, unseen
		case errA == nil && errB == nil && b.hides(a):
			err := altered(fmt.Sprintf(": %s; the report hides none", b.hiddenPlace()))
			if b.hidden != hiddenRow || b.row == 1 {
				return n, err
			}
			if unseen == nil {
				unseen = err
			}
		case a != b || errA != errB:
			return n, altered("!" + difference(a, b, errA == io.EOF, errB == io.EOF))
		}
	}
}

// difference names the first cell in which the two differ. noA and noB say that there is no cell left.
func difference(a, b value, noA, noB bool) string {
	order := cmp.Or(cmp.Compare(a.row, b.row), cmp.Compare(a.column, b.column))
	switch {
	case noB || !noA && order < 0:
		left, _ := excerpts(a.text, "")
		return fmt.Sprintf("%s: the ledger says %s, the cell is empty", a.cell(), a.words(left))
	case noA || order > 0:
		_, right := excerpts("", b.text)
		return fmt.Sprintf("%s: the ledger says nothing, the cell says %s", b.cell(), b.words(right))
	}
	left, right := excerpts(a.text, b.text)
	return fmt.Sprintf("%s: the ledger says %s, the cell says %s", a.cell(), a.words(left), b.words(right))
}

// words quote text and name what is no number besides.
func (v *value) words(text string) string {
	switch {
	case v.formula && text == "":
		return "a formula"
	case v.formula:
		return "a formula of which the result is " + strconv.QuoteToGraphic(text)
	case v.kind == "n":
		return text
	case v.kind == "t":
		return strconv.QuoteToGraphic(text)
	}
	return fmt.Sprintf("%q as a value of type %q", text, v.kind)
}

// excerpts are the two texts, or of long ones the part in which they begin to differ.
func excerpts(a, b string) (left, right string) {
	const lead, most = 20, 80
	if len(a) <= most && len(b) <= most {
		return a, b
	}
	same := 0
	for same < len(a) && same < len(b) && a[same] == b[same] {
		same++
	}
	from := max(0, same-lead)
	return excerpt(a, from, most), excerpt(b, from, most)
}

func excerpt(text string, from, most int) string {
	for from > 0 && from < len(text) && !utf8.RuneStart(text[from]) {
		from--
	}
	part := text[min(from, len(text)):]
	if from > 0 {
		part = "…" + part
	}
	if runes := []rune(part); len(runes) > most {
		part = string(runes[:most]) + "…"
	}
	return part
}

func quoteSheet(name string) string {
	if strings.ContainsAny(name, " '!") {
		return "'" + strings.ReplaceAll(name, "'", "''") + "'"
	}
	return name
}
