package xlsx_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/xlsx"
)

// mustAgree holds what was read of a workbook against what excelize reads, and returns how many cells agree. Where excelize
// reads nothing, or what it reads is known to be wrong, there is nothing to compare.
func mustAgree(t interface {
	Helper()
	Errorf(string, ...any)
}, name string, data []byte,
) (cells int) {
	t.Helper()
	b, err := xlsx.Open(data)
	if err != nil {
		return 0
	}
	var f *excelize.File
	for i := range b.Sheets {
		s := &b.Sheets[i]
		if !s.Worksheet {
			continue
		}
		got, err := readSheet(b, s)
		if err != nil {
			continue
		}
		if f == nil {
			if f, err = excelize.OpenReader(bytes.NewReader(data), excelize.Options{RawCellValue: true}); err != nil {
				return 0
			}
			defer f.Close()
		}
		want, err := f.GetRows(s.Name)
		if err != nil {
			continue
		}
		cells += compare(t, name+" "+s.Name, got, want)
	}
	return cells
}

func compare(t interface {
	Helper()
	Errorf(string, ...any)
}, name string, got reading, want [][]string,
) (cells int) {
	t.Helper()
	seen := map[[2]int]bool{}
	for _, row := range got.rows {
		for _, c := range row.Cells {
			if c.Text == "" {
				continue
			}
			at := [2]int{row.Number, c.Column}
			seen[at] = true
			text := "nothing"
			if row.Number <= len(want) && c.Column <= len(want[row.Number-1]) {
				text = want[row.Number-1][c.Column-1]
			}
			if cells++; text != c.Text {
				t.Errorf("%s: cell %s: got %q, excelize reads %q", name, xlsx.Ref(c.Column, row.Number), c.Text, text)
			}
		}
	}
	for i, row := range want {
		for j, text := range row {
			if text != "" && !seen[[2]int{i + 1, j + 1}] {
				t.Errorf("%s: cell %s: got nothing, excelize reads %q", name, xlsx.Ref(j+1, i+1), text)
			}
		}
	}
	return cells
}

func TestCorpus(t *testing.T) {
	needCorpus(t)
	cells := 0
	for _, pattern := range []string{corpusDir + "/*/*.xls[xm]", "../../samples/*.xlsx"} {
		files, err := filepath.Glob(pattern)
		must(t, err)
		if len(files) == 0 {
			t.Errorf("there is nothing like %s", pattern)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			must(t, err)
			cells += mustAgree(t, filepath.Base(file), data)
		}
	}
	if cells < 10_000 {
		t.Errorf("only %d cells were compared", cells)
	}
	t.Logf("%d cells agree", cells)
}
