package report_test

import (
	"bytes"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"taskrecon/internal/report"
	"taskrecon/internal/report/verify"

	"github.com/xuri/excelize/v2"
)

// TestVerifyNamesWhatIsHidden uses the library that the report is written with, as an office would be used.
func TestVerifyNamesWhatIsHidden(t *testing.T) {
	l, whole := reportOf(t, varied(), report.Options{})
	for name, tt := range map[string]struct {
		alter func(f *excelize.File) error
		want  string
	}{
		"a sheet":       {func(f *excelize.File) error { return f.SetSheetVisible("Failures", false) }, "Failures: the sheet is hidden; the report hides none"},
		"a sheet, well": {func(f *excelize.File) error { return f.SetSheetVisible("Run", false, true) }, "Run: the sheet is hidden; the report hides none"},
		"a row":         {func(f *excelize.File) error { return f.SetRowVisible("Results", 5, false) }, "Results: row 5 is hidden; the report hides none"},
		"the header":    {func(f *excelize.File) error { return f.SetRowVisible("Changes", 1, false) }, "Changes: row 1 is hidden; the report hides none"},
		"a low row":     {func(f *excelize.File) error { return f.SetRowHeight("Results", 4, 0.5) }, "Results: row 4 is hidden; the report hides none"},
		"a column":      {func(f *excelize.File) error { return f.SetColVisible("Results", "D", false) }, "Results: column D is hidden; the report hides none"},
		"columns":       {func(f *excelize.File) error { return f.SetColVisible("Summary", "B:C", false) }, "Summary: column B is hidden; the report hides none"},
		"a slim column": {func(f *excelize.File) error { return f.SetColWidth("Results", "D", "D", 0.1) }, "Results: column D is hidden; the report hides none"},
		"a filter, and what it hides": {func(f *excelize.File) error {
			return errors.Join(f.SetRowVisible("Results", 5, false), f.AutoFilter("Results", "A1:R13", []excelize.AutoFilterOptions{{Column: "D", Expression: "x == applied"}}))
		}, ""},
		"a filter, and the header": {func(f *excelize.File) error {
			return errors.Join(f.SetRowVisible("Results", 1, false), f.AutoFilter("Results", "A1:R13", []excelize.AutoFilterOptions{{Column: "D", Expression: "x == applied"}}))
		}, "Results: row 1 is hidden; the report hides none"},
		"a blank row":    {func(f *excelize.File) error { return f.SetRowVisible("Results", 999, false) }, ""},
		"a blank column": {func(f *excelize.File) error { return f.SetColVisible("Results", "XX:XY", false) }, ""},
		"other sizes": {func(f *excelize.File) error {
			return errors.Join(f.SetColWidth("Results", "A", "D", 3), f.SetRowHeight("Results", 4, 90))
		}, ""},
	} {
		path := copied(t, whole)
		f := open(t, path)
		must(t, tt.alter(f))
		must(t, f.Save())
		_, err := verify.Workbook(path, l)
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case tt.want != "" && (!errors.Is(err, verify.ErrAltered) || err.Error() != path+": "+tt.want):
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
}

// What hides a cell may be written in other ways than the library's.
func TestVerifyNamesWhatIsHiddenInXML(t *testing.T) {
	l, path := reportOf(t, varied(), report.Options{})
	names, parts := zipParts(t, path)
	const sheet = "xl/worksheets/sheet2.xml"
	altered := filepath.Join(t.TempDir(), "report.xlsx")
	for name, tt := range map[string]struct {
		old, new, want string
		is             error
	}{
		"a word":                  {`<row r="5"`, `<row hidden="true" r="5"`, "Results: row 5 is hidden", verify.ErrAltered},
		"no word":                 {`<row r="5"`, `<row hidden="0" r="5"`, "", nil},
		"no height":               {`<row r="3"`, `<row ht="0" customHeight="1" r="3"`, "Results: row 3 is hidden", verify.ErrAltered},
		"no height by default":    {`defaultRowHeight="15"`, `defaultRowHeight="0"`, "is hidden", verify.ErrAltered},
		"no width by default":     {`<sheetFormatPr`, `<sheetFormatPr defaultColWidth="0.1"`, "", nil},
		"columns behind the rows": {`</sheetData>`, `</sheetData><cols><col min="1" max="2" hidden="1"/></cols>`, "Results: column A is hidden", verify.ErrAltered},
		"columns of no number":    {`<col min="1"`, `<col hidden="1" min="0"`, `it hides the columns "0" to`, verify.ErrDamaged},
	} {
		data := bytes.Replace(parts[sheet], []byte(tt.old), []byte(tt.new), 1)
		if bytes.Equal(data, parts[sheet]) {
			t.Fatalf("%s: %q is not there", name, tt.old)
		}
		packParts(t, altered, names, parts, sheet, data)
		_, err := verify.Workbook(altered, l)
		if !errors.Is(err, tt.is) || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
}

func TestVerifyNamesPropertiesThatWereAltered(t *testing.T) {
	for part, tests := range map[string]map[string]string{
		"docProps/custom.xml": {
			`name="Ledger SHA-256"><vt:lpwstr>`: `the document property "Ledger SHA-256": the ledger says "`,
			`name="Run ID"><vt:lpwstr>`:         `the document property "Run ID": the ledger says "20260302T020000Z-7f3a", the report says "x20260302T020000Z-7f3a"`,
			`name="Tenant"><vt:lpwstr>`:         `the document property "Tenant"`,
		},
		"docProps/core.xml": {
			`<dc:title>`:       `the document property "title"`,
			`<dc:subject>`:     `the document property "subject"`,
			`<dc:description>`: `the document property "description"`,
			`<dc:creator>`:     "", // every program has its own
			`<cp:keywords>`:    "",
		},
	} {
		l, path := reportOf(t, varied(), report.Options{})
		names, parts := zipParts(t, path)
		altered := filepath.Join(t.TempDir(), "report.xlsx")
		for old, want := range tests {
			data := bytes.Replace(parts[part], []byte(old), []byte(old+"x"), 1)
			if bytes.Equal(data, parts[part]) {
				t.Fatalf("%s: %q is not there", part, old)
			}
			packParts(t, altered, names, parts, part, data)
			_, err := verify.Workbook(altered, l)
			switch {
			case want == "" && err != nil:
				t.Errorf("%s: %v", old, err)
			case want != "" && (!errors.Is(err, verify.ErrAltered) || !strings.HasPrefix(err.Error(), altered+": "+want)):
				t.Errorf("%s: %v, want %s", old, err, want)
			}
		}
		left := names[:0:0]
		for _, name := range names {
			if name != part {
				left = append(left, name)
			}
		}
		if packParts(t, altered, left, parts, "", nil); len(left) == len(names) {
			t.Fatal(part)
		}
		if _, err := verify.Workbook(altered, l); err != nil {
			t.Errorf("without %s: %v", part, err)
		}
	}
}

// LibreOffice writes the whole workbook, and its properties too.
func TestVerifyPassesWhatLibreOfficeSaved(t *testing.T) {
	soffice, err := exec.LookPath("soffice")
	slow(t)
	if err != nil {
		t.Skip("LibreOffice (soffice) is not here")
	}
	l, path := reportOf(t, varied(), report.Options{})
	dir := t.TempDir()
	out, err := exec.Command(soffice, "--headless", "-env:UserInstallation=file://"+filepath.Join(dir, "profile"),
		"--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", dir, path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if _, err := verify.Workbook(filepath.Join(dir, "report.xlsx"), l); err != nil {
		t.Error(err)
	}
}
