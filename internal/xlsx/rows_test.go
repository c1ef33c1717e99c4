package xlsx_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/xlsx"
)

func TestCells(t *testing.T) {
	for _, tt := range []struct{ cell, want string }{
		{`<c r="B1" t="s"><v>0</v></c>`, `B:text:"shared"`},
		{`<c r="B1" t="s"><v> 0 </v></c>`, `B:text:"shared"`},
		{`<c r="B1" t="s"><v></v></c>`, `B:text:""`},
		{`<c r="B1" t="s"><v/></c>`, `B:text:""`},
		{`<c r="B1" t="s"/>`, ``},
		{`<c r="B1" s=""><v>1</v></c>`, `B:number:"1"!plain`},
		{`<c r="B1" s="1"><v>46023.5</v></c>`, `B:number:"46023.5"!date`},
		{`<c r="B1" s="2" t="n"><v> 1.50 </v></c>`, `B:number:"1.50"`},
		{`<c><v>1E5</v></c>`, `A:number:"1E5"!plain`},
		{`<c t=""><v>-1</v></c>`, `A:number:"-1"!plain`},
		{`<c><v/></c>`, `A:text:""`},
		{`<c s="1"/><c><v>2</v></c>`, `B:number:"2"!plain`},
		{`<c t="unknown"/><c><v>2</v></c>`, `B:number:"2"!plain`},
		{`<c t="b"><v>1</v></c>`, `A:bool:"1"`},
		{`<c t="e"><v>#N/A</v></c>`, `A:error:"#N/A"`},
		{`<c t="d"><v>2026-01-01T10:00:00</v></c>`, `A:date:"2026-01-01T10:00:00"`},
		{`<c t="str"><v>a_x0041_ &amp; b</v></c>`, `A:text:"aA & b"`},
		{`<c t="str"><f>A9</f><v>x</v></c>`, `A:text:"x"=`},
		{`<c t="str"><f>A9</f><v></v></c>`, `A:text:""=`},
		{`<c><f>A9</f></c>`, `A:none:""=`},
		{`<c><f>A9</f><v/></c>`, `A:none:""=`},
		{`<c><f t="shared" si="0"/><v>3</v></c>`, `A:number:"3"!plain=`},
		{`<c t="inlineStr"><is><t>a</t></is></c>`, `A:text:"a"`},
		{`<c t="inlineStr"><is><t xml:space="preserve"> a </t><r><rPr><b/></rPr><t>b</t></r><r><t>c</t></r><rPh sb="0" eb="1"><t>no</t></rPh><phoneticPr fontId="1"/></is></c>`, `A:text:" a bc"`},
		{`<c t="inlineStr"><is><t>a</t></is><v>b</v></c>`, `A:text:"a"`},
		{`<c><is><t>a</t></is><v>1</v></c>`, `A:number:"1"!plain`},
		{`<c t="str"><v>a<![CDATA[<b>]]><!-- c -->d&#10;&#x41;` + "\r\n" + `e</v></c>`, `A:text:"a<b>d\nA\ne"`},
		{`<c t="str"><v>_xD83D__xDE00_</v></c>`, `A:text:"😀"`},
		{`<c t="str"><v>_x005F_xD800_ _x12_ _x00G1_ _x0041</v></c>`, `A:text:"_xD800_ _x12_ _x00G1_ _x0041"`},
		{`<c r="C1" xmlns:x="y" x:r="D1"><v>1</v></c>`, `C:number:"1"!plain`},
		{`<c t="inlineStr"><is><t></t></is><v>b</v></c>`, `A:text:""`},
		{`<c t="inlineStr"><is><r><t>_</t></r><r><t>x0041_</t></r></is></c>`, `A:text:"_x0041_"`},
		{`<extLst><c><v>9</v></c></extLst><c><v>1</v><extLst><ext><v>2</v></ext></extLst></c>`, `A:number:"1"!plain`},
	} {
		got, err := read(sheetOf(t, `<row r="1">`+tt.cell+`</row>`))
		if want := strings.TrimRight("1 "+tt.want, " ") + "\n"; err != nil || got.String() != want {
			t.Errorf("%s: got %s, %v, want %s", tt.cell, got, err, want)
		}
	}
}

func TestRows(t *testing.T) {
	got, err := read(sheetOf(t, `<row><c><v>1</v></c></row><row r="4" hidden="1"/><row ht="0"><c r="C5"><v>2</v></c><c><v>3</v></c></row>
	<row r="9" ht="15" hidden="0"><c t="b"><v>0</v></c></row>`))
	want := "1 A:number:\"1\"!plain\n4 hidden\n5 hidden C:number:\"2\"!plain D:number:\"3\"!plain\n9 A:bool:\"0\"\n"
	if err != nil || got.String() != want {
		t.Errorf("got\n%s%v, want\n%s", got, err, want)
	}
	zero := patch(t, sheetOf(t, `<row><c><v>1</v></c></row><row ht="15"><c><v>2</v></c></row>`), sheetPart, func(s string) string {
		return strings.Replace(s, "<sheetData>", `<sheetFormatPr zeroHeight="1"/><sheetData>`, 1)
	})
	if got, err := read(zero); err != nil || !got.rows[0].Hidden || got.rows[1].Hidden {
		t.Errorf("rows without a height: %s, %v", got, err)
	}
}

// TestSizesHide covers sheets whose rows and columns have next to no size unless they say otherwise.
func TestSizesHide(t *testing.T) {
	slim := patch(t, sheetOf(t, `<row r="1"><c><v>1</v></c></row><row r="2" ht="15"><c><v>2</v></c></row>`), sheetPart, func(s string) string {
		return strings.Replace(s, "<sheetData>", `<sheetFormatPr defaultRowHeight="0.5" defaultColWidth="0.1"/><cols><col min="2" max="3" width="9"/><col min="4" max="4" width="0.4"/></cols><sheetData>`, 1)
	})
	got, err := read(slim)
	must(t, err)
	if !got.rows[0].Hidden || got.rows[1].Hidden {
		t.Errorf("rows: %s", got)
	}
	for column, want := range map[int]bool{1: true, 2: false, 3: false, 4: true, 5: true} {
		if got.layout.HidesColumn(column) != want {
			t.Errorf("column %d: %v", column, !want)
		}
	}
}

func TestLayout(t *testing.T) {
	got, err := read(book(t, func(f *excelize.File) {
		must(t, f.SetCellInt("Tasks", "A1", 1))
		must(t, f.SetColVisible("Tasks", "B:C", false))
		must(t, f.SetColWidth("Tasks", "F", "F", 0))
		must(t, f.MergeCell("Tasks", "A2", "AB3"))
	}))
	must(t, err)
	if text := fmt.Sprint(got.layout.Merges); text != "[A2:AB3]" || got.layout.Merges[0].Single() {
		t.Errorf("merges %s", text)
	}
	for column := 1; column < 8; column++ {
		if want := column == 2 || column == 3 || column == 6; got.layout.HidesColumn(column) != want {
			t.Errorf("column %s hidden: %t", xlsx.ColumnName(column), !want)
		}
	}
}

func TestSheets(t *testing.T) {
	data := book(t, func(f *excelize.File) {
		_, err := f.NewSheet("Other")
		must(t, err)
		f.SetActiveSheet(1)
		must(t, f.SetSheetVisible("Tasks", false))
		must(t, f.SetCellInt("Tasks", "A1", 1))
		yes := true
		must(t, f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &yes}))
		must(t, f.AddChartSheet("Chart", &excelize.Chart{Type: excelize.Col, Series: []excelize.ChartSeries{{Values: "Other!$A$1"}}}))
	})
	b, err := xlsx.Open(data)
	must(t, err)
	got := ""
	for _, s := range b.Sheets {
		got += fmt.Sprintf("%s %t %t, ", s.Name, s.Hidden, s.Worksheet)
	}
	if got != "Tasks true true, Other false true, Chart false false, " || !b.Date1904 {
		t.Errorf("%s%t", got, b.Date1904)
	}
}

// Parts may lie anywhere, under names of any case, and be named by any prefix.
func TestPartsElsewhere(t *testing.T) {
	data := repack(t, sample(t), func(name, content string) (string, string) {
		content = strings.NewReplacer("xl/workbook.xml", "Book/Main.xml", "/xl/", "/book/", `Target="worksheets/sheet1.xml"`, `Target="/BOOK/Data/One.XML"`).Replace(content)
		switch name {
		case "xl/workbook.xml":
			name, content = "book/main.xml", strings.NewReplacer("xmlns:r=", "xmlns:d2p1=", "r:id=", "d2p1:id=").Replace(content)
		case "xl/_rels/workbook.xml.rels":
			name = "Book/_RELS/Main.xml.rels"
		case sheetPart:
			name = "book/data/one.xml"
		default:
			name = strings.Replace(name, "xl/", `Book\`, 1)
		}
		return name, content
	})
	want, err := read(sample(t))
	must(t, err)
	if got, err := read(data); err != nil || got.String() != want.String() {
		t.Errorf("%v\n%s", err, got)
	}
}

// Of markup with alternatives the fallback counts, but not where it could change what a cell holds.
func TestAlternatives(t *testing.T) {
	const alternatives = `<mc:AlternateContent xmlns:mc="m"><mc:Choice Requires="x"><%[1]s numFmtId="14"/><%[1]s numFmtId="2"/></mc:Choice><mc:Fallback><%[1]s numFmtId="%[2]s"/></mc:Fallback></mc:AlternateContent>`
	data := patch(t, sheetOf(t, `<row><c s="0"><v>1</v></c><c s="1"><v>1</v></c><c s="2"><v>1</v></c></row>`), stylesPart, func(s string) string {
		at := strings.Index(s, "<cellXfs")
		at += strings.Index(s[at:], ">") + 1
		return s[:at] + fmt.Sprintf(alternatives, "xf", "14") + s[at:]
	})
	if got, err := read(data); err != nil || got.String() != `1 A:number:"1"!date B:number:"1"!plain C:number:"1"!date`+"\n" {
		t.Errorf("%v\n%s", err, got)
	}
	for _, rows := range []string{fmt.Sprintf(alternatives, "row", "1"), "<row>" + fmt.Sprintf(alternatives, "c", "1") + "</row>", "<row><c>" + fmt.Sprintf(alternatives, "v", "1") + "</c></row>"} {
		if _, err := read(sheetOf(t, rows)); err == nil || !strings.Contains(err.Error(), "alternatives") {
			t.Errorf("%s: %v", rows, err)
		}
	}
}
