package report_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
	"taskrecon/internal/report"
	"taskrecon/internal/report/render"
	"taskrecon/internal/report/verify"
	"taskrecon/internal/task"
)

// reportOf renders a run and returns its ledger and report.
func reportOf(t testing.TB, r *run, o report.Options) (*ledger.Reader, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.xlsx")
	l := r.write(t)
	must(t, render.Write(path, l, o))
	return l, path
}

// copied is a copy of a report, to be altered.
func copied(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	to := filepath.Join(t.TempDir(), "report.xlsx")
	must(t, os.WriteFile(to, data, 0o600))
	return to
}

// zipParts reads the parts of a workbook; pack again with packParts.
func zipParts(t testing.TB, path string) (names []string, parts map[string][]byte) {
	t.Helper()
	z, err := zip.OpenReader(path)
	must(t, err)
	defer z.Close()
	parts = map[string][]byte{}
	for _, f := range z.File {
		in, err := f.Open()
		must(t, err)
		data, err := io.ReadAll(in)
		must(t, err)
		names = append(names, f.Name)
		parts[f.Name] = data
	}
	return names, parts
}

// packParts writes a workbook in which part name holds data.
func packParts(t testing.TB, path string, names []string, parts map[string][]byte, name string, data []byte) {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, n := range names {
		w, err := z.CreateHeader(&zip.FileHeader{Name: n, Method: zip.Store})
		must(t, err)
		content := parts[n]
		if n == name {
			content = data
		}
		_, err = w.Write(content)
		must(t, err)
	}
	must(t, z.Close())
	must(t, os.WriteFile(path, out.Bytes(), 0o600))
}

func TestVerifyPassesWhatWasWritten(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	must(t, err)
	short, saved, odd := varied(), newRun("plan"), newRun("apply")
	short.end = nil
	saved.add("waits", edit(task.AssignedTo, "a", "b"))
	for _, text := range []string{"=1+1", "\t=1", " lead and trail ", "_x0041_", "_x005F_x0041_", "a\r\nb\rc", "0012", "1e5", "😀", "<f>1</f>", "a\x07b\uffff\xff", strings.Repeat("😀x", 20_000)} {
		setCell(odd.planned(text, diff.Conflict, text), 2, text)
	}
	for name, r := range map[string]*run{"every outcome": varied(), "cut short": short, "saved plan": saved, "no rows": newRun("apply"), "odd texts": odd} {
		l := r.write(t)
		for _, zone := range []*time.Location{nil, time.UTC, berlin, time.FixedZone("Nearby", -90*60)} {
			if zone != nil && name != "every outcome" && os.Getenv("TASKRECON_SLOW") == "" {
				continue
			}
			path := filepath.Join(t.TempDir(), "report.xlsx")
			must(t, render.Write(path, l, report.Options{Zone: zone}))
			if v, err := verify.Workbook(path, l); err != nil || v.Sheets < 6 || v.Cells < 100 {
				t.Errorf("%s in %v: %v, %v", name, zone, v, err)
			}
		}
	}
}

// A spreadsheet program that saves the report again writes other XML for the same cells.
func TestVerifyPassesWhatWasSavedAgain(t *testing.T) {
	r := varied()
	r.header.Input.Columns = append(r.header.Input.Columns, "", "one that no row has")
	l, path := reportOf(t, r, report.Options{})
	want, err := verify.Workbook(path, l)
	must(t, err)
	f := open(t, path)
	must(t, f.SetColWidth("Results", "B", "C", 99))
	for _, sheet := range f.GetSheetList() {
		for i, row := range rows(t, f, sheet) {
			for k, text := range row {
				cell, err := excelize.CoordinatesToCellName(k+1, i+1)
				must(t, err)
				if kind, err := f.GetCellType(sheet, cell); err == nil && kind == excelize.CellTypeInlineString {
					must(t, f.SetCellStr(sheet, cell, text)) // moves it to the shared texts
				}
			}
		}
	}
	again := filepath.Join(t.TempDir(), "again.xlsx")
	must(t, f.SaveAs(again))
	if _, parts := zipParts(t, again); bytes.Count(parts["xl/sharedStrings.xml"], []byte("<si>")) < 100 {
		t.Fatal("the texts are not shared")
	}
	if got, err := verify.Workbook(again, l); err != nil || got != want {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
}

// TestVerifyNamesWhatAnOfficeAltered uses the library that the report is written with, as an office would be used.
func TestVerifyNamesWhatAnOfficeAltered(t *testing.T) {
	l, whole := reportOf(t, varied(), report.Options{})
	for name, tt := range map[string]struct {
		alter func(f *excelize.File) error
		want  string
	}{
		"text":                {func(f *excelize.File) error { return f.SetCellStr("Results", "D5", "applied") }, `Results!D5: the ledger says "failed", the cell says "applied"`},
		"a number as text":    {func(f *excelize.File) error { return f.SetCellStr("Results", "G2", "1") }, `Results!G2: the ledger says 1, the cell says "1"`},
		"a formula":           {func(f *excelize.File) error { return f.SetCellFormula("Results", "A2", "1+1") }, `Results!A2: the ledger says 2, the cell says a formula`},
		"a row below":         {func(f *excelize.File) error { return f.SetCellStr("Unmanaged", "A900", "more") }, `Unmanaged!A900: the ledger says nothing, the cell says "more"`},
		"a column":            {func(f *excelize.File) error { return f.SetCellStr("Run", "ZZ3", "more") }, `Run!ZZ3: the ledger says nothing, the cell says "more"`},
		"a row less":          {func(f *excelize.File) error { return f.RemoveRow("Results", 4) }, `Results!A4: the ledger says 4, the cell says 5`},
		"the last row less":   {func(f *excelize.File) error { return f.RemoveRow("Results", 13) }, `Results!A13: the ledger says 13, the cell is empty`},
		"a row more":          {func(f *excelize.File) error { return f.InsertRows("Summary", 2, 1) }, `Summary!A2: the ledger says "`},
		"a sheet less":        {func(f *excelize.File) error { return f.DeleteSheet("Failures") }, `the sheet "Failures" is missing`},
		"a sheet more":        {func(f *excelize.File) error { _, err := f.NewSheet("More"); return err }, `the sheet "More" was put in`},
		"sheets swapped":      {func(f *excelize.File) error { return f.MoveSheet("Changes", "Results") }, `the sheet "Changes" is not where it was written`},
		"a sheet's name":      {func(f *excelize.File) error { return f.SetSheetName("Run", "Ran") }, `the sheet "Run" is missing`},
		"the hash on Run":     {setFact("Final SHA-256", strings.Repeat("0", 64)), `the cell says "00000000`},
		"a column taken away": {func(f *excelize.File) error { return f.RemoveCol("Changes", "F") }, `Changes!F1: the ledger says "Wanted", the cell says "After"`},
	} {
		path := copied(t, whole)
		f := open(t, path)
		must(t, tt.alter(f))
		must(t, f.Save())
		if _, err := verify.Workbook(path, l); !errors.Is(err, verify.ErrAltered) || !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
}

// setFact alters a value of the Run sheet.
func setFact(name, text string) func(f *excelize.File) error {
	return func(f *excelize.File) error {
		found, err := f.SearchSheet("Run", name)
		if err != nil || len(found) != 1 {
			return fmt.Errorf("%v, %w", found, err)
		}
		return f.SetCellStr("Run", strings.Replace(found[0], "B", "C", 1), text)
	}
}

// TestVerifyRefusesTricks has workbooks that one program reads otherwise than another.
func TestVerifyRefusesTricks(t *testing.T) {
	l, path := reportOf(t, varied(), report.Options{Zone: time.FixedZone("Nearby", 3600)})
	names, parts := zipParts(t, path)
	const sheet = "xl/worksheets/sheet2.xml"
	broken := filepath.Join(t.TempDir(), "report.xlsx")
	for name, tt := range map[string]struct{ part, old, new string }{
		"a cell twice":           {sheet, `<c r="B5"`, `<c r="B5"/><c r="B5"`},
		"a row twice":            {sheet, `<row r="5"`, `<row r="5"></row><row r="5"`},
		"rows in no order":       {sheet, `<row r="5"`, `<row r="9"></row><row r="5"`},
		"a second table":         {sheet, `</sheetData>`, `</sheetData><sheetData></sheetData>`},
		"another namespace":      {sheet, `<c r="B5"`, `<x:c xmlns:x="urn:x" r="B5"/><c r="B5"`},
		"no end":                 {sheet, `</sheetData>`, ``},
		"cut off":                {sheet, `<row r="5"`, "\x00"},
		"no table":               {sheet, `sheetData`, `sheetDate`},
		"two texts":              {sheet, `</is>`, `</is><is><t>x</t></is>`},
		"a value for a text":     {sheet, `t="inlineStr"><is>`, `t="inlineStr"><v>1</v></c><c><is>`},
		"a shared text too many": {"xl/worksheets/sheet1.xml", `t="s"><v>`, `t="s"><v>9999`},
		"a text without end":     {sheet, `<is><t`, `<is><t>` + strings.Repeat("x", 3<<20) + `</t><t`},
		"a chart as a sheet":     {"xl/_rels/workbook.xml.rels", `relationships/worksheet"`, `relationships/chartsheet"`},
		"no such part":           {"xl/_rels/workbook.xml.rels", `sheet3.xml`, `sheet33.xml`},
		"no workbook":            {"_rels/.rels", `officeDocument"`, `other"`},
	} {
		data := bytes.Replace(parts[tt.part], []byte(tt.old), []byte(tt.new), 1)
		if name == "no table" {
			data = bytes.ReplaceAll(parts[tt.part], []byte(tt.old), []byte(tt.new))
		}
		if bytes.Equal(data, parts[tt.part]) {
			t.Fatalf("%s: %s does not hold %q", name, tt.part, tt.old)
		}
		packParts(t, broken, names, parts, tt.part, data)
		if _, err := verify.Workbook(broken, l); !errors.Is(err, verify.ErrDamaged) || !strings.HasPrefix(err.Error(), broken+": ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	packParts(t, broken, append(names, "XL/workbook.xml"), parts, "", nil)
	if _, err := verify.Workbook(broken, l); !errors.Is(err, verify.ErrDamaged) {
		t.Errorf("a part twice: %v", err)
	}
}

// A shared text that is altered is so in every cell that names it; the first is named.
func TestVerifyNamesCellsOfSharedTexts(t *testing.T) {
	l, path := reportOf(t, varied(), report.Options{})
	names, parts := zipParts(t, path)
	const part = "xl/sharedStrings.xml"
	swapped := bytes.Replace(parts[part], []byte("not as wanted"), []byte("as wanted"), 1)
	if bytes.Equal(swapped, parts[part]) {
		t.Fatal("not there")
	}
	packParts(t, path, names, parts, part, swapped)
	if _, err := verify.Workbook(path, l); !errors.Is(err, verify.ErrAltered) || !strings.Contains(err.Error(), "Summary!A2: the ledger says ") {
		t.Error(err)
	}
}

// TestVerifyFindsDamage flips bytes all over the file. A flip that no reader of cells can see must leave the cells right.
func TestVerifyFindsDamage(t *testing.T) {
	l, path := reportOf(t, varied(), report.Options{})
	whole, err := os.ReadFile(path)
	must(t, err)
	damaged := filepath.Join(t.TempDir(), "report.xlsx")
	unseen, step := 0, 211
	if os.Getenv("TASKRECON_SLOW") != "" && !racing {
		step = 7
	}
	for at := 0; at < len(whole); at += step {
		data := bytes.Clone(whole)
		data[at] ^= 0x10
		must(t, os.WriteFile(damaged, data, 0o600))
		if _, err := verify.Workbook(damaged, l); err == nil {
			unseen++ // dates and the like in the zip's headers
		}
	}
	if t.Logf("%d of %d flips left the cells as they were", unseen, len(whole)/step); unseen > len(whole)/step/10 {
		t.Error("too many")
	}
	for _, n := range []int{0, 1, len(whole) / 2, len(whole) - 1} {
		must(t, os.WriteFile(damaged, whole[:n], 0o600))
		if _, err := verify.Workbook(damaged, l); !errors.Is(err, verify.ErrDamaged) {
			t.Errorf("cut after %d bytes: %v", n, err)
		}
	}
}

func TestVerifyKnowsAnEarlierState(t *testing.T) {
	r := varied()
	r.end = nil
	l, path := reportOf(t, r, report.Options{})
	number, lines, err := l.Find(l.Final)
	must(t, err)
	if number != lines || number == 0 {
		t.Fatalf("line %d of %d", number, lines)
	}
	r.end = varied().end
	later := r.write(t)
	if _, err := verify.Workbook(path, later); !errors.Is(err, verify.ErrEarlier) || !strings.Contains(err.Error(), fmt.Sprintf("that ended with line %d, and 1 line follow", number)) {
		t.Error(err)
	}
	f := open(t, path)
	must(t, setFact("Final SHA-256", strings.Repeat("0", 64))(f))
	must(t, f.Save())
	if _, err := verify.Workbook(path, later); !errors.Is(err, verify.ErrAltered) {
		t.Errorf("with another hash: %v", err)
	}
	now := filepath.Join(t.TempDir(), "now.xlsx")
	must(t, render.Write(now, later, report.Options{}))
	f = open(t, now)
	must(t, setFact("Final SHA-256", l.Final)(f))
	must(t, f.Save())
	if _, err := verify.Workbook(now, later); !errors.Is(err, verify.ErrAltered) || !strings.Contains(err.Error(), ": Run!C") {
		t.Errorf("with an earlier hash in one place: %v", err)
	}
	other := varied()
	other.header.RunID = "other"
	if _, err := verify.Workbook(path, other.write(t)); !errors.Is(err, verify.ErrAltered) || !strings.Contains(err.Error(), "Summary!A1: ") {
		t.Errorf("of another run: %v", err)
	}
}

// TestVerifyMillion compares a million results; TASKRECON_SLOW asks for it.
func TestVerifyMillion(t *testing.T) {
	slow(t)
	l := manyResults(t, 1_000_000, 0)
	path := filepath.Join(t.TempDir(), "report.xlsx")
	must(t, render.Write(path, l, report.Options{}))
	began := time.Now()
	var v verify.Verified
	high := peak(t, func() {
		var err error
		v, err = verify.Workbook(path, l)
		must(t, err)
	})
	t.Logf("%v in %v, peak of live heap %d MiB", v, time.Since(began).Round(time.Millisecond), high>>20)
	if high > 1<<30 {
		t.Errorf("peak of live heap %d MiB", high>>20)
	}
}

// The zone is read from the report: a time that names another is found among the rest.
func TestVerifyNamesAnotherZone(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	must(t, err)
	l, whole := reportOf(t, varied(), report.Options{Zone: berlin})
	for _, label := range []string{"Started", "Plan made", "Ended"} {
		path := copied(t, whole)
		f := open(t, path)
		found, err := f.SearchSheet("Summary", label)
		must(t, err)
		cell := strings.Replace(found[0], "A", "C", 1)
		text, err := f.GetCellValue("Summary", cell)
		must(t, err)
		must(t, f.SetCellStr("Summary", cell, strings.Replace(text, "Berlin", "Paris", 1)))
		must(t, f.Save())
		if _, err := verify.Workbook(path, l); !errors.Is(err, verify.ErrAltered) || !strings.Contains(err.Error(), ": Summary!"+cell+": ") {
			t.Errorf("%s in %s: %v", label, cell, err)
		}
	}
}
