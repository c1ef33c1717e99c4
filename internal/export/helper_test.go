package export_test

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/base"
	"taskrecon/internal/ingest"
	"taskrecon/internal/task"
)

var exported = base.Source{Tenant: "t", Cloud: "sandbox", At: time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC), Zone: "UTC"}

func itoa(n int) string { return strconv.Itoa(n) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// write makes a file of the test's directory.
func write(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	must(t, os.WriteFile(path, data, 0o600))
	return path
}

// book makes a workbook with one sheet, Tasks.
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

func setRow(t testing.TB, f *excelize.File, row int, cells ...any) {
	t.Helper()
	must(t, f.SetSheetRow("Tasks", "A"+itoa(row), &cells))
}

func readBook(t testing.TB, data []byte, o ingest.Options) *ingest.Input {
	t.Helper()
	in, err := ingest.Read(write(t, "in.xlsx", data), o)
	must(t, err)
	return in
}

func readText(t testing.TB, text string) *ingest.Input {
	t.Helper()
	in, err := ingest.Read(write(t, "in.csv", []byte(text)), ingest.Options{})
	must(t, err)
	return in
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

func wishWords(d task.Desired) string {
	var words []string
	for w := range d.Assignments() {
		words = append(words, w.Property.Name+"="+w.Value.String())
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}

// patch packs a workbook again with its first sheet changed.
func patch(t testing.TB, data []byte, change func(string) string) []byte {
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
		if f.Name == "xl/worksheets/sheet1.xml" {
			content = []byte(change(string(content)))
		}
		w, err := zw.Create(f.Name)
		must(t, err)
		_, err = w.Write(content)
		must(t, err)
	}
	must(t, zw.Close())
	return out.Bytes()
}
