package ingest_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/ingest"
	"taskrecon/internal/task"
)

func TestXLSXRow(t *testing.T) {
	when := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	data := book(t, func(f *excelize.File) {
		_, err := f.NewSheet("Other")
		must(t, err)
		setRow(t, f, 3, "ID", "Status", "Due Date Time", "Managed Device Count", "Description", "Checked", "Size", "Done")
		setRow(t, f, 4, "a-1", "Active", when, 12, " two\nlines ", when, 1.5, true)
		setRow(t, f, 7, "a-2", nil, "2026-01-02 03:04", nil, "x_y & <b>")
		setRow(t, f, 9, "a-3", nil, nil, nil, nil, nil, nil, nil, "loose")
	})
	in := readBook(t, data, ingest.Options{})
	if len(in.Problems) > 0 || len(in.Rows) != 3 {
		t.Fatalf("%d rows, problems:\n%s", len(in.Rows), messages(in))
	}
	want := map[string]string{"status": "active", "dueDateTime": "2026-03-04T05:06:07Z", "managedDeviceCount": "12", "description": " two\nlines "}
	if got := wishesOf(in, 0); !maps.Equal(got, want) {
		t.Errorf("wishes %q", got)
	}
	if got := wishesOf(in, 1)["description"]; got != "x_y & <b>" {
		t.Errorf("description %q", got)
	}
	if o := in.Rows[1].Desired.Origin(); o != (task.Origin{File: "in.xlsx", Sheet: "Tasks", Row: 7}) {
		t.Errorf("origin %+v", o)
	}
	if got := strings.Join(in.Rows[0].Desired.Cells(), "|"); got != "a-1|Active|2026-03-04T05:06:07Z|12| two\nlines |2026-03-04 05:06:07|1.5|TRUE|" {
		t.Errorf("cells %q", got)
	}
	if len(in.Columns) != 9 || in.Columns[8] != "" || !strings.Contains(strings.Join(in.Notices, "\n"), "I (no header)") {
		t.Errorf("columns %q notices %q", in.Columns, in.Notices)
	}
}

func TestXLSXCells(t *testing.T) {
	const header = `<row r="1"><c r="A1" t="str"><v>id</v></c><c r="B1" t="inlineStr"><is><t>%s</t></is></c><c r="C1" t="str"><v>insights</v></c></row>`
	const row = header + `<row r="2"><c r="A2" t="str"><v>a</v></c>%s</row>`
	for _, tt := range []struct{ column, cell, value, problem string }{
		{"dueDateTime", `<c r="B2" s="1"><v>46023</v></c>`, "2026-01-01T00:00:00Z", ""},
		{"dueDateTime", `<c r="B2" s="2"><v>46023.5000000116</v></c>`, "2026-01-01T12:00:00.001Z", ""},
		{"dueDateTime", `<c r="B2" t="d"><v>2026-01-01T10:00:00</v></c>`, "2026-01-01T10:00:00Z", ""},
		{"dueDateTime", `<c r="B2" s="1"><f>TODAY()</f><v>46023</v></c>`, "2026-01-01T00:00:00Z", ""},
		{"dueDateTime", `<c r="B2"><v>46023</v></c>`, "", `in.xlsx: Tasks!B2: dueDateTime "46023" is a number, not a date cell; format the cell as a date, or write a text such as 2026-12-24`},
		{"dueDateTime", `<c r="B2" s="3"><v>46023</v></c>`, "", `is a number, not a date cell`},
		{"dueDateTime", `<c r="B2" s="1"><v>60</v></c>`, "", `in.xlsx: Tasks!B2: dueDateTime "60" is 29 February 1900`},
		{"dueDateTime", `<c r="B2" s="1"><v>0.5</v></c>`, "", `time of day without a date`},
		{"dueDateTime", `<c r="B2" s="1"><v>-1</v></c>`, "", `negative day number`},
		{"dueDateTime", `<c r="B2" s="1"><v>2958466</v></c>`, "", `after the year 9999`},
		{"dueDateTime", `<c r="B2" t="b"><v>1</v></c>`, "", `dueDateTime is a logical value`},
		{"status", `<c r="B2" t="e"><v>#N/A</v></c>`, "", `in.xlsx: Tasks!B2: status is the error #N/A, not a value`},
		{"status", `<c r="B2" t="str"><f>A9</f><v>#REF!</v></c>`, "", `status is the error #REF!`},
		{"status", `<c r="B2"><f>A9</f></c>`, "", `status is a formula whose result the file does not hold`},
		{"status", `<c r="B2"><f>A9</f><v></v></c>`, "", `status is a formula whose result`},
		{"status", `<c r="B2" t="str"><f>A9</f><v></v></c>`, "", ""},
		{"status", `<c r="B2" t="str"><f>A9</f><v>active</v></c>`, "active", ""},
		{"status", `<c r="B2"><v>1</v></c>`, "", `status "1" is not a status`},
		{"displayName", `<c r="B2"><v>2024</v></c>`, "2024", ""},
		{"displayName", `<c r="B2"><v>1.25</v></c>`, "1.25", ""},
		{"displayName", `<c r="B2" s="4"><v>1.5</v></c>`, "", `displayName is the number "1.5", which the sheet may show in another form`},
		{"displayName", `<c r="B2"><v>1E+20</v></c>`, "", `displayName is the number "1E+20"`},
		{"displayName", `<c r="B2"><v>1234567890123456</v></c>`, "", `enter it as text`},
		{"displayName", `<c r="B2" s="1"><v>46023</v></c>`, "", `displayName is a date cell; enter it as text`},
		{"displayName", `<c r="B2" t="b"><v>0</v></c>`, "", `displayName is a logical value`},
		{"displayName", `<c r="B2" t="inlineStr"><is><r><t>rich</t></r><r><t xml:space="preserve"> run</t></r><rPh sb="0" eb="1"><t>no</t></rPh></is></c>`, "rich run", ""},
		{"displayName", `<c r="B2" t="inlineStr"><is><t>a_x000D_&#10;b_x005F_x0041_</t></is></c>`, "a\r\nb_x0041_", ""},
		{"displayName", `<c r="B2" t="str"><v>a_x000D_b</v></c>`, "a\rb", ""},
		{"displayName", `<c r="B2" t="inlineStr"><is><t>a_x0007_</t></is></c>`, "", `displayName holds the control character U+0007`},
		{"displayName", `<c r="B2" t="s"><v>0</v></c>`, "x", ""},
		{"managedDeviceCount", `<c r="B2"><v>12.0</v></c>`, "12", ""},
		{"managedDeviceCount", `<c r="B2"><v>12.5</v></c>`, "", `is not a whole number`},
		{"managedDeviceCount", `<c r="B2" s="1"><v>12</v></c>`, "", `is a date cell`},
		{"Own", `<c r="B2" t="e"><v>#N/A</v></c>`, "", ""},
		{"Own", `<c r="B2"><f>A1</f></c>`, "", ""},
	} {
		in := readBook(t, sheetOf(t, fmt.Sprintf(row, tt.column, tt.cell)), ingest.Options{})
		got := messages(in)
		if tt.problem == "" && got != "" || tt.problem != "" && (len(in.Problems) != 1 || !strings.Contains(got, tt.problem)) {
			t.Errorf("%s %s: problems\n%s\nwant\n%s", tt.column, tt.cell, got, tt.problem)
		}
		if got := wishesOf(in, 0)[tt.column]; got != tt.value {
			t.Errorf("%s %s: %q, want %q", tt.column, tt.cell, got, tt.value)
		}
	}
}

func TestXLSXID(t *testing.T) {
	in := readBook(t, sheetOf(t, `<row><c t="str"><v>id</v></c><c/><c t="str"><v>status</v></c></row><row><c><v>1E+15</v></c></row><row><c/><c t="str"><v>mine</v></c></row><row><c><f>B1</f></c></row>`), ingest.Options{})
	want := `in.xlsx: Tasks!A2: the id "1E+15" is a number cell, and a spreadsheet rounds numbers; enter it as text
in.xlsx: Tasks!A3: the row has no id
in.xlsx: Tasks!A4: id is a formula whose result the file does not hold; open the file in Excel, let it calculate, and save it`
	if got := messages(in); got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestDate1904AndZone(t *testing.T) {
	zone := time.FixedZone("", 2*3600)
	yes := true
	data := book(t, func(f *excelize.File) {
		setRow(t, f, 1, "id", "dueDateTime")
		must(t, f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &yes}))
		setRow(t, f, 2, "a")
		style, err := f.NewStyle(&excelize.Style{NumFmt: 22})
		must(t, err)
		must(t, f.SetCellFloat("Tasks", "B2", 44561, -1, 64))
		must(t, f.SetCellStyle("Tasks", "B2", "B2", style))
	})
	in := readBook(t, data, ingest.Options{Format: task.Format{Zone: zone}})
	if got := wishesOf(in, 0)["dueDateTime"]; got != "2025-12-31T22:00:00Z" {
		t.Errorf("got %q\n%s", got, messages(in))
	}
}

func TestSerialTime(t *testing.T) {
	cases := []struct {
		serial string
		d1904  bool
		want   string
	}{
		{"1", false, "1900-01-01"},
		{"59", false, "1900-02-28"},
		{"61", false, "1900-03-01"},
		{"46023.999999994", false, "2026-01-01 23:59:59.999"},
		{"46023.9999999999", false, "2026-01-02"},
		{"42248.932638888888", false, "2015-09-01 22:23:00"},
		{"2958465", false, "9999-12-31"},
		{"1", true, "1904-01-02"},
		{"2957003", true, "9999-12-31"},
		{"59.9999999999", false, ""},
		{"60.5", false, ""},
		{"0", false, ""},
		{"-0.1", false, ""},
		{"2957004", true, ""},
		{"2958465.9999999999", false, ""},
		{"1e308", false, ""},
	}
	for _, d1904 := range []bool{false, true} {
		cells := ""
		for _, tt := range cases {
			cells += `<c s="1"><v>` + tt.serial + `</v></c>`
		}
		data := patch(t, sheetOf(t, `<row r="1"><c t="str"><v>id</v></c></row><row r="2"><c t="str"><v>a</v></c>`+cells+`</row>`), "xl/workbook.xml", func(s string) string {
			return strings.Replace(s, "<workbookPr", fmt.Sprintf(`<workbookPr date1904="%t"`, d1904), 1)
		})
		row := readBook(t, data, ingest.Options{}).Rows[0].Desired
		for i, tt := range cases {
			if tt.want == "" {
				tt.want = tt.serial // which no date-time stands for
			}
			if got := row.Cell(i + 1); tt.d1904 == d1904 && got != tt.want {
				t.Errorf("%s (1904 %t): got %q, want %q", tt.serial, tt.d1904, got, tt.want)
			}
		}
	}
}

func TestChooseSheet(t *testing.T) {
	data := book(t, func(f *excelize.File) {
		setRow(t, f, 1, "id", "status")
		_, err := f.NewSheet("Seen")
		must(t, err)
		must(t, f.SetSheetRow("Seen", "A1", &[]any{"id", "Owner"}))
		f.SetActiveSheet(1)
		must(t, f.SetSheetVisible("Tasks", false))
		must(t, f.AddChartSheet("Chart", &excelize.Chart{Type: excelize.Col, Series: []excelize.ChartSeries{{Values: "Seen!$A$1"}}}))
	})
	for name, want := range map[string]string{"": "Seen", "sEEN": "Seen", "tasks": "Tasks"} {
		if in := readBook(t, data, ingest.Options{Sheet: name}); in.Sheet != want {
			t.Errorf("sheet %q: got %q", name, in.Sheet)
		}
	}
	path := write(t, "in.xlsx", data)
	if _, err := ingest.Read(path, ingest.Options{Sheet: "Nope"}); err == nil || err.Error() != `in.xlsx: has no worksheet "Nope"; it has "Tasks", "Seen"` {
		t.Errorf("%v", err)
	}
	if _, err := ingest.Read(path, ingest.Options{Sheet: "Chart"}); err == nil || !strings.Contains(err.Error(), "is a chart or dialog") {
		t.Errorf("%v", err)
	}
}
