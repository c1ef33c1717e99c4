package ingest_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"taskrecon/internal/ingest"
)

// check says what holds for every input that was read.
func check(t *testing.T, in *ingest.Input) {
	t.Helper()
	problems := in.HeaderProblems
	for i, row := range in.Rows {
		d := row.Desired
		problems += len(row.Problems)
		if d.ID == "" && len(row.Problems) == 0 && in.HeaderProblems == 0 {
			t.Fatalf("row %d has neither an id nor a problem", d.Origin().Row)
		}
		if len(d.Cells()) != len(in.Columns) || d.Origin().File == "" || d.Origin().Row <= 0 {
			t.Fatalf("row %+v under %d columns", d, len(in.Columns))
		}
		if i > 0 && d.Origin().Row <= in.Rows[i-1].Desired.Origin().Row {
			t.Fatalf("row %d follows row %d", d.Origin().Row, in.Rows[i-1].Desired.Origin().Row)
		}
		if row.SameAs >= i {
			t.Fatalf("row %d is the same as a later one", i)
		}
		wishes := slices.Collect(d.Assignments())
		for j := 1; j < len(wishes); j++ {
			before, w := wishes[j-1], wishes[j]
			bothPairs := before.Pair != "" && w.Pair != "" && before.Pair != w.Pair
			if before.Property.Index() >= w.Property.Index() && !bothPairs && len(row.Problems) == 0 {
				t.Fatalf("wishes of row %d are not in table order", d.Origin().Row)
			}
		}
	}
	if problems != len(in.Problems) {
		t.Fatalf("%d problems in all, %d at their places", len(in.Problems), problems)
	}
}

// FuzzCSV: nothing panics, and no letter of the text is lost on the way into rows and header.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{
		"id,status\na,active\n", "sep=;\nid;x\n1;2", "id,description\r\"a\",\"x\r\ny\"\r", "\xff\xfei\x00d\x00\n\x00a\x00",
		"id\tdisplayName\n\na\t<clear>\nA\tb\n", "\"a\nb,c", ",,\nid;;Insight\n;\u00a0;z\n", "id,dueDateTime\na,03/04/2026\na,2026-01-01\n",
		"id,intendedSettings.A,intendedSettings.b\na,x,<clear>\n", "Title\n\nid;status\na;\u00a0active\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		in, err := readBytes(data)
		if err != nil || in.Sheet != "" {
			return
		}
		check(t, in)
		if bytes.ContainsAny(data, "\x00\xfe\xff") || bytes.HasPrefix(bytes.ToLower(bytes.TrimPrefix(data, []byte("\ufeff"))), []byte("sep=")) {
			return
		}
		letters := func(s string) (n int) {
			for _, r := range s {
				if r >= 'A' && r <= 'z' {
					n++
				}
			}
			return n
		}
		got := letters(strings.Join(in.Columns, ""))
		for _, row := range in.Rows {
			got += letters(strings.Join(row.Desired.Cells(), ""))
		}
		if want := letters(string(data)); got != want {
			t.Fatalf("%d letters of %d arrived", got, want)
		}
	})
}

// FuzzXLSX: nothing panics.
func FuzzXLSX(f *testing.F) {
	base := sheetOf(f, "")
	for _, s := range []string{
		`<row r="1"><c r="A1" t="s"><v>0</v></c></row>`, `<row><c t="inlineStr"><is><t>id</t></is></c></row><row r="9"><c r="C9"><v>1</v></c></row>`,
		`<row r="2"><c r="B2" s="1"><v>60</v></c><c t="e"><v>#N/A</v></c></row>`, `<row><c><f>A1</f></c><c t="d"><v>2026-01-01</v></c></row>`,
		`<row r="1" hidden="1"><c t="str"><v>id</v></c></row><row ht="0"><c t="str"><v>a</v></c></row>`,
		`<row r="1"><c r="A1" t="b"><v>1</v></c><extLst><c><v>2</v></c></extLst></row>`, `<row r="1"><c t="str"><v>_xD83D__xDE00_</v></c></row>`,
	} {
		f.Add(s, "")
	}
	f.Fuzz(func(t *testing.T, rows, extra string) {
		data := patch(t, base, "xl/worksheets/sheet1.xml", func(s string) string {
			return strings.Replace(s, "</sheetData>", rows+"</sheetData>", 1)
		})
		if extra != "" {
			data = patch(t, data, "xl/sharedStrings.xml", func(s string) string { return strings.Replace(s, "</sst>", extra+"</sst>", 1) })
		}
		in, err := readBytes(data)
		if err == nil {
			check(t, in)
		}
	})
}
