package export

import (
	"bufio"
	"encoding/csv"
	"io"

	"taskrecon/internal/atomicfile"
	"taskrecon/internal/base"
)

// writeCSV writes the sheet and, first, its base. Both are written whole before either lands. Where only the base
// does, the rows of an older sheet name a base that is not there, so that reading it says so.
func (w *sheetWriter) writeCSV(path string) (files []string, err error) {
	sheet, err := pendingWith(path, w.writeRecords)
	if err != nil {
		return nil, err
	}
	defer sheet.Discard() // does nothing once the file has landed
	if !w.options.Template {
		held, err := pendingWith(base.Path(path), w.writeBase)
		if err != nil {
			return nil, err
		}
		defer held.Discard()
		if err := w.land(held); err != nil {
			return nil, err
		}
		files = append(files, base.Path(path))
	}
	if err := w.land(sheet); err != nil {
		return files, err
	}
	return append([]string{path}, files...), nil
}

// land gives a file its name, in the place of another only where that was asked for.
func (w *sheetWriter) land(f *atomicfile.File) error {
	if w.options.Overwrite {
		return f.Commit()
	}
	return f.CommitNew()
}

// pendingWith fills a pending file.
func pendingWith(path string, fill func(io.Writer) error) (*atomicfile.File, error) {
	f, err := atomicfile.Create(path, 0o600)
	if err != nil {
		return nil, err
	}
	buffered := bufio.NewWriterSize(f, 256<<10)
	if err = fill(buffered); err == nil {
		err = buffered.Flush()
	}
	if err != nil {
		f.Discard()
		return nil, err
	}
	return f, nil
}

// writeRecords begins with a byte order mark, by which Excel knows UTF-8, and ends records with "\n": "\r\n" would make encoding/csv change line ends within cells too.
func (w *sheetWriter) writeRecords(out io.Writer) error {
	if _, err := io.WriteString(out, "\ufeff"); err != nil {
		return err
	}
	records := csv.NewWriter(out)
	texts := make([]string, len(w.columns))
	for i, c := range w.columns {
		texts[i] = c.header
	}
	if err := records.Write(texts); err != nil {
		return err
	}
	for _, row := range w.rows {
		cells, err := w.show(row)
		if err != nil {
			return err
		}
		for i, c := range cells {
			texts[i] = c.text
		}
		if err := records.Write(texts); err != nil {
			return err
		}
	}
	records.Flush()
	return records.Error()
}

func (w *sheetWriter) writeBase(out io.Writer) error {
	for _, line := range w.lines {
		if _, err := io.WriteString(out, line+"\n"); err != nil {
			return err
		}
	}
	return nil
}
