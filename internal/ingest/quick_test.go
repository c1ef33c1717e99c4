package ingest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"taskrecon/internal/task"
)

// reading is all that a way of reading a sheet tells.
type reading struct {
	rows  []record
	shown layout
	err   error
}

// readEveryWay reads each worksheet of a workbook quickly and carefully; the quick one is nil where the shared
// strings or the workbook as a whole are left to the careful reading.
func readEveryWay(data []byte, each func(sheet string, quick *reading, careful reading)) error {
	a, err := openArchive(data)
	if err != nil {
		return err
	}
	w, err := a.workbook()
	if err != nil {
		return err
	}
	o := Options{TmpDir: os.TempDir()}
	rd := &xlsxReader{data: data, archive: a, workbook: w, options: o}
	if err := rd.prepare(); err != nil {
		return err
	}
	careful := &xlsxReader{data: data, archive: a, workbook: w, options: o, formats: rd.formats}
	strings, stringsErr := readSharedStrings(w.strings)
	careful.strings = strings
	for i := range w.sheets {
		s := &w.sheets[i]
		if !s.worksheet || s.part == nil {
			continue
		}
		slow := reading{err: stringsErr}
		if stringsErr == nil {
			slow.shown, slow.err = careful.read(s, slow.keep)
		}
		var quick *reading
		if rd.quick && a.finds(w, s) {
			quick = &reading{}
			quick.shown, quick.err = rd.readQuickly(s, quick.keep())
		}
		each(s.name, quick, slow)
	}
	return nil
}

func (r *reading) keep() func(record) error {
	r.rows = nil
	return func(rec record) error {
		rec.cells, rec.share = slices.Clone(rec.cells), 0
		for i := range rec.cells {
			rec.cells[i].text, rec.cells[i].kept = strings.Clone(rec.cells[i].text), false
		}
		if len(rec.cells) == 0 {
			rec.cells = nil
		}
		r.rows = append(r.rows, rec)
		return nil
	}
}

// mustAgree demands that what was read quickly is what careful reading reads, and says how many sheets were.
func mustAgree(t interface {
	Helper()
	Errorf(string, ...any)
}, name string, data []byte,
) (quickly, all int) {
	t.Helper()
	readEveryWay(data, func(sheet string, quick *reading, careful reading) {
		all++
		if quick == nil || quick.err == errUnknown {
			return
		}
		quickly++
		switch {
		case quick.err != nil || careful.err != nil:
			t.Errorf("%s, sheet %q: quick reading says %v, careful reading %v", name, sheet, quick.err, careful.err)
		case !reflect.DeepEqual(quick.rows, careful.rows):
			t.Errorf("%s, sheet %q: two readings differ\nquick   %+v\ncareful %+v", name, sheet, quick.rows, careful.rows)
		case !reflect.DeepEqual(quick.shown, careful.shown):
			t.Errorf("%s, sheet %q: two layouts differ\nquick   %+v\ncareful %+v", name, sheet, quick.shown, careful.shown)
		}
	})
	return quickly, all
}

func TestQuickCorpus(t *testing.T) {
	quickly, all := 0, 0
	for _, file := range corpusFiles(t) {
		if strings.HasSuffix(file, ".csv") {
			continue
		}
		data, err := os.ReadFile(file)
		must(t, err)
		q, n := mustAgree(t, filepath.Base(file), data)
		quickly, all = quickly+q, all+n
	}
	t.Logf("%d of %d sheets were read quickly", quickly, all)
	if quickly*2 < all {
		t.Errorf("only %d of %d sheets were read quickly", quickly, all)
	}
}

// The project's own workbooks, and those that it writes.
func TestQuickOwnWorkbooks(t *testing.T) {
	samples, err := filepath.Glob(filepath.Join("..", "..", "samples", "*.xlsx"))
	must(t, err)
	if len(samples) == 0 {
		t.Error("there are no samples")
	}
	for _, path := range samples {
		if quickly, all := mustAgree(t, path, readFileOf(t, path)); quickly != all {
			t.Errorf("%s: %d of %d sheets were read quickly", path, quickly, all)
		}
	}
	path, drawn := filepath.Join(t.TempDir(), "tasks.xlsx"), 0
	rapid.Check(t, func(rt *rapid.T) {
		if drawn++; drawn > mostDrawn() {
			return
		}
		if _, err := WriteSheet(path, genRows(rt), SheetOptions{Columns: task.All(), Source: exported, Overwrite: true}); err != nil {
			rt.Fatal(err)
		}
		mustAgree(rt, "an export", readFileOf(t, path))
	})
}

// TestQuickReads is for what must not fall back, or its speed is lost.
func TestQuickReads(t *testing.T) {
	for name, data := range map[string][]byte{
		"excelize's cells": sample(t),
		"inline":           readFileOf(t, benchXLSX(t, 50, false)),
		"shared":           readFileOf(t, benchXLSX(t, 50, true)),
		"streamed": book(t, func(f *excelize.File) {
			w, err := f.NewStreamWriter("Tasks")
			must(t, err)
			must(t, w.SetRow("A1", []any{"id", "description"}, excelize.RowOpts{Height: 20}))
			must(t, w.SetRow("A3", []any{"é & <a>", 1.5, true, nil, excelize.Cell{Formula: "A1", Value: "x"}}, excelize.RowOpts{Hidden: true}))
			must(t, w.MergeCell("A1", "B1"))
			must(t, w.Flush())
		}),
	} {
		if quickly, all := mustAgree(t, name, data); quickly != all || all == 0 {
			t.Errorf("%s: %d of %d sheets were read quickly", name, quickly, all)
		}
	}
}

// The whole input is the same, whichever way it was read.
func TestQuickInput(t *testing.T) {
	for _, path := range []string{benchXLSX(t, 50, true), benchXLSX(t, 50, false), filepath.Join("..", "..", "samples", "mistakes.xlsx")} {
		quick, err := Read(path, Options{TmpDir: t.TempDir()})
		must(t, err)
		careful, err := Read(path, Options{TmpDir: t.TempDir(), careful: true})
		must(t, err)
		if len(quick.Rows) == 0 || !reflect.DeepEqual(quick, careful) {
			t.Errorf("%s: two readings differ", path)
		}
	}
}

func readFileOf(t testing.TB, path string) []byte {
	data, err := os.ReadFile(path)
	must(t, err)
	return data
}

// TestQuickUnknown is what quick reading must leave to the careful one.
func TestQuickUnknown(t *testing.T) {
	const cell = `<row r="1"><c r="A1" t="str"><v>id</v></c>%s</row>`
	for _, odd := range []string{
		`<c r="B1" t="s"><v>99</v></c>`, `<c r="B1" t="s"><v></v></c>`, `<c r="B1" t="q"><v>1</v></c>`, `<c r="B2"><v>1</v></c>`, `<c r="A1"><v>1</v></c>`,
		`<c r="b1"><v>1</v></c>`, `<c r="B01"><v>1</v></c>`, `<c r="XFE1"><v>1</v></c>`, `<c r="B1" r="C1"><v>1</v></c>`, `<c r="B1" x:r="C1"><v>1</v></c>`,
		`<c r="B1"><v>1</v><v>2</v></c>`, `<c r="B1"><v>x</v></c>`, `<c r="B1"><v>0x10</v></c>`, `<c r="B1" s="99"><v>1</v></c>`, `<c r="B1" s="-1"><v>1</v></c>`,
		`<c r="B1" t="str"><v><![CDATA[x]]></v></c>`, `<c r="B1" t="str"><v>x<!-- y --></v></c>`, `<c r="B1" t="str"><v>x<?y?></v></c>`,
		`<c r="B1" t="str"><v>]]></v></c>`, `<c r="B1" t="str"><v>&nbsp;</v></c>`, `<c r="B1" t="str"><v>&#1;</v></c>`, `<c r="B1" t="str"><v>&#xD800;</v></c>`,
		"<c r=\"B1\" t=\"str\"><v>\x01</v></c>", "<c r=\"B1\" t=\"str\"><v>\xff</v></c>", "<c r=\"B1\" t=\"str\"><v>\uffff</v></c>",
		`<c r="B1" t="inlineStr"><is><t>_xD83D__xDE00_</t></is></c>`, `<c r="B1" t="inlineStr"><is><t>a</t><t>b</t></is></c>`,
		`<c r="B1" t="inlineStr"><is><t>a</t></is><v>b</v></c>`, `<c r="B1" t="inlineStr"><is><r><t>a</t><rPr><sz val="x"/></rPr></r></is></c>`,
		`<c r="B1"><is><t>a</t></is></c>`, `<c r="B1"><v>1</w></c>`, `<c r="B1"><v>1</v>`, `<c r="B1" ><v>1</v></c >`, `<x:c r="B1"><v>1</v></x:c>`,
		`<extLst><ext/></extLst>`, `text`, `<c r="B1"><f si="x">A1</f><v>1</v></c>`, `<c r="B1" t="b"><v>2</v></c>`, `</row><row r="1">`, `</row><row r="0">`, `</row><col/><row>`,
	} {
		data := sheetOf(t, fmt.Sprintf(cell, odd))
		mustAgree(t, odd, data)
		err := readEveryWay(data, func(sheet string, quick *reading, _ reading) {
			if quick == nil || quick.err != errUnknown {
				t.Errorf("%s was not tried, or was read quickly: %+v", odd, quick)
			}
		})
		must(t, err)
	}
}

// Texts and tags as programs write them, and as no program should.
var (
	oddTexts = []string{"", "id", " a ", "1", "-1.50", "1e5", "TRUE", "0", "&amp;&lt;&#10;&#x41;", "é", "a\r\nb\rc", "_x000D_", "_x005F_x0041_", "_x00G1_", "_xD83D_", "a]]b", "x_y", "\u00a0", "#N/A", "<!--c-->", "<![CDATA[d]]>", "&bad;", "2026-01-01"}
	oddTypes = []string{"", "", ` t="s"`, ` t="str"`, ` t="inlineStr"`, ` t="n"`, ` t="b"`, ` t="e"`, ` t="d"`, ` t='s'`, ` t="x"`}
	oddAttrs = []string{"", "", "", ` s="1"`, ` s="2"`, ` s="9"`, ` cm="1"`, ` x:s="1"`, `  `, "\n", ` ph='1'`}
	oddRows  = []string{"", "", ` spans="1:3"`, ` hidden="1"`, ` ht="0"`, ` ht="15" customHeight="1"`, ` x14ac:dyDescent="0.25"`, ` hidden="0"`, ` r="7"`, ` ht="-1"`}
	oddForms = []string{"", "", "", "<f>A1</f>", "<f/>", `<f t="shared" ref="A1:A2" si="0">A1&amp;"x"</f>`, `<f ca="1">NOW()</f>`, `<f aca="false">A1</f>`, `<f bx="1">A1</f>`}
	oddParts = []string{"", "", "", "", " ", "\n", "<row/>", "<!-- x -->", "<rows/>", "x"}
	oddCells = []string{"<is><t>%s</t></is>", `<is><t xml:space="preserve">%s</t></is>`, "<is><r><t>%s</t></r><r><rPr><b/><sz val=\"11\"/><color theme=\"1\"/></rPr><t> x</t></r></is>", "<v>%s</v>", "<v>%s</v>", "<v/>", `<v xml:space="preserve">%s</v>`, "<is><t>%s</t><rPh sb=\"0\" eb=\"1\"><t>y</t></rPh></is>", "<is/>"}
)

func genSheet(t *rapid.T) string {
	pick := func(of []string, name string) string { return rapid.SampledFrom(of).Draw(t, name) }
	var b strings.Builder
	for row := range rapid.IntRange(0, 4).Draw(t, "rows") {
		b.WriteString(pick(oddParts, "between") + "<row")
		if rapid.Bool().Draw(t, "numbered") {
			fmt.Fprintf(&b, ` r="%d"`, row*2+1)
		}
		b.WriteString(pick(oddRows, "row") + ">")
		for column := range rapid.IntRange(0, 4).Draw(t, "cells") {
			b.WriteString("<c" + pick(oddTypes, "type") + pick(oddAttrs, "attribute"))
			if rapid.Bool().Draw(t, "placed") {
				fmt.Fprintf(&b, ` r="%s%d"`, columnName(column*2+1), row*2+1)
			}
			b.WriteString(">" + pick(oddForms, "formula"))
			content := pick(oddCells, "content")
			if strings.Contains(content, "%s") {
				content = fmt.Sprintf(content, pick(oddTexts, "text"))
			}
			b.WriteString(content + "</c>" + pick(oddParts[:6], "behind"))
		}
		b.WriteString("</row>")
	}
	return b.String()
}

// What is read quickly is what is read carefully, whatever the sheet and the shared strings hold.
func TestQuickAgrees(t *testing.T) {
	base := sheetOf(t, "")
	drawn, quickly, all := 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		if drawn++; drawn > 25*mostDrawn() {
			return
		}
		rows := genSheet(rt)
		data := patch(t, base, "xl/worksheets/sheet1.xml", func(s string) string { return strings.Replace(s, "</sheetData>", rows+"</sheetData>", 1) })
		if rapid.Bool().Draw(rt, "strings") {
			items := ""
			for range rapid.IntRange(0, 3).Draw(rt, "items") {
				text := rapid.SampledFrom(oddTexts).Draw(rt, "item")
				items += fmt.Sprintf(rapid.SampledFrom([]string{"<si><t>%s</t></si>", "<si><r><rPr><b/><family val=\"2\"/></rPr><t>%s</t></r></si>\n", "<si>%s<t/></si>", "<si><t>%[1]s</t><phoneticPr fontId=\"1\"/></si>"}).Draw(rt, "form"), text)
			}
			data = patch(t, data, "xl/sharedStrings.xml", func(s string) string { return strings.Replace(s, "</sst>", items+"</sst>", 1) })
		}
		q, n := mustAgree(rt, rows, data)
		quickly, all = quickly+q, all+n
	})
	t.Logf("%d of %d sheets were read quickly", quickly, all)
	if quickly*20 < all {
		t.Errorf("only %d of %d sheets were read quickly", quickly, all)
	}
}

// Sheets that were altered somewhere: quick reading reads none of them otherwise than careful reading, and none that it refuses.
func TestQuickAgreesOnDamage(t *testing.T) {
	base := sheetOf(t, "")
	const good = `<row r="1" hidden="1"><c r="A1" t="inlineStr"><is><t>%s</t></is></c><c s="1"><f>A1</f><v>1</v></c></row><row r="2" ht="15"><c t="s"><v>1</v></c><c r="C2" t="str"><v>%[1]s</v></c></row>`
	random := rand.New(rand.NewPCG(1, 2))
	quickly, all := 0, 0
	for range 8 * min(mostDrawn(), 400) {
		rows := []byte(fmt.Sprintf(good, oddTexts[random.IntN(len(oddTexts))]))
		for range random.IntN(4) {
			i := random.IntN(len(rows))
			switch random.IntN(4) {
			case 0:
				rows[i] ^= 1 << random.IntN(8)
			case 1:
				rows = slices.Delete(rows, i, i+1)
			case 2:
				rows = append(rows[:i:i], rows[random.IntN(len(rows)):]...)
			case 3:
				const signs = `<>/"'&;=rcvtis01 :_`
				rows[i] = signs[random.IntN(len(signs))]
			}
		}
		data := patch(t, base, "xl/worksheets/sheet1.xml", func(s string) string {
			return strings.Replace(s, "</sheetData>", string(rows)+"</sheetData>", 1)
		})
		data = patch(t, data, "xl/sharedStrings.xml", func(s string) string { return strings.Replace(s, "</sst>", "<si><t>b</t></si></sst>", 1) })
		q, n := mustAgree(t, string(rows), data)
		quickly, all = quickly+q, all+n
	}
	t.Logf("%d of %d sheets were read quickly", quickly, all)
	if quickly == 0 || quickly == all {
		t.Errorf("%d of %d sheets were read quickly", quickly, all)
	}
}

// FuzzQuick looks for a sheet that the two ways of reading read otherwise.
func FuzzQuick(f *testing.F) {
	base := sheetOf(f, "")
	for _, s := range oddTexts {
		f.Add(`<row r="1"><c r="A1" t="str"><v>`+s+`</v></c></row>`, "<si><t>"+s+"</t></si>", "")
		f.Add(`<row r="1" hidden="1"><c r="A1" t="inlineStr"><is><t>`+s+`</t></is></c><c s="1"><f>A1</f><v>1</v></c></row>`, "", "<mergeCells><mergeCell ref=\"A1:B2\"/></mergeCells>")
	}
	f.Fuzz(func(t *testing.T, rows, items, tail string) {
		data := patch(t, base, "xl/worksheets/sheet1.xml", func(s string) string {
			return strings.Replace(s, "</sheetData>", rows+"</sheetData>"+tail, 1)
		})
		data = patch(t, data, "xl/sharedStrings.xml", func(s string) string { return strings.Replace(s, "</sst>", items+"</sst>", 1) })
		mustAgree(t, rows, data)
	})
}
