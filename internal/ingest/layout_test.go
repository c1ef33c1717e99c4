package ingest_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"taskrecon/internal/ingest"

	"github.com/xuri/excelize/v2"
)

// laidOut is a workbook with three rows; change does to it what people do.
func laidOut(t testing.TB, change func(f *excelize.File)) []byte {
	return book(t, func(f *excelize.File) {
		setRow(t, f, 1, "id", "status", "Owner", "displayName")
		for i := 2; i <= 5; i++ {
			setRow(t, f, i, fmt.Sprintf("a-%d", i), "active", "me", fmt.Sprintf("name %d", i))
		}
		change(f)
	})
}

func TestHeaderRow(t *testing.T) {
	data := book(t, func(f *excelize.File) {
		setRow(t, f, 1, "March reassignment", nil, "stauts")
		setRow(t, f, 3, "of", "Bob")
		setRow(t, f, 4, "Task ID", "Status")
		setRow(t, f, 5, "a", "actve")
		setRow(t, f, 6, "b", "active")
	})
	in := readBook(t, data, ingest.Options{})
	want := `in.xlsx: Tasks row 1: the first row is no header, since no column is named id; row 4 looks like one: say --header-row 4`
	if got := messages(in); got != want || in.HeaderProblems != 1 || len(in.Rows[0].Problems) > 0 {
		t.Errorf("got\n%s", got)
	}
	in = readBook(t, data, ingest.Options{HeaderRow: 4})
	if got := messages(in); in.Header != 4 || len(in.Rows) != 2 || !strings.HasPrefix(got, `in.xlsx: Tasks!B5: status "actve"`) || in.Rows[1].Desired.Origin().Row != 6 {
		t.Errorf("%d rows\n%s", len(in.Rows), got)
	}
	for _, row := range []int{2, 100} {
		_, err := ingest.Read(write(t, "in.xlsx", data), ingest.Options{HeaderRow: row})
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("has nothing in row %d, which --header-row names", row)) {
			t.Errorf("row %d: %v", row, err)
		}
	}
	const text = "Export of 2026-01-01, by Bob\n\nid;status\na;active\n"
	if in := readText(t, text); !strings.Contains(messages(in), "row 3 looks like one: say --header-row 3") {
		t.Errorf("got\n%s", messages(in))
	}
	in, err := readWith(t, text, ingest.Options{HeaderRow: 3})
	if err != nil || len(in.Problems) > 0 || in.Rows[0].Desired.ID != "a" {
		t.Errorf("%v %+v", err, in)
	}
	if in := readText(t, "x\n"+strings.Repeat("y\n", 30)+"id\na\n"); strings.Contains(messages(in), "--header-row") {
		t.Errorf("a header far down: %s", messages(in))
	}
}

func TestHiddenRows(t *testing.T) {
	hide := func(f *excelize.File) {
		must(t, f.SetRowVisible("Tasks", 3, false))
		must(t, f.SetRowVisible("Tasks", 5, false))
		must(t, f.SetRowVisible("Tasks", 9, false)) // blank, so nothing is missed
	}
	data := laidOut(t, hide)
	_, err := ingest.Read(write(t, "in.xlsx", data), ingest.Options{})
	want := `in.xlsx: has in sheet "Tasks" 2 hidden or filtered-out rows that hold data: 3, 5; show all rows, or say --hidden skip to leave these out or --hidden include to read them`
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	for hidden, ids := range map[ingest.Hidden]string{ingest.HiddenSkip: "a-2 a-4", ingest.HiddenInclude: "a-2 a-3 a-4 a-5"} {
		in := readBook(t, data, ingest.Options{Hidden: hidden})
		var got []string
		for _, row := range in.Rows {
			got = append(got, row.Desired.ID)
		}
		if strings.Join(got, " ") != ids || !strings.Contains(strings.Join(in.Notices, "\n"), "2 hidden or filtered-out rows that hold data: 3, 5") {
			t.Errorf("%s: %q, %q", hidden, got, in.Notices)
		}
	}
	for _, tt := range []struct {
		rows string
		want bool
	}{
		{`<row r="2" hidden="true">`, true}, {`<row r="2" ht="0" customHeight="1">`, true}, {`<row r="2" hidden="0" ht="15">`, false}, {`<row r="2" collapsed="1">`, false},
	} {
		data := sheetOf(t, `<row r="1" hidden="1"><c t="str"><v>id</v></c></row>`+tt.rows+`<c t="str"><v>a</v></c></row>`)
		_, err := readBytes(data)
		if (err != nil) != tt.want || err != nil && !strings.Contains(err.Error(), "a hidden or filtered-out row that holds data: 2") {
			t.Errorf("%s: %v", tt.rows, err)
		}
	}
	zero := patch(t, laidOut(t, func(*excelize.File) {}), "xl/worksheets/sheet1.xml", func(s string) string {
		s = strings.Replace(s, "<sheetFormatPr ", `<sheetFormatPr zeroHeight="1" `, 1)
		return strings.Replace(s, `<row r="2"`, `<row r="2" ht="15"`, 1)
	})
	if _, err := readBytes(zero); err == nil || !strings.Contains(err.Error(), "3 hidden or filtered-out rows that hold data: 3, 4, 5;") {
		t.Errorf("rows without a height: %v", err)
	}
}

func TestHiddenRowsOfTheCorpus(t *testing.T) {
	corpusFiles(t)
	path := filepath.Join(corpusDir, "structure", "poi__59746_NoRowNums.xlsx")
	for hidden, rows := range map[ingest.Hidden]int{ingest.HiddenInclude: 70, ingest.HiddenSkip: 14} {
		in, err := ingest.Read(path, ingest.Options{Hidden: hidden})
		if err != nil || len(in.Rows) != rows {
			t.Errorf("%s: %v", hidden, err)
		}
	}
}

func TestHiddenColumns(t *testing.T) {
	in := readBook(t, laidOut(t, func(f *excelize.File) {
		must(t, f.SetColVisible("Tasks", "B:C", false))
		must(t, f.SetColWidth("Tasks", "F", "G", 0))
	}), ingest.Options{})
	if got := strings.Join(in.Notices, "\n"); !strings.Contains(got, "these columns are hidden, and are read all the same: B (status)") || len(in.Problems) > 0 {
		t.Errorf("%s\n%s", got, messages(in))
	}
}

func TestMergedCells(t *testing.T) {
	const only = ", of which only the first holds a value; unmerge them and give every row its own"
	for _, tt := range []struct {
		name   string
		merges []string
		want   string
	}{
		{"of the user's own column", []string{"C2:C5"}, ""},
		{"above and beside the table", []string{"F1:H9"}, ""},
		{"with nothing below", []string{"B8:B9"}, ""},
		{"over values", []string{"B3:C4"}, "in.xlsx: Tasks!B3: the cell is one of the merged cells B3:C4" + only + "\n" +
			`in.xlsx: Tasks!B4: "active" lies hidden under the merged cells B3:C4; unmerge them and give every row its own value`},
		{"over blanks", []string{"E2:E2", "D4:E5"}, "in.xlsx: Tasks!D4: the cell is one of the merged cells D4:E5" + only + "\n" +
			`in.xlsx: Tasks!D5: "name 5" lies hidden under the merged cells D4:E5; unmerge them and give every row its own value`},
		{"of ids", []string{"A4:A5"}, "in.xlsx: Tasks!A4: the cell is one of the merged cells A4:A5" + only + "\n" +
			`in.xlsx: Tasks!A5: "a-5" lies hidden under the merged cells A4:A5; unmerge them and give every row its own value`},
		{"of the header", []string{"B1:C1"}, "in.xlsx: Tasks!B1: the header is merged over B1:C1; unmerge it, so that each column has its own"},
	} {
		data := patch(t, laidOut(t, func(*excelize.File) {}), "xl/worksheets/sheet1.xml", func(s string) string {
			m := "<mergeCells>"
			for _, ref := range tt.merges {
				m += `<mergeCell ref="` + ref + `"/>`
			}
			return strings.Replace(s, "</sheetData>", "</sheetData>"+m+"</mergeCells>", 1)
		})
		if got := messages(readBook(t, data, ingest.Options{})); got != tt.want {
			t.Errorf("%s: got\n%s\nwant\n%s", tt.name, got, tt.want)
		}
	}
}

func TestEncrypted(t *testing.T) {
	plain := sample(t)
	want, err := readBytes(plain)
	must(t, err)
	sealed, err := excelize.Encrypt(plain, &excelize.Options{Password: "geheim ü"})
	must(t, err)
	path := write(t, "in.xlsx", sealed)
	in, err := ingest.Read(path, ingest.Options{Password: "geheim ü"})
	if err != nil || len(in.Rows) != len(want.Rows) || in.Rows[7].Desired.ID != want.Rows[7].Desired.ID {
		t.Fatalf("%v", err)
	}
	for password, want := range map[string]string{
		"":      "is an encrypted workbook; put its password into TASKRECON_WORKBOOK_PASSWORD, or into a file that --password-file names",
		"wrong": "is an encrypted workbook, and the password does not open it",
	} {
		if _, err := ingest.Read(path, ingest.Options{Password: password}); err == nil || err.Error() != "in.xlsx: "+want {
			t.Errorf("%q: %v", password, err)
		}
	}
	for i := len(sealed) / 3; i < len(sealed); i += len(sealed) / 7 {
		bad := bytes.Clone(sealed)
		bad[i] ^= 4
		if got, err := ingest.Read(write(t, "in.xlsx", bad), ingest.Options{Password: "geheim ü"}); err == nil && len(got.Rows) != len(in.Rows) {
			t.Errorf("a flip at %d of %d was not noticed", i, len(sealed))
		}
	}
	for _, bad := range [][]byte{sealed[:len(sealed)/2], sealed[:1024], []byte(oleFile("EncryptedPackage"))} {
		if _, err := ingest.Read(write(t, "in.xlsx", bad), ingest.Options{Password: "geheim ü"}); err == nil {
			t.Error("a cut workbook was read")
		}
	}
}

func TestEncryptedCorpus(t *testing.T) {
	corpusFiles(t)
	for name, want := range map[string]string{"edr__agile_AES128_SHA1_CBC_pwd_password.xlsx": "0 rows under Password: password", "exz__encryptSHA512.xlsx": "0 rows under SECRET"} {
		in, err := ingest.Read(filepath.Join(corpusDir, "encrypted", name), ingest.Options{Password: "password"})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := fmt.Sprintf("%d rows under %s", len(in.Rows), strings.Join(in.Columns, "|")); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
