package ingest

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// sample is a workbook of 80 rows, with shared strings, dates and numbers.
func sample(t testing.TB) []byte {
	return book(t, func(f *excelize.File) {
		setRow(t, f, 1, "id", "status", "managedDeviceCount", "displayName")
		for i := 2; i <= 81; i++ {
			setRow(t, f, i, fmt.Sprintf("task-%03d", i), []string{"active", "pending"}[i%2], i*37, fmt.Sprintf("Name %x", i*i*7919))
		}
	})
}

// unread says which bytes of a zip no reader of it looks at: versions, attributes, and the last byte of
// packed data, whose bits may be padding.
func unread(t testing.TB, data []byte) map[int]bool {
	free := map[int]bool{}
	end := len(data) - endSize
	for at := int(binary.LittleEndian.Uint32(data[end+16:])); at < end; {
		local := int(binary.LittleEndian.Uint32(data[at+42:]))
		for _, i := range []int{4, 5, 6, 7, 36, 37, 38, 39, 40, 41} {
			free[at+i] = true
		}
		n, extra := int(binary.LittleEndian.Uint16(data[at+28:])), int(binary.LittleEndian.Uint16(data[at+30:]))
		free[local+4], free[local+5] = true, true
		start := local + localSize + int(binary.LittleEndian.Uint16(data[local+26:])) + int(binary.LittleEndian.Uint16(data[local+28:]))
		free[start+int(binary.LittleEndian.Uint32(data[at+20:]))-1] = true
		if extra != 0 {
			t.Fatal("the sample has extra fields, which this test does not know")
		}
		at += centralSize + n
	}
	return free
}

func readBytes(data []byte) (*Input, error) {
	in := &Input{File: "in.xlsx"}
	err := readAny(in, sourceOf(in.File, data), Options{})
	in.SHA256 = "" // it differs for every byte
	return in, err
}

func TestFlippedAnywhere(t *testing.T) {
	data := sample(t)
	whole, err := readBytes(data)
	must(t, err)
	free := unread(t, data)
	step := 5
	if testing.Short() {
		step = 29
	}
	same := 0
	for i := 0; i < len(data); i += step {
		bad := bytes.Clone(data)
		bad[i] ^= 1 << (i / step % 8)
		in, err := readBytes(bad)
		if err != nil {
			continue
		}
		same++
		if !free[i] {
			t.Errorf("a flip at byte %d of %d was not noticed", i, len(data))
		}
		if !reflect.DeepEqual(in, whole) {
			t.Errorf("a flip at byte %d of %d changed what was read", i, len(data))
		}
	}
	t.Logf("%d flips, %d of them in bytes that are not read", len(data)/step, same)
}

func TestCutOrDoubledAnywhere(t *testing.T) {
	data := sample(t)
	if _, err := readBytes(data); err != nil {
		t.Fatal(err)
	}
	for i := 2; i < len(data); i += 97 {
		for j := i + 1; j < len(data); j += len(data) / 5 {
			for name, bad := range map[string][]byte{
				"cut at":     data[:i],
				"cut before": data[i:],
				"cut out":    append(bytes.Clone(data[:i]), data[j:]...),
				"doubled":    append(bytes.Clone(data[:j]), data[i:]...),
			} {
				if _, err := readBytes(bad); err == nil {
					t.Fatalf("%s %d to %d of %d was not noticed", name, i, j, len(data))
				}
			}
		}
	}
	for _, bad := range [][]byte{append(bytes.Clone(data), 0), append([]byte("PK\x03\x04"), data...), append(bytes.Clone(data), data...)} {
		if _, err := readBytes(bad); err == nil {
			t.Error("something added was not noticed")
		}
	}
}

func TestDamagedSheetInAWholeZip(t *testing.T) {
	const part = "xl/worksheets/sheet1.xml"
	data := sample(t)
	for _, tt := range []struct {
		name, part string
		change     func(string) string
		want       string
	}{
		{"half the sheet", part, func(s string) string { return s[:len(s)/2] }, "XML"},
		{"half the rows", part, func(s string) string { return s[:strings.Index(s, `<row r="40"`)] }, "the XML ends too early"},
		{"no end tag of the root", part, func(s string) string { return strings.Replace(s, "</worksheet>", "", 1) }, "the XML ends too early"},
		{"an invalid byte", part, func(s string) string { return strings.Replace(s, `<row r="50"`, "\xff<row r=\"50\"", 1) }, "invalid UTF-8"},
		{"a control character", part, func(s string) string { return strings.Replace(s, `<row r="50"`, "\x01<row r=\"50\"", 1) }, "illegal character"},
		{"a shared string too far", part, func(s string) string { return strings.Replace(s, `t="s"><v>9<`, `t="s"><v>9999<`, 1) }, "shared string"},
		{"a shared string of no number", part, func(s string) string { return strings.Replace(s, `t="s"><v>9<`, `t="s"><v>x<`, 1) }, "shared string"},
		{"rows out of order", part, func(s string) string { return strings.Replace(s, `<row r="40"`, `<row r="4"`, 1) }, `row "4" follows row 39`},
		{"a row twice", part, func(s string) string { return strings.Replace(s, `<row r="41"`, `<row r="40"`, 1) }, `row "40" follows row 40`},
		{"a cell of another row", part, func(s string) string { return strings.Replace(s, `r="B40"`, `r="B41"`, 1) }, `cell "B41" stands in row 40`},
		{"cells out of order", part, func(s string) string { return strings.Replace(s, `r="B40"`, `r="A40"`, 1) }, `cell "A40" stands in row 40`},
		{"a cell far out", part, func(s string) string { return strings.Replace(s, `r="D40"`, `r="XFD40"`, 1) }, `beyond column`},
		{"too many cells", part, func(s string) string {
			return strings.Replace(s, `<row r="41"`, "<row>"+strings.Repeat("<c/>", 1<<14+1)+`</row><row r="41"`, 1)
		}, "more cells than"},
		{"a row far down", part, func(s string) string { return strings.Replace(s, `<row r="81"`, `<row r="1048577"`, 1) }, `beyond the last row`},
		{"no number", part, func(s string) string { return strings.Replace(s, `<v>74<`, `<v>7f4<`, 1) }, `it is the number "7f4"`},
		{"an unknown type", part, func(s string) string { return strings.Replace(s, `t="s"`, `t="q"`, 1) }, "unknown type"},
		{"an unknown style", part, func(s string) string { return strings.Replace(s, `<c r="C40"`, `<c s="99" r="C40"`, 1) }, "style 99"},
		{"two values", part, func(s string) string { return strings.Replace(s, `<v>74<`, `<v>7</v><v>4<`, 1) }, "two values"},
		{"a document type", part, func(s string) string { return strings.Replace(s, "<worksheet", "<!DOCTYPE x><worksheet", 1) }, "document type"},
		{"an entity", part, func(s string) string { return strings.Replace(s, `<v>74<`, `<v>&x;74<`, 1) }, "entity"},
		{"rows behind the rows", part, func(s string) string { return strings.Replace(s, "</worksheet>", "<sheetData/></worksheet>", 1) }, "two rows elements"},
		{"a second root", part, func(s string) string { return s + "<worksheet/>" }, "second root"},
		{"another root", part, func(s string) string { return "<chartsheet/>" }, "not a worksheet"},
		{"no rows element", part, func(s string) string { return "<worksheet/>" }, "no rows element"},
		{"an empty part", part, func(s string) string { return "" }, "the XML ends too early"},
		{"half the shared strings", "xl/sharedStrings.xml", func(s string) string { return s[:len(s)/2] }, "sharedStrings"},
		{"fewer shared strings", "xl/sharedStrings.xml", func(s string) string { return s[:strings.LastIndex(s, "<si>")] + "</sst>" }, "shared string"},
		{"a second date system", "xl/workbook.xml", func(s string) string { return strings.Replace(s, "<workbookPr", `<workbookPr date1904="maybe"`, 1) }, "date system"},
		{"half the styles", "xl/styles.xml", func(s string) string { return s[:len(s)/2] }, "styles.xml"},
		{"another sheet part", "xl/_rels/workbook.xml.rels", func(s string) string { return strings.Replace(s, "sheet1.xml", "sheet7.xml", 1) }, "is missing"},
		{"half a workbook", "xl/workbook.xml", func(s string) string { return s[:len(s)/2] }, "workbook.xml"},
	} {
		bad := patch(t, data, tt.part, tt.change)
		if in, err := readBytes(bad); err == nil {
			t.Errorf("%s was not noticed: %d rows", tt.name, len(in.Rows))
		} else if !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
}

func TestHostileZips(t *testing.T) {
	pack := func(names ...string) []byte {
		var buf bytes.Buffer
		zw := zip.NewWriter(&buf)
		for _, name := range names {
			w, err := zw.Create(name)
			must(t, err)
			_, err = w.Write(bytes.Repeat([]byte{'0'}, 5<<20))
			must(t, err)
		}
		must(t, zw.Close())
		return buf.Bytes()
	}
	for _, tt := range []struct {
		name string
		data []byte
		want string
	}{
		{"a bomb", pack("xl/media/image1.png"), "zip bomb"},
		{"a name twice", pack("xl/worksheets/sheet1.xml", "xl/worksheets/Sheet1.xml"), "is there twice"},
		{"a name twice with a backslash", pack("xl/worksheets/sheet1.xml", `xl\worksheets\sheet1.xml`), "is there twice"},
		{"a name that climbs", pack("xl/worksheets/sheet/../../x"), "has the name"},
		{"no workbook", pack("xl/worksheets/sheet1.xml"), "without a workbook"},
	} {
		if _, err := readBytes(tt.data); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
	huge := patch(t, sample(t), "xl/worksheets/sheet1.xml", func(s string) string {
		return strings.Replace(s, "<sheetData>", "<sheetData>"+strings.Repeat(" ", maxToken+1), 1)
	})
	if _, err := readBytes(huge); err == nil || !strings.Contains(err.Error(), "a text of more than") {
		t.Errorf("a huge token: %v", err)
	}
}
