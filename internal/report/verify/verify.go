package verify

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"taskrecon/internal/ledger"
	"taskrecon/internal/report"
	"taskrecon/internal/report/workbook"
	"taskrecon/internal/text"
	"taskrecon/internal/xlsx"
)

// Verified says how much was compared: cells that hold something.
type Verified struct{ Sheets, Cells int }

func (v Verified) String() string {
	return text.Count(v.Sheets, "sheet") + ", " + text.Count(v.Cells, "cell")
}

// What Workbook finds; its errors wrap one of these, unless the ledger could not be rendered again.
var (
	ErrAltered = errors.New("the report was altered")
	ErrDamaged = errors.New("the report cannot be read")
	ErrEarlier = errors.New("the report was made from an earlier state of this ledger")
)

// alteredError names the sheet or cell, in words of its own.
type alteredError string

func (e alteredError) Error() string        { return string(e) }
func (e alteredError) Is(target error) bool { return target == ErrAltered }

// A report may hold more than an input: all that a ledger holds.
const mostFile = 2 << 30

var limits = xlsx.Limits{Unpacked: 64 << 30, Columns: 16384}

// Workbook renders the ledger again and compares what each cell of each sheet of the report at path holds: text, number or
// formula. The error names the first cell that is not as this version of the program would write it, or a sheet, row or column that is
// hidden by anything but a filter, which shows; then the document's properties are compared, where they are still there. How cells look
// otherwise, the chart and notes beside the cells are not compared, so a report that a spreadsheet program has saved again still passes.
// Both workbooks are held packed, and read row by row. past must not be used by others meanwhile.
func Workbook(path string, past *ledger.Reader) (Verified, error) {
	return verify(path, past, report.Options{})
}

func verify(path string, past *ledger.Reader, o report.Options) (Verified, error) {
	got, err := open(path)
	if err != nil {
		return Verified{}, damaged(path, err)
	}
	c, err := readClaims(got)
	if err != nil {
		return Verified{}, damaged(path, err)
	}
	if err := c.earlier(path, past); err != nil {
		return Verified{}, err
	}
	o.Zone = c.zone
	var again bytes.Buffer
	err = workbook.Write(&again, past, o)
	var want *xlsx.Book
	if err == nil {
		want, err = xlsx.OpenUpTo(again.Bytes(), limits)
	}
	if err != nil {
		return Verified{}, fmt.Errorf("rendering the ledger again: %w", err)
	}
	return compare(want, got, path)
}

func damaged(path string, err error) error { return fmt.Errorf("%s: %w: it %w", path, ErrDamaged, err) }

func open(path string) (*xlsx.Book, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, mostFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > mostFile {
		return nil, fmt.Errorf("is longer than %d MiB", mostFile>>20)
	}
	return xlsx.OpenUpTo(data, limits)
}

// claims are what a report says of itself that has to be known before it is compared.
type claims struct {
	zone *time.Location
	run  string // the hash on the Run sheet
	note string // the hash on the Summary
}

var (
	momentForm = text.Pattern(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC(?: \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ([+-]\d\d):(\d\d), (.+)\))?$`)
	noteForm   = text.Pattern(` Ledger SHA-256 ([0-9a-f]{64})\.$`)
)

func readClaims(book *xlsx.Book) (claims, error) {
	var c claims
	zones := map[string]int{} // how many times name it; "" is UTC
	best := ""
	err := each(book, report.SummarySheet, func(v xlsx.Cell) {
		if m := momentForm().FindStringSubmatch(v.Text); m != nil {
			if zones[m[3]]++; zones[m[3]] > zones[best] { // one that was altered does not outweigh the rest
				best, c.zone = m[3], zoneNamed(m[3], m[1], m[2])
			}
		}
		if m := noteForm().FindStringSubmatch(v.Text); m != nil {
			c.note = m[1]
		}
	})
	if err != nil {
		return c, err
	}
	name := ""
	return c, each(book, report.RunSheet, func(v xlsx.Cell) {
		switch {
		case v.Column == 2:
			name = v.Text
		case v.Column == 3 && name == "Final SHA-256":
			c.run = v.Text
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

// each reads the cells of a sheet, if there is one of that name.
func each(book *xlsx.Book, name string, f func(xlsx.Cell)) error {
	i := slices.IndexFunc(book.Sheets, func(s xlsx.Sheet) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	s, err := openSheet(book, i)
	if err != nil {
		return err
	}
	defer s.Close()
	for ; s.err == nil; s.next() {
		for _, c := range s.row.Cells {
			f(c)
		}
	}
	if s.err != io.EOF {
		return s.err
	}
	return nil
}

// earlier reports an error when the ledger went on since the report was made. Both places of the hash must agree: where
// one was altered, the cell will be named.
func (c *claims) earlier(path string, past *ledger.Reader) error {
	if c.run == past.Final || c.run != c.note {
		return nil
	}
	number, lines, err := past.Find(c.run)
	if err != nil || number == 0 {
		return err
	}
	return fmt.Errorf("%s: %w: that ended with line %d, and %s follow; the report cannot be compared with the ledger as it is now",
		path, ErrEarlier, number, text.Count(lines-number, "line"))
}
