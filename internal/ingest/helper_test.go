package ingest_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"taskrecon/internal/ingest"
	"taskrecon/internal/task"

	"github.com/xuri/excelize/v2"
)

// write makes a file of the test's directory.
func write(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// readText reads CSV text that must be readable.
func readText(t testing.TB, text string) *ingest.Input {
	t.Helper()
	in, err := ingest.Read(write(t, "in.csv", []byte(text)), ingest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return in
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

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func setRow(t testing.TB, f *excelize.File, row int, cells ...any) {
	t.Helper()
	must(t, f.SetSheetRow("Tasks", "A"+itoa(row), &cells))
}

func readBook(t testing.TB, data []byte, o ingest.Options) *ingest.Input {
	t.Helper()
	in, err := ingest.Read(write(t, "in.xlsx", data), o)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// patch packs a workbook again with one part changed; a nil result drops it.
func patch(t testing.TB, data []byte, name string, change func(string) string) []byte {
	t.Helper()
	zr, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	must(t, err)
	var out bytes.Buffer
	zw := zip.NewWriter(&out)
	found := false
	for _, f := range zr.File {
		r, err := f.Open()
		must(t, err)
		content, err := io.ReadAll(r)
		must(t, err)
		if f.Name == name {
			found = true
			content = []byte(change(string(content)))
		}
		w, err := zw.Create(f.Name)
		must(t, err)
		_, err = w.Write(content)
		must(t, err)
	}
	must(t, zw.Close())
	if !found {
		t.Fatalf("no part %q", name)
	}
	return out.Bytes()
}

// sheetOf makes a workbook with this sheetData and styles 0 General, 1 date (14), 2 a custom date,
// 3 elapsed time, 4 two decimals.
func sheetOf(t testing.TB, rows string) []byte {
	t.Helper()
	styledOnce.Do(func() { styled = book(t, fillStyled(t)) })
	return patch(t, styled, "xl/worksheets/sheet1.xml", func(s string) string {
		start, end := strings.Index(s, "<sheetData>"), strings.Index(s, "</sheetData>")
		return s[:start] + "<sheetData>" + rows + s[end:]
	})
}

var (
	styled     []byte
	styledOnce sync.Once
)

func fillStyled(t testing.TB) func(f *excelize.File) {
	return func(f *excelize.File) {
		custom, hours, decimals := `dd"th" mmm yyyy`, `[h]:mm`, `0.00`
		for _, s := range []*excelize.Style{{NumFmt: 14}, {CustomNumFmt: &custom}, {CustomNumFmt: &hours}, {CustomNumFmt: &decimals}} {
			_, err := f.NewStyle(s)
			must(t, err)
		}
		must(t, f.SetCellStr("Tasks", "A1", "x"))
	}
}

func messages(in *ingest.Input) string {
	var lines []string
	for _, p := range in.Problems {
		lines = append(lines, p.String())
	}
	return strings.Join(lines, "\n")
}

func wishesOf(in *ingest.Input, row int) map[string]string {
	m := map[string]string{}
	for w := range in.Rows[row].Desired.Assignments() {
		m[w.Property.Name] = w.Value.String()
	}
	return m
}

// rename packs a workbook again with one part under another name.
func rename(t testing.TB, data []byte, from, to string) []byte {
	t.Helper()
	zr, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	must(t, err)
	var out bytes.Buffer
	zw := zip.NewWriter(&out)
	for _, f := range zr.File {
		r, err := f.Open()
		must(t, err)
		name := f.Name
		if name == from {
			name = to
		}
		w, err := zw.Create(name)
		must(t, err)
		_, err = io.Copy(w, r)
		must(t, err)
	}
	must(t, zw.Close())
	return out.Bytes()
}

// sample is a workbook of 80 rows, with shared strings, dates and numbers.
func sample(t testing.TB) []byte {
	return book(t, func(f *excelize.File) {
		setRow(t, f, 1, "id", "status", "managedDeviceCount", "displayName")
		for i := 2; i <= 81; i++ {
			setRow(t, f, i, fmt.Sprintf("task-%03d", i), []string{"active", "pending"}[i%2], i*37, fmt.Sprintf("Name %x", i*i*7919))
		}
	})
}

// readBytes reads a file that standard input brings.
func readBytes(data []byte) (*ingest.Input, error) {
	return ingest.Read(ingest.StandardInput, ingest.Options{Stdin: bytes.NewReader(data)})
}

func asks(d *task.Desired) bool {
	for range d.Assignments() {
		return true
	}
	return false
}

// oleFile is a file of old Office programs that holds an entry of this name.
func oleFile(entry string) string {
	return "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 504) + strings.Join(strings.Split(entry, ""), "\x00")
}
