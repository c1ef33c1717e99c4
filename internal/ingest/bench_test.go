package ingest_test

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/ingest"
	"taskrecon/internal/xlsx"
)

const slowEnv = "TASKRECON_SLOW"

// benchHeader is what a row of the benchmarks sets: eleven columns of the task and one of the user's own.
var benchHeader = []string{
	"id", "displayName", "description", "assignedTo", "status", "priority",
	"dueDateTime", "category", "creatorNotes", "managedDeviceCount", "Ticket", "insights",
}

// benchRow is row i as texts: ids, names and descriptions are all different, the others repeat as people's do.
func benchRow(i int, row []string) {
	row[0] = fmt.Sprintf("%08x-7a5e-4000-8000-%012x", i*2654435761&0xffffffff, i)
	row[1] = fmt.Sprintf("Task %d: turn on disk encryption", i)
	row[2] = fmt.Sprintf("Devices of group %d, wave %d, are to be encrypted; see the runbook.", i, i%17)
	row[3] = fmt.Sprintf("user%03d@contoso.com", i*7%200)
	row[4] = []string{"unknown", "pending", "active", "completed", "rejected"}[i%5]
	row[5] = []string{"none", "high", "low"}[i%3]
	row[6] = fmt.Sprintf("2026-%02d-%02d", 1+i%12, 1+i%28)
	row[7] = []string{"unknown", "advancedThreatProtection"}[i%2]
	row[8] = fmt.Sprintf("Agreed with team %d on Monday", i%1000)
	row[9] = strconv.Itoa(i % 5000)
	row[10] = fmt.Sprintf("CHG%07d", i)
	row[11] = fmt.Sprintf("Found by rule %d", i%50)
}

// made keeps the files of the benchmarks, which cost more to make than to read, for as long as the tests run.
var made = map[string]string{}

func madeFile(t testing.TB, name string, write func(w io.Writer)) string {
	t.Helper()
	if made[name] == "" {
		dir, err := os.MkdirTemp(madeDir, "bench")
		must(t, err)
		path := filepath.Join(dir, name)
		f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
		must(t, err)
		out := bufio.NewWriterSize(f, 1<<20)
		write(out)
		must(t, out.Flush())
		must(t, f.Close())
		made[name] = path
	}
	return made[name]
}

func benchCSV(t testing.TB, rows int) string {
	return madeFile(t, fmt.Sprintf("bench%d.csv", rows), func(w io.Writer) {
		out := csv.NewWriter(w)
		must(t, out.Write(benchHeader))
		row := make([]string, len(benchHeader))
		for i := range rows {
			benchRow(i, row)
			must(t, out.Write(row))
		}
		out.Flush()
		must(t, out.Error())
	})
}

// benchXLSX makes a workbook whose texts are inline, or shared as Excel has them.
func benchXLSX(t testing.TB, rows int, shared bool) string {
	return madeFile(t, fmt.Sprintf("bench%d-%t.xlsx", rows, shared), func(w io.Writer) {
		base := sheetOf(t, "")
		zr, err := zip.NewReader(bytes.NewReader(base), int64(len(base)))
		must(t, err)
		zw := zip.NewWriter(w)
		b := benchBook{shared: map[string]int{}, inline: !shared}
		for _, f := range zr.File {
			if f.Name == "xl/sharedStrings.xml" || f.Name == "xl/worksheets/sheet1.xml" {
				continue
			}
			part, err := zw.Create(f.Name)
			must(t, err)
			r, err := f.Open()
			must(t, err)
			_, err = io.Copy(part, r)
			must(t, err)
		}
		part, err := zw.Create("xl/worksheets/sheet1.xml")
		must(t, err)
		b.sheet(bufio.NewWriter(part), rows)
		part, err = zw.Create("xl/sharedStrings.xml")
		must(t, err)
		b.strings(bufio.NewWriter(part))
		must(t, zw.Close())
	})
}

type benchBook struct {
	inline bool
	shared map[string]int
	order  []string
}

func (b *benchBook) sheet(w *bufio.Writer, rows int) {
	fmt.Fprint(w, `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`+"\n"+`<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`)
	b.row(w, 1, benchHeader)
	row := make([]string, len(benchHeader))
	for i := range rows {
		benchRow(i, row)
		b.row(w, i+2, row)
	}
	fmt.Fprint(w, `</sheetData></worksheet>`)
	w.Flush()
}

func (b *benchBook) row(w *bufio.Writer, number int, texts []string) {
	fmt.Fprintf(w, `<row r="%d" spans="1:12">`, number)
	for i, text := range texts {
		ref := xlsx.ColumnName(i+1) + strconv.Itoa(number)
		switch {
		case number > 1 && benchHeader[i] == "managedDeviceCount":
			fmt.Fprintf(w, `<c r="%s"><v>%s</v></c>`, ref, text)
		case number > 1 && benchHeader[i] == "dueDateTime":
			fmt.Fprintf(w, `<c r="%s" s="1"><v>%d</v></c>`, ref, 46023+number%365)
		case b.inline:
			fmt.Fprintf(w, `<c r="%s" t="inlineStr"><is><t>%s</t></is></c>`, ref, text)
		default:
			at, known := b.shared[text]
			if !known {
				at = len(b.order)
				b.shared[text] = at
				b.order = append(b.order, text)
			}
			fmt.Fprintf(w, `<c r="%s" t="s"><v>%d</v></c>`, ref, at)
		}
	}
	fmt.Fprint(w, `</row>`)
}

func (b *benchBook) strings(w *bufio.Writer) {
	fmt.Fprintf(w, `<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" uniqueCount="%d">`, len(b.order))
	for _, text := range b.order {
		fmt.Fprintf(w, `<si><t>%s</t></si>`, text)
	}
	fmt.Fprint(w, `</sst>`)
	w.Flush()
}

// readOurs reads a file as the program does.
func readOurs(t testing.TB, path string, rows int) *ingest.Input {
	in, err := ingest.Read(path, ingest.Options{})
	must(t, err)
	if len(in.Rows) != rows || len(in.Problems) > 0 {
		t.Fatalf("%d rows of %d, %d problems", len(in.Rows), rows, len(in.Problems))
	}
	return in
}

// readCSVAlone is the reference: the same bytes through encoding/csv, and nothing kept.
func readCSVAlone(t testing.TB, path string, rows int) {
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	r := csv.NewReader(f)
	r.ReuseRecord = true
	n := 0
	for {
		_, err := r.Read()
		if err == io.EOF {
			break
		}
		must(t, err)
		n++
	}
	if n != rows+1 {
		t.Fatalf("%d records", n)
	}
}

// readExcelizeAlone is the reference: excelize's iterator with raw values, and nothing kept.
func readExcelizeAlone(t testing.TB, path string, rows int) {
	f, err := excelize.OpenFile(path, excelize.Options{RawCellValue: true, UnzipSizeLimit: 2 << 30, UnzipXMLSizeLimit: 16 << 20, TmpDir: t.TempDir()})
	must(t, err)
	defer f.Close()
	it, err := f.Rows("Tasks")
	must(t, err)
	defer it.Close()
	n := 0
	for it.Next() {
		texts, err := it.Columns(excelize.Options{RawCellValue: true})
		must(t, err)
		if len(texts) == len(benchHeader) {
			n++
		}
	}
	must(t, it.Error())
	if n != rows+1 {
		t.Fatalf("%d rows", n)
	}
}

func benchSizes() []int {
	sizes := []int{1_000, 10_000, 100_000}
	if os.Getenv(slowEnv) != "" {
		sizes = append(sizes, 1_000_000)
	}
	return sizes
}

func bench(b *testing.B, make func(rows int) string, read func(path string, rows int)) {
	for _, rows := range benchSizes() {
		b.Run(strconv.Itoa(rows), func(b *testing.B) {
			path := make(rows)
			b.ReportAllocs()
			for b.Loop() {
				read(path, rows)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
		})
	}
}

func BenchmarkReadCSV(b *testing.B) {
	file := func(rows int) string { return benchCSV(b, rows) }
	b.Run("ours", func(b *testing.B) { bench(b, file, func(path string, rows int) { readOurs(b, path, rows) }) })
	b.Run("encoding-csv", func(b *testing.B) { bench(b, file, func(path string, rows int) { readCSVAlone(b, path, rows) }) })
}

func BenchmarkReadXLSX(b *testing.B) {
	for _, texts := range []string{"inline", "shared"} {
		file := func(rows int) string { return benchXLSX(b, rows, texts == "shared") }
		b.Run(texts+"/ours", func(b *testing.B) { bench(b, file, func(path string, rows int) { readOurs(b, path, rows) }) })
		b.Run(texts+"/excelize", func(b *testing.B) { bench(b, file, func(path string, rows int) { readExcelizeAlone(b, path, rows) }) })
	}
}

// madeDir is where the files of the benchmarks lie; TestMain takes it away.
var madeDir string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "taskrecon-ingest")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	madeDir = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}
