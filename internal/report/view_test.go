package report_test

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
	"taskrecon/internal/report"
	"taskrecon/internal/report/render"
)

// viewBytes renders the report in the format of an extension and returns the file's bytes.
func viewBytes(t testing.TB, r *ledger.Reader, extension string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report"+extension)
	must(t, render.Write(path, r, report.Options{}))
	got, err := os.ReadFile(path)
	must(t, err)
	return got
}

// TestEveryViewCountsTheSame compares the counts by outcome of all forms of one report.
func TestEveryViewCountsTheSame(t *testing.T) {
	for name, make := range map[string]func() *run{"varied": varied, "no rows": func() *run { return newRun("apply") }} {
		r := make().write(t)
		want := r.Counts()
		for form, count := range map[string]func(*testing.T, *ledger.Reader) map[diff.Outcome]int{
			".xlsx": countWorkbook, ".json": countJSON, ".csv": countCSV, ".html": countPage,
		} {
			if got := count(t, r); !maps.Equal(got, want) {
				t.Errorf("%s, %s: %v, want %v", name, form, got, want)
			}
		}
	}
}

func noRows() map[diff.Outcome]int {
	counts := map[diff.Outcome]int{}
	for _, o := range diff.Outcomes() {
		counts[o] = 0
	}
	return counts
}

func countWorkbook(t *testing.T, r *ledger.Reader) map[diff.Outcome]int {
	counts := noRows()
	path := filepath.Join(t.TempDir(), "report.xlsx")
	must(t, render.Write(path, r, report.Options{}))
	for _, row := range rows(t, open(t, path), "Results")[1:] {
		counts[diff.Outcome(row[3])]++
	}
	return counts
}

func countCSV(t *testing.T, r *ledger.Reader) map[diff.Outcome]int {
	counts := noRows()
	for _, row := range parseCSV(t, viewBytes(t, r, ".csv"))[1:] {
		counts[diff.Outcome(row[3])]++
	}
	return counts
}

func countJSON(t *testing.T, r *ledger.Reader) map[diff.Outcome]int {
	var got struct {
		Outcomes map[diff.Outcome]int
		Rows     []struct{ Outcome diff.Outcome }
	}
	must(t, json.Unmarshal(viewBytes(t, r, ".json"), &got))
	counts := noRows()
	for _, row := range got.Rows {
		counts[row.Outcome]++
	}
	if !maps.Equal(counts, got.Outcomes) {
		t.Errorf("the rows of the JSON report count %v, its outcomes say %v", counts, got.Outcomes)
	}
	return counts
}

// countPage counts the page's data and compares it with the counts that the page shows.
func countPage(t *testing.T, r *ledger.Reader) map[diff.Outcome]int {
	page := string(viewBytes(t, r, ".html"))
	counts := noRows()
	for _, row := range dataOf(t, page).Rows {
		counts[diff.Outcome(row[3].(string))]++
	}
	for _, m := range regexp.MustCompile(`data-filter="([a-zA-Z]+)".*?class="n">([0-9,]+) <small>`).FindAllStringSubmatch(page, -1) {
		if n, _ := strconv.Atoi(strings.ReplaceAll(m[2], ",", "")); n != counts[diff.Outcome(m[1])] {
			t.Errorf("the page shows %s %s, its data %d", m[2], m[1], counts[diff.Outcome(m[1])])
		}
	}
	return counts
}

func parseCSV(t *testing.T, data []byte) [][]string {
	t.Helper()
	text, marked := strings.CutPrefix(string(data), report.ByteOrderMark)
	if !marked {
		t.Error("no byte order mark")
	}
	got, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	must(t, err)
	return got
}

// TestCSVIsResults compares the CSV report with the workbook's Results, cell by cell as that shows them. A
// cell's time is shown rounded, so times may be a second apart.
func TestCSVIsResults(t *testing.T) {
	r := varied().write(t)
	path := filepath.Join(t.TempDir(), "report.xlsx")
	must(t, render.Write(path, r, report.Options{}))
	want, err := open(t, path).GetRows("Results", excelize.Options{})
	must(t, err)
	got := parseCSV(t, viewBytes(t, r, ".csv"))
	if len(got) != len(want) {
		t.Fatalf("%d lines, want %d", len(got), len(want))
	}
	for i := range got {
		for len(want[i]) < len(got[i]) {
			want[i] = append(want[i], "") // blank cells at the end
		}
		if !slices.EqualFunc(got[i], want[i], func(a, b string) bool { return a == b || secondApart(a, b) }) {
			t.Errorf("line %d:\n%q, want\n%q", i+1, got[i], want[i])
		}
	}
}

func secondApart(a, b string) bool {
	first, err := time.Parse(time.DateTime, a)
	second, err2 := time.Parse(time.DateTime, b)
	return err == nil && err2 == nil && second.Sub(first) == time.Second
}

func TestCSVHoldsNoFormula(t *testing.T) {
	evil := []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0", "a=1", "'=1", "two\nlines, \"quoted\""}
	r := newRun("apply")
	for _, text := range evil {
		r.planned(text, diff.Conflict, text)
	}
	got := parseCSV(t, viewBytes(t, r.write(t), ".csv"))
	for i, text := range evil {
		want := text
		if strings.ContainsAny(text[:1], "=+-@\t\r") {
			want = "'" + text
		}
		if row := got[i+1]; row[2] != want || row[4] != want {
			t.Errorf("%q is written as %q and %q, want %q", text, row[2], row[4], want)
		}
	}
}

// TestNewViewsKeepTheRules covers what Write promises whatever the format.
func TestNewViewsKeepTheRules(t *testing.T) {
	for _, extension := range []string{".html", ".json", ".csv", ".CSV"} {
		dir := t.TempDir()
		path := filepath.Join(dir, "report"+extension)
		must(t, os.WriteFile(path, []byte("mine"), 0o644))
		r := varied().write(t)
		if err := render.Write(path, r, report.Options{}); !errors.Is(err, fs.ErrExist) {
			t.Fatalf("%s: error %v, want fs.ErrExist", extension, err)
		}
		must(t, render.Write(path, r, report.Options{Overwrite: true}))
		info, err := os.Stat(path)
		must(t, err)
		if info.Mode().Perm() != 0o600 || info.Size() < 1000 {
			t.Errorf("%s: mode %v, %d bytes", extension, info.Mode(), info.Size())
		}
		if again := viewBytes(t, r, extension); string(again) != textOf(t, path) {
			t.Errorf("%s: the same ledger gave two reports", extension)
		}
		must(t, r.Close())
		if err := render.Write(filepath.Join(dir, "other"+extension), r, report.Options{}); err == nil {
			t.Errorf("%s: no error from a ledger that cannot be read", extension)
		}
		if left, _ := os.ReadDir(dir); len(left) != 1 {
			t.Errorf("%s: left behind %v", extension, left)
		}
	}
}

func textOf(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	return string(data)
}
