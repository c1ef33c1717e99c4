package xlsx_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/xlsx"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// corpusDir holds other people's files, read in place.
const corpusDir = "../../../shared/corpus"

func needCorpus(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(corpusDir); err != nil {
		t.Skipf("SKIPPED: no corpus at %s", corpusDir)
	}
}

// book makes a workbook; the first sheet is named Tasks.
func book(t testing.TB, fill func(f *excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	must(t, f.SetSheetName("Sheet1", "Tasks"))
	fill(f)
	var buf bytes.Buffer
	must(t, f.Write(&buf))
	return buf.Bytes()
}

// sample is a workbook of 81 rows, with shared strings and numbers.
func sample(t testing.TB) []byte {
	return book(t, func(f *excelize.File) {
		for i := 1; i <= 81; i++ {
			must(t, f.SetSheetRow("Tasks", fmt.Sprintf("A%d", i), &[]any{
				fmt.Sprintf("task-%03d", i), []string{"active", "pending"}[i%2], i * 37, fmt.Sprintf("Name %x", i*i*7919),
			}))
		}
	})
}

// repack packs a workbook again, with each part as change has it; a part whose name comes out as "" is left out.
func repack(t testing.TB, data []byte, change func(name, content string) (string, string)) []byte {
	t.Helper()
	zr, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	must(t, err)
	var out bytes.Buffer
	zw := zip.NewWriter(&out)
	for _, f := range zr.File {
		r, err := f.Open()
		must(t, err)
		content, err := io.ReadAll(r)
		must(t, err)
		name, changed := change(f.Name, string(content))
		if name == "" {
			continue
		}
		w, err := zw.Create(name)
		must(t, err)
		_, err = io.WriteString(w, changed)
		must(t, err)
	}
	must(t, zw.Close())
	return out.Bytes()
}

// patch packs a workbook again with one part changed.
func patch(t testing.TB, data []byte, part string, change func(string) string) []byte {
	t.Helper()
	found := false
	out := repack(t, data, func(name, content string) (string, string) {
		if name == part {
			found = true
			content = change(content)
		}
		return name, content
	})
	if !found {
		t.Fatalf("no part %q", part)
	}
	return out
}

const (
	sheetPart   = "xl/worksheets/sheet1.xml"
	stringsPart = "xl/sharedStrings.xml"
	stylesPart  = "xl/styles.xml"
)

var styled = sync.OnceValue(func() []byte {
	f := excelize.NewFile()
	defer f.Close()
	var buf bytes.Buffer
	for _, s := range []*excelize.Style{{NumFmt: 14}, {NumFmt: 2}} {
		if _, err := f.NewStyle(s); err != nil {
			panic(err)
		}
	}
	if err := f.SetCellStr("Sheet1", "A1", "shared"); err != nil {
		panic(err)
	}
	if err := f.Write(&buf); err != nil {
		panic(err)
	}
	return buf.Bytes()
})

// sheetOf makes a workbook with these rows, one shared string and the styles 0 General, 1 a date, 2 two decimals.
func sheetOf(t testing.TB, rows string) []byte {
	t.Helper()
	return patch(t, styled(), sheetPart, func(s string) string {
		start, end := strings.Index(s, "<sheetData>"), strings.Index(s, "</sheetData>")
		return s[:start] + "<sheetData>" + rows + s[end:]
	})
}

// reading is what a sheet was read as.
type reading struct {
	rows   []xlsx.Row
	layout xlsx.Layout
}

func readSheet(b *xlsx.Book, s *xlsx.Sheet) (read reading, err error) {
	rows, err := b.Rows(s)
	if err != nil {
		return read, err
	}
	defer rows.Close()
	for {
		row, err := rows.Next()
		switch {
		case err == io.EOF:
			read.layout = *rows.Layout()
			return read, nil
		case err != nil:
			return read, err
		}
		row.Cells = append([]xlsx.Cell(nil), row.Cells...)
		read.rows = append(read.rows, row)
	}
}

// read reads the first sheet of a workbook.
func read(data []byte) (reading, error) {
	b, err := xlsx.Open(data)
	if err != nil {
		return reading{}, err
	}
	return readSheet(b, &b.Sheets[0])
}

var kinds = map[xlsx.Kind]string{xlsx.Text: "text", xlsx.Number: "number", xlsx.Bool: "bool", xlsx.Error: "error", xlsx.Date: "date", xlsx.NoResult: "none"}

// String is one line a row.
func (r reading) String() string {
	var b strings.Builder
	for _, row := range r.rows {
		fmt.Fprintf(&b, "%d", row.Number)
		if row.Hidden {
			b.WriteString(" hidden")
		}
		for _, c := range row.Cells {
			fmt.Fprintf(&b, " %s:%s:%q", xlsx.ColumnName(c.Column), kinds[c.Kind], c.Text)
			b.WriteString([]string{"", "!plain", "!date"}[c.Format])
			if c.Formula {
				b.WriteString("=")
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}
