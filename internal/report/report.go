// Package report renders a ledger for people who were not there, and for programs: as a workbook, as a
// page, as JSON, as CSV. It decides nothing: every word and figure is taken from the ledger, and the
// same ledger gives the same report.
package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"taskrecon/internal/atomicfile"
	"taskrecon/internal/ledger"
)

// Options say how a report is rendered. The zero value is times in UTC, and no file replaced.
type Options struct {
	Zone      *time.Location // a workbook and a page give the times of the run, and Results those of its rows, in this zone too; nil is UTC alone
	Overwrite bool           // replace a file that exists
}

// format is one that reports are written in.
type format struct {
	extension string
	write     func(f *os.File, r *ledger.Reader, o Options) error
}

var formats = []format{
	{".xlsx", writeWorkbook},
	{".html", writePage},
	{".json", writeJSON},
	{".csv", writeCSV},
}

// Supported returns an error that names what is supported unless a report can be written to a file
// of this name. It looks at the name alone, so that a run can refuse before it starts.
func Supported(path string) error {
	_, err := formatOf(path)
	return err
}

func formatOf(path string) (format, error) {
	ext := filepath.Ext(path)
	var all []string
	for _, f := range formats {
		if strings.EqualFold(ext, f.extension) {
			return f, nil
		}
		all = append(all, f.extension)
	}
	list := strings.Join(all, ", ")
	if ext == "" {
		return format{}, fmt.Errorf("report %q has no extension that says its format; supported: %s", path, list)
	}
	return format{}, fmt.Errorf("report %q: the format %q is not supported; supported: %s", path, ext, list)
}

// Write renders the ledger to path in the format that its extension names, with mode 0600, whole or not
// at all: the report is written beside path and synced before it takes the name; a workbook is read back and
// its rows counted, too. A file that exists is an error that wraps fs.ErrExist unless Overwrite. Memory
// does not grow with the rows; of a workbook, the system's temporary directory takes the sheets until they are
// packed. r must not be used by others meanwhile.
func Write(path string, r *ledger.Reader, o Options) error {
	as, err := formatOf(path)
	if err != nil {
		return err
	}
	if err := free(path, o); err != nil {
		return err
	}
	pending, err := atomicfile.Create(path, 0o600)
	if err != nil {
		return fmt.Errorf("starting report %q: %w", path, err)
	}
	defer pending.Discard() // does nothing once the file has its name
	err = as.write(pending.File, r, o)
	if err == nil && o.Overwrite {
		err = pending.Commit()
	} else if err == nil {
		err = pending.CommitNew()
	}
	if err != nil {
		return fmt.Errorf("writing report %q: %w", path, err)
	}
	return nil
}

func writeWorkbook(f *os.File, r *ledger.Reader, o Options) error {
	b := newBook(limits{rows: sheetRows, bytes: sheetBytes})
	if err := errors.Join(b.render(f, r, o), b.close()); err != nil {
		return err
	}
	return check(f, b.written())
}

// free reports an error when path is taken and may not be overwritten.
func free(path string, o Options) error {
	if o.Overwrite {
		return nil
	}
	switch _, err := os.Lstat(path); {
	case err == nil:
		return fmt.Errorf("report %q: %w", path, fs.ErrExist)
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("report %q: %w", path, err)
	}
	return nil
}
