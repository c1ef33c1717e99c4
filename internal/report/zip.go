package report

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/klauspost/compress/flate"
	"github.com/xuri/excelize/v2"
	"golang.org/x/sync/errgroup"
)

// level is where deflating costs little more than reading and packs almost as well as the best.
const level = 5

// zipWriter puts rows into the parts that they belong to.
type zipWriter struct {
	*zip.Writer
	rows    map[string]*rowSpool
	splices []*splice
}

// Create begins a part.
func (z *zipWriter) Create(name string) (io.Writer, error) {
	part, err := z.Writer.Create(name)
	rows := z.rows[name]
	if err != nil || rows == nil {
		return part, err
	}
	s := &splice{part: part, rows: rows}
	z.splices = append(z.splices, s)
	return s, nil
}

// pack writes the workbook straight into w, with the rows of its parts. excelize would otherwise hold the whole zip in memory first.
func pack(f *excelize.File, w io.Writer, rows map[string]*rowSpool) error {
	z := &zipWriter{Writer: zip.NewWriter(w), rows: rows}
	z.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(out, level)
	})
	f.SetZipWriter(func(io.Writer) excelize.ZipWriter { return z })
	if err := f.Write(io.Discard); err != nil {
		return err
	}
	placed := 0
	for _, s := range z.splices {
		if s.done {
			placed++
		}
	}
	if placed != len(rows) {
		return fmt.Errorf("the rows of %d of %d sheets found no place", len(rows)-placed, len(rows))
	}
	return nil
}

// check reads the workbook back, every entry to its end and against its checksum, and compares the
// rows of each sheet part with those that were written.
func check(f *os.File, want map[string]int) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	z, err := zip.NewReader(f, info.Size())
	if err != nil {
		return fmt.Errorf("reading it back: %w", err)
	}
	z.RegisterDecompressor(zip.Deflate, flate.NewReader)
	counts := make([]int, len(z.File))
	var all errgroup.Group
	all.SetLimit(runtime.GOMAXPROCS(0))
	for i, part := range z.File {
		all.Go(func() (err error) {
			if counts[i], err = countRows(part); err != nil {
				return fmt.Errorf("reading %s back: %w", part.Name, err)
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		return err
	}
	seen := 0
	for i, part := range z.File {
		rows := counts[i]
		if !strings.HasPrefix(part.Name, "xl/worksheets/sheet") {
			continue
		}
		seen++
		if n, ok := want[part.Name]; !ok || n != rows {
			return fmt.Errorf("reading it back: %s holds %s, %d were written", part.Name, plural(rows, "row"), n)
		}
	}
	if seen != len(want) {
		return fmt.Errorf("reading it back: it holds %s, %d were written", plural(seen, "sheet"), len(want))
	}
	return nil
}

// countRows counts the starts of row elements. Text cannot hold one: its "<" is escaped.
func countRows(part *zip.File) (rows int, err error) {
	in, err := part.Open()
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	start := []byte("<row ")
	buf := make([]byte, 256<<10)
	kept := 0 // bytes at the front that may begin an element which the last read cut in two
	for {
		n, err := in.Read(buf[kept:])
		window := buf[:kept+n]
		rows += bytes.Count(window, start)
		kept = copy(buf, window[max(0, len(window)-len(start)+1):])
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
	}
}
