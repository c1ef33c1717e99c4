package render

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"taskrecon/internal/atomicfile"
	"taskrecon/internal/ledger"
	"taskrecon/internal/report"
	"taskrecon/internal/report/page"
	"taskrecon/internal/report/workbook"
)

// format is one that reports are written in.
type format struct {
	extension string
	write     func(w io.Writer, past *ledger.Reader, o report.Options) error
}

var formats = []format{
	{".xlsx", workbook.Write},
	{".html", page.Write},
	{".json", func(w io.Writer, past *ledger.Reader, _ report.Options) error { return report.WriteJSON(w, past) }},
	{".csv", func(w io.Writer, past *ledger.Reader, _ report.Options) error { return report.WriteCSV(w, past) }},
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
// at all: the report is written beside path and synced before it takes the name. A file that exists is an error that wraps
// fs.ErrExist unless Overwrite. Memory does not grow with the rows. past must not be used by others meanwhile.
func Write(path string, past *ledger.Reader, o report.Options) error {
	as, err := formatOf(path)
	if err != nil {
		return err
	}
	if !o.Overwrite {
		if _, err := os.Lstat(path); err == nil {
			return fmt.Errorf("report %q: %w", path, fs.ErrExist)
		}
	}
	pending, err := atomicfile.Create(path, 0o600)
	if err != nil {
		return fmt.Errorf("starting report %q: %w", path, err)
	}
	defer pending.Discard() // does nothing once the file has its name
	err = as.write(pending.File, past, o)
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
