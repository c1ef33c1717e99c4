package report

import (
	"archive/zip"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"taskrecon/internal/diff"
	"taskrecon/internal/task"
)

var diffProperty = task.AssignedTo

// TestFullSheetsContinue uses small sheets to see what a million rows would do.
func TestFullSheetsContinue(t *testing.T) {
	r := newRun("apply")
	for i := range 25 {
		r.planned(fmt.Sprint(i), diff.Conflict, "reason")
	}
	for _, tc := range []struct {
		limits limits
		want   []string
	}{
		{limits{rows: 11, bytes: sheetBytes}, []string{"Summary", "Results", "Results 2", "Results 3", "Changes", "Failures", "Failures 2", "Failures 3", "Unmanaged", "Run", "Run 2", "Run 3", "Run 4"}},
		{limits{rows: 14, bytes: sheetBytes}, []string{"Summary", "Results", "Results 2", "Changes", "Failures", "Failures 2", "Unmanaged"}},
	} {
		path := filepath.Join(t.TempDir(), "report.xlsx")
		out, err := os.Create(path)
		must(t, err)
		b := newBook(tc.limits)
		must(t, b.render(out, r.write(t), Options{}))
		must(t, check(out, b.written()))
		must(t, b.close())
		must(t, out.Close())
		f := open(t, path)
		if got := f.GetSheetList(); len(got) < len(tc.want) || !slices.Equal(got[:len(tc.want)], tc.want) {
			t.Errorf("sheets %q, want %q", got, tc.want)
		}
		seen := 0
		for _, sheet := range f.GetSheetList() {
			if strings.HasPrefix(sheet, "Results") {
				got := rows(t, f, sheet)
				if got[0][0] != "Row" {
					t.Errorf("%s begins with %q", sheet, got[0])
				}
				for _, row := range got[1:] {
					if row[2] != strconv.Itoa(seen) {
						t.Errorf("%s: %q stands where %d belongs", sheet, row[2], seen)
					}
					seen++
				}
			}
		}
		if seen != 25 {
			t.Errorf("%d rows, want 25", seen)
		}
		for _, name := range f.GetDefinedName() {
			if name.Name == "_xlnm.Print_Titles" && !strings.HasSuffix(name.RefersTo, "'"+name.Scope+"'!$1:$1") {
				t.Errorf("print titles of %q are %q", name.Scope, name.RefersTo)
			}
		}
		if f.GetActiveSheetIndex() != 0 {
			t.Error("the workbook does not open on the Summary")
		}
	}
}

// TestCheckSeesMissingRows proves that the self check can fail.
func TestCheckSeesMissingRows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.xlsx")
	must(t, Write(path, varied().write(t), Options{}))
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	right := map[string]int{}
	for name, xml := range sheetParts(t, path) {
		right[name] = strings.Count(xml, "<row ")
	}
	must(t, check(f, right))
	right["xl/worksheets/sheet2.xml"]++
	if err := check(f, right); err == nil {
		t.Error("a missing row passed")
	}
	whole, err := os.ReadFile(path)
	must(t, err)
	whole[middleOf(t, path, "xl/worksheets/sheet2.xml")] ^= 0xff
	broken := filepath.Join(t.TempDir(), "broken.xlsx")
	must(t, os.WriteFile(broken, whole, 0o600))
	b, err := os.Open(broken)
	must(t, err)
	defer b.Close()
	right["xl/worksheets/sheet2.xml"]--
	if err := check(b, right); err == nil {
		t.Error("a damaged byte passed")
	}
}

// middleOf is the offset in a zip of the byte in the middle of an entry's data.
func middleOf(t *testing.T, path, name string) int64 {
	z, err := zip.OpenReader(path)
	must(t, err)
	defer z.Close()
	for _, part := range z.File {
		if part.Name == name {
			at, err := part.DataOffset()
			must(t, err)
			return at + int64(part.CompressedSize64/2)
		}
	}
	t.Fatalf("%s holds no %s", path, name)
	return 0
}

func TestFit(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "",
		"plain\ttext\r\n":          "plain\ttext\r\n",
		"a\x00b\x1f":               `a\u0000b\u001f`,
		"a\xffb":                   `a\xffb`,
		strings.Repeat("x", 32767): strings.Repeat("x", 32767),
	} {
		if got, escaped, cut := fit(text); got != want || cut || escaped != (got != text) {
			t.Errorf("fit(%.20q) = %.40q, %v, %v", text, got, escaped, cut)
		}
	}
	got, _, cut := fit(strings.Repeat("x", 32768))
	kept := strings.Count(got, "x")
	if !cut || units(got) > cellUnits || !strings.HasSuffix(got, fmt.Sprintf("… [cut: %d characters, see the ledger]", 32768-kept)) {
		t.Errorf("kept %d, ends in %q", kept, got[kept:])
	}
}

func TestEveryOutcomeHasALook(t *testing.T) {
	solids, symbols := map[string]bool{}, map[string]bool{}
	for _, o := range diff.Outcomes() {
		l, ok := looks[o]
		if !ok {
			t.Fatalf("%s has no look", o)
		}
		if c := contrast(ink, l.tint); c < 7 {
			t.Errorf("%s: contrast %.1f on its tint", o, c)
		}
		if c := contrast(l.over, l.solid); c < 4.5 {
			t.Errorf("%s: contrast %.1f on its solid", o, c)
		}
		if solids[l.solid] || symbols[l.symbol] {
			t.Errorf("%s looks like another", o)
		}
		solids[l.solid], symbols[l.symbol] = true, true
		if !o.Good() && advice[o] == "" {
			t.Errorf("%s has no advice", o)
		}
	}
}

// contrast is the ratio that WCAG defines.
func contrast(a, b string) float64 {
	luminance := func(hex string) float64 {
		var sum float64
		for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
			n, _ := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
			c := float64(n) / 255
			if c <= 0.04045 {
				c /= 12.92
			} else {
				c = math.Pow((c+0.055)/1.055, 2.4)
			}
			sum += weight * c
		}
		return sum
	}
	x, y := luminance(a)+0.05, luminance(b)+0.05
	return max(x, y) / min(x, y)
}
