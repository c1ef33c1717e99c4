// Package report renders a ledger as a workbook for people who were not there. It decides nothing:
// every word and figure is taken from the ledger, and the same ledger gives the same cells.
package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/renameio/v2"

	"taskrecon/internal/ledger"
)

// Options say how a report is rendered. The zero value is times in UTC, and no file replaced.
type Options struct {
	Zone      *time.Location // the Summary gives the run's times in this zone too; nil is UTC alone
	Overwrite bool           // replace a file that exists
}

// extension is the one format that reports are written in.
const extension = ".xlsx"

// Supported returns an error that names what is supported unless a report can be written to a file
// of this name. It looks at the name alone, so that a run can refuse before it starts.
func Supported(path string) error {
	ext := filepath.Ext(path)
	switch {
	case strings.EqualFold(ext, extension):
		return nil
	case ext == "":
		return fmt.Errorf("report %q has no extension that says its format; supported: %s", path, extension)
	}
	return fmt.Errorf("report %q: the format %q is not supported; supported: %s", path, ext, extension)
}

// Write renders the ledger to path, with mode 0600, whole or not at all: the workbook is written
// beside path, synced, read back and its rows counted before it takes the name. A file that exists
// is an error that wraps fs.ErrExist unless Overwrite. Memory does not grow with the rows; the system's
// temporary directory takes the sheets until they are packed. r must not be used by others meanwhile.
func Write(path string, r *ledger.Reader, o Options) error {
	if err := Supported(path); err != nil {
		return err
	}
	if err := free(path, o); err != nil {
		return err
	}
	pending, err := renameio.NewPendingFile(path, renameio.WithTempDir(filepath.Dir(path)), renameio.WithStaticPermissions(0o600))
	if err != nil {
		return fmt.Errorf("starting report %q: %w", path, err)
	}
	defer pending.Cleanup() // does nothing once the file has its name
	b := newBook(limits{rows: sheetRows, bytes: sheetBytes})
	err = errors.Join(b.render(pending.File, r, o), b.file.Close())
	if err == nil {
		err = check(pending.File, b.written())
	}
	if err == nil {
		err = free(path, o)
	}
	if err == nil {
		err = pending.CloseAtomicallyReplace()
	}
	if err != nil {
		return fmt.Errorf("writing report %q: %w", path, err)
	}
	return nil
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
